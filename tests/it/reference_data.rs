//! Real photographs that may not be committed, where they lie beside the checkout.

use std::path::PathBuf;

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

#[test]
fn photographs_of_any_size_become_squares_of_three_channels() {
    let Some(folder) = photographs() else { return };
    let manifest = format!(
        r#"
version = 1
name = "photographs"
seed = 1

[stage.data]
kind = "prepare-dataset"
params = {{ source = "image-folder", path = {folder:?}, options = {{ size = 64, limit_train = 40 }} }}
"#
    );
    let bench = Workbench::new(&manifest);
    let report = bench.done(&[]);
    let data: SelectionData = artifact(&report, "data", "dataset");
    let pictures = [data.train().unwrap(), data.valid().unwrap()];
    assert_eq!(pictures[0].shape.to_string(), "3x64x64");
    assert_eq!(pictures.iter().map(|split| split.len()).sum::<usize>(), 40);
    assert_eq!(number(&report, "data", "classes") as usize, data.description.classes.len());
    for split in &pictures {
        for at in 0..split.len() {
            let pixels = split.pixels(at);
            assert!(pixels.iter().any(|pixel| pixel != &pixels[0]), "picture {at} is one colour");
        }
    }
    // Photographs are neither black nor white on average, and no channel is flat.
    let pixels = &data.description.normalization;
    assert!(pixels.mean.iter().all(|mean| (0.2..0.8).contains(mean)), "{pixels:?}");
    assert!(pixels.std.iter().all(|std| (0.1..0.5).contains(std)), "{pixels:?}");
}
