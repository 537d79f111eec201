//! What can be told of a data set without reading its pictures.

use std::path::Path;

use crate::{ImageShape, SourceKind, SourceOptions, cifar, cifar10, cifar100, image_folder, open};

/// Size of pictures and number of classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outline {
    /// Size of every picture.
    pub shape: ImageShape,
    /// Number of classes.
    pub classes: usize,
}

/// Returns the outline of the data set that [`open`] opens, in little time: no picture is decoded and no archive read.
///
/// It is `None` where that cannot be told because files are missing or wrong; what is wrong with them is told by
/// [`open`]. An outline does not say that [`open`] succeeds.
#[must_use]
pub fn outline(kind: SourceKind, path: Option<&Path>, options: &SourceOptions) -> Option<Outline> {
    match kind {
        SourceKind::FashionMnist | SourceKind::Idx | SourceKind::Synthetic => {
            let source = open(kind, path, options).ok()?;
            Some(Outline { shape: source.shape(), classes: source.classes().len() })
        }
        SourceKind::Cifar10 => Some(Outline { shape: cifar::SHAPE, classes: cifar10::CLASSES }),
        SourceKind::Cifar100 => Some(Outline { shape: cifar::SHAPE, classes: cifar100::classes(options.labels) }),
        SourceKind::ImageFolder => {
            Some(Outline { shape: image_folder::shape(options), classes: image_folder::classes(path?).ok()?.len() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cifar100Labels, SyntheticSize};

    #[test]
    fn an_outline_is_what_the_opened_set_says() {
        let options = SourceOptions {
            size: Some(20),
            synthetic: SyntheticSize { classes: 7, channels: 2, ..SyntheticSize::default() },
            ..SourceOptions::default()
        };
        let embedded = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("embedded").join(name);
        let photographs = embedded("photo-cc0-imagenet");
        for (kind, path, options) in [
            (SourceKind::Synthetic, None, &options),
            (SourceKind::FashionMnist, None, &SourceOptions::default()),
            (SourceKind::Idx, Some(embedded("fashion-mini")), &SourceOptions::default()),
            (SourceKind::ImageFolder, Some(photographs), &options),
        ] {
            let found = outline(kind, path.as_deref(), options).unwrap();
            let source = open(kind, path.as_deref(), options).unwrap();
            assert_eq!(found, Outline { shape: source.shape(), classes: source.classes().len() }, "{kind}");
        }
    }

    #[test]
    fn published_sets_are_known_without_their_files() {
        let classes = |kind, options: &SourceOptions| outline(kind, None, options).map(|outline| outline.classes);
        let coarse = SourceOptions { labels: Cifar100Labels::Coarse, ..SourceOptions::default() };
        assert_eq!(classes(SourceKind::Cifar10, &coarse), Some(10));
        assert_eq!(classes(SourceKind::Cifar100, &coarse), Some(20));
        assert_eq!(classes(SourceKind::Cifar100, &SourceOptions::default()), Some(100));
    }

    #[test]
    fn what_is_not_there_has_no_outline() {
        let nowhere = Path::new("nowhere");
        for kind in [SourceKind::FashionMnist, SourceKind::Idx, SourceKind::ImageFolder] {
            assert_eq!(outline(kind, Some(nowhere), &SourceOptions::default()), None);
        }
    }
}
