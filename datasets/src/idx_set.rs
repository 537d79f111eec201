//! A set in four IDX files: images and labels of a training and of a test part.

use std::path::Path;

use crate::class_quota::ClassQuota;
use crate::idx::IdxPart;
use crate::listing;
use crate::source::check_fixed_size;
use crate::stream::RawFile;
use crate::{Example, ImageShape, ImageSource, Part, SourceError, SourceKind, SourceOptions};

/// Classes that a label byte can name.
const MOST_CLASSES: usize = 256;

/// Opens any set in `path`; its classes are the numbers up to the largest label.
///
/// # Errors
/// When a file is missing or not IDX, the parts' shapes differ, or `size` is not theirs.
pub(crate) fn open(path: Option<&Path>, options: &SourceOptions) -> Result<IdxSet, SourceError> {
    let folder = path.ok_or(SourceError::NoPath { kind: SourceKind::Idx, wanted: "the folder of its four files" })?;
    let mut set =
        IdxSet::open(SourceKind::Idx, |part, content| in_folder(folder, part, content), MOST_CLASSES, options)?;
    let largest = set.train.labels.iter().chain(&set.test.labels).max().copied().unwrap_or_default();
    set.classes = (0..=largest).map(|label| label.to_string()).collect();
    Ok(set)
}

/// The four files, opened.
#[derive(Debug)]
pub(crate) struct IdxSet {
    /// Class names in label order.
    pub(crate) classes: Vec<String>,
    /// What a user should know.
    pub(crate) warnings: Vec<String>,
    train: IdxPart,
    test: IdxPart,
    options: SourceOptions,
}

impl IdxSet {
    /// Opens the four files that `file` finds; labels must be below `classes`.
    pub(crate) fn open(
        kind: SourceKind,
        file: impl Fn(Part, &str) -> Result<RawFile, SourceError>,
        classes: usize,
        options: &SourceOptions,
    ) -> Result<Self, SourceError> {
        let part = |part| IdxPart::open(file(part, IMAGES)?, file(part, LABELS)?, classes);
        let (train, test) = (part(Part::Train)?, part(Part::Test)?);
        if train.shape != test.shape {
            return Err(SourceError::Header {
                file: file(Part::Test, IMAGES)?.path(),
                field: "image size",
                wanted: format!("that of the training part, {}", train.shape),
                found: test.shape.to_string(),
                fix: "take both files from the same set",
            });
        }
        check_fixed_size(kind, train.shape, options)?;
        let options = options.clone();
        Ok(Self { classes: Vec::new(), warnings: Vec::new(), train, test, options })
    }

    fn part(&self, part: Part) -> &IdxPart {
        match part {
            Part::Train => &self.train,
            Part::Test => &self.test,
        }
    }

    fn quota(&self, part: Part) -> ClassQuota {
        ClassQuota::new(self.options.limit(part), &self.part(part).class_counts(self.classes.len()))
    }
}

impl ImageSource for IdxSet {
    fn shape(&self) -> ImageShape {
        self.train.shape
    }

    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn len(&self, part: Part) -> usize {
        self.quota(part).total()
    }

    fn examples(&self, part: Part) -> Result<Box<dyn Iterator<Item = Result<Example, SourceError>> + '_>, SourceError> {
        let mut quota = self.quota(part);
        let admitted = move |example: &Result<Example, SourceError>| match example {
            Ok(example) => quota.admits(example.label),
            Err(_) => true,
        };
        Ok(Box::new(self.part(part).examples()?.filter(admitted)))
    }

    fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }
}

/// End of the names of files of images.
const IMAGES: &str = "images-idx3-ubyte";
/// End of the names of files of labels.
const LABELS: &str = "labels-idx1-ubyte";

/// Returns a file of a set in a folder, compressed or not.
pub(crate) fn in_folder(folder: &Path, part: Part, content: &str) -> Result<RawFile, SourceError> {
    let plain = match part {
        Part::Train => format!("train-{content}"),
        Part::Test => format!("t10k-{content}"),
    };
    let compressed = format!("{plain}.gz");
    let found = [&compressed, &plain].into_iter().map(|name| folder.join(name)).find(|file| file.is_file());
    found.map(RawFile::Disk).ok_or_else(|| {
        let wanted = format!("`{compressed}` or `{plain}`");
        listing::missing(wanted, folder, "copy the four files of the set there, or correct `path`")
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn idx(sizes: &[u32], bytes: &[u8]) -> Vec<u8> {
        let mut file = vec![0, 0, 8, sizes.len() as u8];
        sizes.iter().for_each(|size| file.extend(size.to_be_bytes()));
        file.extend(bytes);
        file
    }

    #[test]
    fn another_set_has_as_many_classes_as_its_labels_say() {
        let folder = tempfile::tempdir().unwrap();
        for (part, labels) in [("train", [0_u8, 25, 3]), ("t10k", [1, 2, 3])] {
            fs::write(folder.path().join(format!("{part}-{IMAGES}")), idx(&[3, 4, 5], &[7; 60])).unwrap();
            fs::write(folder.path().join(format!("{part}-{LABELS}")), idx(&[3], &labels)).unwrap();
        }
        let set = open(Some(folder.path()), &SourceOptions::default()).unwrap();
        assert_eq!((set.classes().len(), set.classes()[25].as_str()), (26, "25"));
        assert_eq!(set.shape(), ImageShape { channels: 1, height: 4, width: 5 });
        assert_eq!(set.examples(Part::Train).unwrap().count(), 3);
    }

    #[test]
    fn a_set_without_a_path_is_refused() {
        let error = open(None, &SourceOptions::default()).unwrap_err();
        assert!(matches!(error, SourceError::NoPath { kind: SourceKind::Idx, .. }), "{error}");
    }
}
