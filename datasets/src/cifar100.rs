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

fn layout(labels: Cifar100Labels) -> Layout {
    let (names, classes, label_at) = match labels {
        Cifar100Labels::Coarse => ("coarse_label_names.txt", 20, 0),
        Cifar100Labels::Fine => ("fine_label_names.txt", 100, 1),
    };
    Layout {
        kind: SourceKind::Cifar100,
        train: &["train.bin"],
        test: "test.bin",
        records: (50_000, 10_000),
        names,
        classes,
        label_bytes: 2,
        label_at,
    }
}
