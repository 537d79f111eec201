use std::fs;
use std::path::{Path, PathBuf};

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::{Cifar100Labels, cifar10, cifar100};

type Files = Vec<(&'static str, Vec<u8>)>;

/// A record whose pixels all hold `value`.
fn record(labels: &[u8], value: u8) -> Vec<u8> {
    [labels.to_vec(), vec![value; PIXELS]].concat()
}

/// Five batches of two records, labels 0 to 9, and one test record.
fn ten() -> Files {
    let batches = ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"];
    let mut files: Files = batches
        .into_iter()
        .zip([0u8, 2, 4, 6, 8])
        .map(|(name, label)| (name, [record(&[label], label), record(&[label + 1], label + 1)].concat()))
        .collect();
    files.push(("test_batch.bin", record(&[7], 70)));
    files.push(("batches.meta.txt", names(10)));
    files
}

fn hundred() -> Files {
    vec![
        ("train.bin", [record(&[19, 99], 1), record(&[3, 42], 2)].concat()),
        ("test.bin", record(&[0, 5], 3)),
        ("fine_label_names.txt", names(100)),
        ("coarse_label_names.txt", names(20)),
    ]
}

fn names(count: usize) -> Vec<u8> {
    (0..count).map(|index| format!("class {index}\n")).collect::<String>().into_bytes()
}

fn replace(mut files: Files, name: &str, bytes: Vec<u8>) -> Files {
    files.iter_mut().find(|file| file.0 == name).expect("a file of the set").1 = bytes;
    files
}

fn folder(files: &Files) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

/// Packs the files in reverse order, as the official archive's order is not that of the names either.
fn archive(at: &Path, files: &Files) -> PathBuf {
    let path = at.join("set.tar.gz");
    let encoder = GzEncoder::new(fs::File::create(&path).unwrap(), Compression::fast());
    let mut builder = tar::Builder::new(encoder);
    for (name, bytes) in files.iter().rev() {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, format!("set/{name}"), bytes.as_slice()).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap();
    path
}

fn open(path: &Path) -> Result<Cifar, SourceError> {
    cifar10::open(Some(path), &SourceOptions::default())
}

fn read(set: &Cifar, part: Part) -> Vec<(u32, u8)> {
    let examples = set.examples(part).unwrap().map(Result::unwrap);
    examples.map(|example| (example.label, example.pixels[PIXELS - 1])).collect()
}

#[test]
fn a_folder_and_its_archive_give_the_same_examples_in_the_order_of_the_batches() {
    let folder = folder(&ten());
    let archive = archive(folder.path(), &ten());
    for path in [folder.path(), archive.as_path()] {
        let set = open(path).unwrap();
        assert_eq!((set.len(Part::Train), set.len(Part::Test)), (10, 1));
        assert_eq!(set.classes()[9], "class 9");
        assert_eq!(read(&set, Part::Train), (0..10).map(|label| (label, label as u8)).collect::<Vec<_>>());
        assert_eq!(read(&set, Part::Test), [(7, 70)]);
        assert_eq!(set.warnings().len(), 6);
        assert!(set.warnings()[0].ends_with("data_batch_1.bin` has 2 records, the published file 10000"));
    }
}

#[test]
fn a_hundred_classes_have_fine_labels_by_default_and_coarse_ones_on_request() {
    let folder = folder(&hundred());
    let fine = cifar100::open(Some(folder.path()), &SourceOptions::default()).unwrap();
    assert_eq!((fine.classes().len(), read(&fine, Part::Train)), (100, vec![(99, 1), (42, 2)]));
    let options = SourceOptions { labels: Cifar100Labels::Coarse, ..SourceOptions::default() };
    let coarse = cifar100::open(Some(folder.path()), &options).unwrap();
    assert_eq!((coarse.classes().len(), read(&coarse, Part::Train)), (20, vec![(19, 1), (3, 2)]));
}

#[test]
fn a_truncated_file_is_named_with_both_sizes() {
    let short = record(&[0], 0)[..3000].to_vec();
    let folder = folder(&replace(ten(), "data_batch_3.bin", short));
    let error = open(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains(
            "data_batch_3.bin`: expected a multiple of 3073 bytes (30730000 in the published file), found 3000 bytes"
        ),
        "{error}"
    );
}

#[test]
fn a_truncated_archive_is_an_error_at_any_cut() {
    let folder = TempDir::new().unwrap();
    let path = archive(folder.path(), &ten());
    let whole = fs::read(&path).unwrap();
    for tenths in 0..10 {
        fs::write(&path, &whole[..whole.len() * tenths / 10]).unwrap();
        let error = open(&path).unwrap_err().to_string();
        assert!(error.contains("set.tar.gz"), "{error}");
    }
}

#[test]
fn a_missing_batch_is_named_with_what_is_there() {
    let files: Files = ten().into_iter().filter(|file| file.0 != "data_batch_4.bin").collect();
    let folder = folder(&files);
    let error = open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("expected `data_batch_4.bin` in"), "{error}");
    assert!(error.contains("found: batches.meta.txt, data_batch_1.bin"), "{error}");
}

#[test]
fn a_folder_without_the_set_is_told_what_would_do() {
    let folder = folder(&vec![("a.txt", Vec::new())]);
    let error = open(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("expected `test_batch.bin`, `cifar-10-batches-bin/test_batch.bin` or `cifar-10-binary.tar.gz`")
            && error.contains("found: a.txt;"),
        "{error}"
    );
}

#[test]
fn a_label_outside_the_classes_is_found_on_opening() {
    let bad = [record(&[0], 0), record(&[10], 0)].concat();
    let folder = folder(&replace(ten(), "test_batch.bin", bad));
    let error = open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("test_batch.bin`: label of example 1 must be below 10, found 10"), "{error}");
}

#[test]
fn the_number_of_class_names_must_be_that_of_the_classes() {
    let folder = folder(&replace(ten(), "batches.meta.txt", names(9)));
    let error = open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("number of class names must be 10, found 9"), "{error}");
}

#[test]
fn a_limit_ends_the_reading_early() {
    let folder = folder(&ten());
    let options = SourceOptions { limit_train: Some(3), ..SourceOptions::default() };
    let set = cifar10::open(Some(folder.path()), &options).unwrap();
    assert_eq!((set.len(Part::Train), read(&set, Part::Train)), (3, vec![(0, 0), (1, 1), (2, 2)]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn arbitrary_bytes_never_panic(
        noise in prop::collection::vec(any::<u8>(), 0..4000),
        labels in prop::collection::vec(any::<u8>(), 1),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let noisy = folder(&replace(ten(), "data_batch_1.bin", noise.clone()));
        prop_assert!(open(noisy.path()).is_err() || noise.len() == PIXELS + 1);
        let labelled = folder(&replace(ten(), "data_batch_1.bin", record(&labels, 0)));
        prop_assert_eq!(open(labelled.path()).is_ok(), labels[0] < 10);
        let place_of = TempDir::new().unwrap();
        let path = archive(place_of.path(), &ten());
        let mut bytes = fs::read(&path).unwrap();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        fs::write(&path, &bytes).unwrap();
        if let Ok(set) = open(&path) {
            prop_assert_eq!(set.examples(Part::Train).unwrap().count(), set.len(Part::Train));
        }
        fs::write(&path, &noise).unwrap();
        prop_assert!(open(&path).is_err());
    }
}
