//! CIFAR-10, binary version: six files of 10,000 records.

use std::path::Path;

use crate::cifar::{Cifar, Layout};
use crate::container::{Container, PublishedNames};
use crate::{SourceError, SourceKind, SourceOptions};

const NAMES: PublishedNames =
    PublishedNames { folder: "cifar-10-batches-bin", archive: "cifar-10-binary.tar.gz", file: "test_batch.bin" };

/// Opens `cifar-10-binary.tar.gz` or its unpacked folder.
///
/// # Errors
/// As [`Container::find`] and [`Cifar::open`].
pub(crate) fn open(path: Option<&Path>, options: &SourceOptions) -> Result<Cifar, SourceError> {
    let wanted = "`cifar-10-binary.tar.gz` or the folder unpacked from it";
    let container = Container::find(SourceKind::Cifar10, path, NAMES, wanted)?;
    Cifar::open(layout(), container, options)
}

/// Number of classes.
pub(crate) const CLASSES: usize = 10;

fn layout() -> Layout {
    Layout {
        kind: SourceKind::Cifar10,
        train: &["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
        test: "test_batch.bin",
        records: (10_000, 10_000),
        names: "batches.meta.txt",
        classes: CLASSES,
        label_bytes: 1,
        label_at: 0,
    }
}
