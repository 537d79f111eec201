//! A data set as it was shipped, and the list of those that can be named.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Example, ImageShape, Part, SourceError, SourceOptions};
use crate::{cifar10, cifar100, fashion_mnist, idx_set, image_folder, synthetic};

/// A reader of one data set. Opening checks what can be checked without decoding; images are read on iteration.
pub trait ImageSource: Send {
    /// Returns the shape of every example.
    fn shape(&self) -> ImageShape;

    /// Returns the class names; a label is an index into them.
    fn classes(&self) -> &[String];

    /// Returns the number of examples of `part`; with [`crate::BrokenFiles::Skip`] an upper bound of it.
    fn len(&self, part: Part) -> usize;

    /// Returns whether `part` has no examples.
    fn is_empty(&self, part: Part) -> bool {
        self.len(part) == 0
    }

    /// Returns the examples of `part`, always in the same order. After an error the iteration is over.
    ///
    /// # Errors
    /// When the part's files cannot be opened; each item's error when its bytes are wrong.
    fn examples(&self, part: Part) -> Result<Box<dyn Iterator<Item = Result<Example, SourceError>> + '_>, SourceError>;

    /// Returns what a user should know though it is no error; files skipped are counted as they are met.
    fn warnings(&self) -> Vec<String>;
}

/// The data sets that can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    /// Fashion-MNIST.
    FashionMnist,
    /// Any other set in four IDX files, named as those of MNIST.
    Idx,
    /// CIFAR-10, binary version.
    Cifar10,
    /// CIFAR-100, binary version.
    Cifar100,
    /// JPEG and PNG files in class folders, as ImageNet is laid out.
    ImageFolder,
    /// A small set made from a seed.
    Synthetic,
}

impl SourceKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::FashionMnist, Self::Idx, Self::Cifar10, Self::Cifar100, Self::ImageFolder, Self::Synthetic];

    /// Returns the kind's name in a manifest.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FashionMnist => "fashion-mnist",
            Self::Idx => "idx",
            Self::Cifar10 => "cifar10",
            Self::Cifar100 => "cifar100",
            Self::ImageFolder => "image-folder",
            Self::Synthetic => "synthetic",
        }
    }
}

impl fmt::Display for SourceKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for SourceKind {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| SourceError::UnknownKind {
            found: text.to_owned(),
            known: Self::ALL.map(Self::name).join(", "),
        })
    }
}

/// Opens the data set `kind` at `path`.
///
/// `fashion-mnist` without a path is the embedded subset of 3,000 + 750 images; `synthetic` uses no path.
///
/// # Errors
/// When a needed path or file is missing, a header or size is wrong, or an option does not suit the kind.
pub fn open(
    kind: SourceKind,
    path: Option<&Path>,
    options: &SourceOptions,
) -> Result<Box<dyn ImageSource>, SourceError> {
    Ok(match kind {
        SourceKind::FashionMnist => Box::new(fashion_mnist::open(path, options)?),
        SourceKind::Idx => Box::new(idx_set::open(path, options)?),
        SourceKind::Cifar10 => Box::new(cifar10::open(path, options)?),
        SourceKind::Cifar100 => Box::new(cifar100::open(path, options)?),
        SourceKind::ImageFolder => Box::new(image_folder::open(path, options)?),
        SourceKind::Synthetic => Box::new(synthetic::open(options)?),
    })
}

/// Refuses an option `size` that differs from the one size a data set has.
pub(crate) fn check_fixed_size(
    kind: SourceKind,
    shape: ImageShape,
    options: &SourceOptions,
) -> Result<(), SourceError> {
    match options.size {
        Some(size) if (size, size) != (shape.height, shape.width) => Err(SourceError::Option {
            kind,
            option: "size",
            wanted: format!("left out, as its images are {shape}"),
            found: size.to_string(),
        }),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_name_everywhere() {
        for kind in SourceKind::ALL {
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
            assert_eq!(kind.name().parse::<SourceKind>().unwrap(), kind);
        }
    }

    #[test]
    fn every_kind_that_needs_no_path_gives_as_many_examples_as_it_says() {
        for kind in [SourceKind::FashionMnist, SourceKind::Synthetic] {
            let source = open(kind, None, &SourceOptions::default()).unwrap();
            for part in Part::ALL {
                let examples: Vec<_> = source.examples(part).unwrap().map(Result::unwrap).collect();
                assert_eq!(examples.len(), source.len(part));
                assert!(examples.iter().all(|example| example.pixels.len() == source.shape().len()));
            }
        }
    }

    #[test]
    fn an_unknown_kind_is_told_the_known_ones() {
        let error = "mnits".parse::<SourceKind>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "no data set kind is called `mnits`; \
             expected one of fashion-mnist, idx, cifar10, cifar100, image-folder, synthetic"
        );
    }

    #[test]
    fn a_kind_that_reads_files_asks_for_its_path() {
        for kind in [SourceKind::Cifar10, SourceKind::Cifar100, SourceKind::ImageFolder] {
            let error = open(kind, None, &SourceOptions::default()).err().expect("no path was given");
            assert!(matches!(error, SourceError::NoPath { .. }), "{error}");
        }
    }
}
