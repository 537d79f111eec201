//! CIFAR-100, binary version: a coarse and a fine label before each image.

use std::path::Path;

use crate::cifar::{Cifar, Layout};
use crate::container::{Container, PublishedNames};
use crate::{Cifar100Labels, SourceError, SourceKind, SourceOptions};

const NAMES: PublishedNames =
    PublishedNames { folder: "cifar-100-binary", archive: "cifar-100-binary.tar.gz", file: "train.bin" };

/// Opens `cifar-100-binary.tar.gz` or its unpacked folder, with fine or coarse labels.
///
/// # Errors
/// As [`Container::find`] and [`Cifar::open`].
pub(crate) fn open(path: Option<&Path>, options: &SourceOptions) -> Result<Cifar, SourceError> {
    let wanted = "`cifar-100-binary.tar.gz` or the folder unpacked from it";
    let container = Container::find(SourceKind::Cifar100, path, NAMES, wanted)?;
    Cifar::open(layout(options.labels), container, options)
}

/// Returns the number of classes.
pub(crate) const fn classes(labels: Cifar100Labels) -> usize {
    match labels {
        Cifar100Labels::Coarse => 20,
        Cifar100Labels::Fine => 100,
    }
}

fn layout(labels: Cifar100Labels) -> Layout {
    let (names, label_at) = match labels {
        Cifar100Labels::Coarse => ("coarse_label_names.txt", 0),
        Cifar100Labels::Fine => ("fine_label_names.txt", 1),
    };
    Layout {
        kind: SourceKind::Cifar100,
        train: &["train.bin"],
        test: "test.bin",
        records: (50_000, 10_000),
        names,
        classes: classes(labels),
        label_bytes: 2,
        label_at,
    }
}
