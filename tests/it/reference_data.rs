//! Real photographs that may not be committed, where they lie beside the checkout.

use std::fs;
use std::path::{Path, PathBuf};

use datasets::Pictures;
use stages::artifacts::SelectionData;

use crate::workbench::{Workbench, artifact, number};
use crate::workspace;

/// Photographs in class folders, gray ones among them.
const PHOTOGRAPHS: &str = "shared/data/imagenet-sample";

/// Returns the folder, or says on standard error that the test is skipped.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn photographs() -> Option<PathBuf> {
    let folder = workspace::root().parent()?.join(PHOTOGRAPHS);
    if folder.join("train").is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no folder {PHOTOGRAPHS} beside the checkout");
    None
}

/// Deals the photographs out to a set of two classes: every fourth to the test part.
fn deal(photographs: &[PathBuf], folder: &Path) {
    for (at, photograph) in photographs.iter().enumerate() {
        let part = if at % 4 == 3 { "val" } else { "train" };
        let class = if at % 2 == 0 { "even" } else { "odd" };
        let class = folder.join(part).join(class);
        fs::create_dir_all(&class).unwrap();
        fs::copy(photograph, class.join(photograph.file_name().unwrap())).unwrap();
    }
}

const MANIFEST: &str = r#"
version = 1
name = "photographs"
seed = 1

[stage.data]
kind = "prepare-dataset"
params = { source = "image-folder", path = "photographs", options = { size = 64 } }
"#;

#[test]
fn photographs_of_any_size_become_squares_of_three_channels() {
    let Some(folder) = photographs() else { return };
    let files = workspace::files_below(&folder, "JPEG");
    let bench = Workbench::new(MANIFEST);
    deal(&files, &bench.path("photographs"));
    let report = bench.done(&[]);
    assert_eq!(number(&report, "data", "test_pictures") as usize, files.len() / 4);
    let data: SelectionData = artifact(&report, "data", "dataset");
    let splits = [data.train().unwrap(), data.valid().unwrap()];
    assert_eq!(splits[0].shape.to_string(), "3x64x64");
    assert_eq!(splits.iter().map(Pictures::len).sum::<usize>(), files.len() - files.len() / 4);
    for split in &splits {
        for at in 0..split.len() {
            let pixels = split.pixels(at);
            assert!(pixels.iter().any(|pixel| pixel != &pixels[0]), "picture {at} is of one colour");
        }
    }
    // Photographs are neither black nor white on average, and no channel is flat.
    let pixels = &data.description.normalization;
    assert!(pixels.mean.iter().all(|mean| (0.2..0.8).contains(mean)), "{pixels:?}");
    assert!(pixels.std.iter().all(|std| (0.1..0.5).contains(std)), "{pixels:?}");
}
