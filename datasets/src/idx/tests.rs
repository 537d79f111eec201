use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

fn header(magic: u32, sizes: &[u32]) -> Vec<u8> {
    std::iter::once(&magic).chain(sizes).flat_map(|word| word.to_be_bytes()).collect()
}

fn images(count: u32, rows: u32, columns: u32, pixels: &[u8]) -> Vec<u8> {
    [header(IMAGES_MAGIC, &[count, rows, columns]), pixels.to_vec()].concat()
}

fn labels(labels: &[u8]) -> Vec<u8> {
    [header(LABELS_MAGIC, &[labels.len() as u32]), labels.to_vec()].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Writes both files, opens them with 10 classes and reads to the end.
fn read(images: &[u8], labels: &[u8], suffix: &str) -> Result<Vec<Example>, SourceError> {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(format!("{name}{suffix}"));
        std::fs::write(&path, bytes).unwrap();
        RawFile::Disk(path)
    };
    let part = IdxPart::open(write("images", images), write("labels", labels), 10)?;
    part.examples()?.collect()
}

#[test]
fn plain_and_compressed_files_read_alike() {
    let (images, labels) = (images(2, 1, 3, &[1, 2, 3, 4, 5, 6]), labels(&[9, 0]));
    let wanted = vec![Example { pixels: vec![1, 2, 3], label: 9 }, Example { pixels: vec![4, 5, 6], label: 0 }];
    assert_eq!(read(&images, &labels, "").unwrap(), wanted);
    assert_eq!(read(&gzip(&images), &gzip(&labels), ".gz").unwrap(), wanted);
}

#[test]
fn a_wrong_magic_is_named_with_the_right_one() {
    let error = read(&labels(&[1]), &labels(&[1]), "").unwrap_err().to_string();
    assert!(error.contains("magic number must be 0x00000803, found 0x00000801"), "{error}");
}

#[test]
fn sizes_out_of_bounds_are_refused_before_anything_is_allocated() {
    let error = read(&images(u32::MAX, 28, 28, &[]), &labels(&[]), "").unwrap_err().to_string();
    assert!(error.contains("number of images must be from 1 to 16777216, found 4294967295"), "{error}");
    let error = read(&images(1, 0, 28, &[]), &labels(&[1]), "").unwrap_err().to_string();
    assert!(error.contains("number of rows must be from 1 to 1024, found 0"), "{error}");
}

#[test]
fn a_truncated_plain_file_is_told_both_sizes() {
    let error = read(&images(2, 1, 3, &[1, 2, 3, 4]), &labels(&[1, 2]), "").unwrap_err().to_string();
    assert!(error.contains("expected 22 bytes, found 20 bytes"), "{error}");
}

#[test]
fn a_truncated_or_overlong_compressed_file_is_told_both_sizes() {
    let labels = gzip(&labels(&[1, 2]));
    let error = read(&gzip(&images(2, 1, 3, &[1; 4])), &labels, ".gz").unwrap_err().to_string();
    assert!(error.contains("expected a header and 6 bytes, found a header and 4 bytes"), "{error}");
    let error = read(&gzip(&images(2, 1, 3, &[1; 9])), &labels, ".gz").unwrap_err().to_string();
    assert!(error.contains("expected a header and 6 bytes, found more"), "{error}");
}

#[test]
fn labels_must_be_as_many_as_the_images_and_below_the_classes() {
    let images = images(2, 1, 1, &[1, 2]);
    let error = read(&images, &labels(&[1]), "").unwrap_err().to_string();
    assert!(error.contains("number of labels must be the number of images, 2, found 1"), "{error}");
    let error = read(&images, &labels(&[1, 10]), "").unwrap_err().to_string();
    assert!(error.contains("label of example 1 must be below 10, found 10"), "{error}");
}

#[test]
fn a_compressed_flood_of_labels_is_cut_at_the_declared_count() {
    let flood = [labels(&[1, 2]), vec![0; 1 << 24]].concat();
    let error = read(&images(2, 1, 1, &[1, 2]), &gzip(&flood), "").unwrap_err().to_string();
    assert!(error.contains("expected a header and 2 bytes, found more"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_bytes_never_panic(
        sizes in prop::collection::vec(prop_oneof![0u32..5, any::<u32>()], 3),
        pixels in prop::collection::vec(any::<u8>(), 0..64),
        label_bytes in prop::collection::vec(any::<u8>(), 0..32),
        noise in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let framed = [header(IMAGES_MAGIC, &sizes), pixels].concat();
        let label_file = [header(LABELS_MAGIC, &sizes[..1]), label_bytes].concat();
        let whole = |result: Result<Vec<Example>, SourceError>| match result {
            Ok(examples) => examples.len() == sizes[0] as usize,
            Err(error) => !error.to_string().is_empty(),
        };
        prop_assert!(whole(read(&framed, &label_file, "")));
        prop_assert!(whole(read(&gzip(&framed), &gzip(&label_file), ".gz")));
        prop_assert!(read(&noise, &noise, "").is_err());
        let torn = [vec![0x1f, 0x8b], noise].concat();
        prop_assert!(read(&torn, &torn, ".gz").is_err());
    }
}
