//! Fashion-MNIST (Xiao et al., arXiv 1708.07747).

use std::path::Path;

use crate::idx_set::{IdxSet, in_folder};
use crate::stream::RawFile;
use crate::{Part, SourceError, SourceKind, SourceOptions};

/// The classes in label order, as the set's README lists them.
const CLASSES: [&str; 10] =
    ["t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"];

const EMBEDDED_NOTE: &str =
    "no path was given: reading the embedded subset of Fashion-MNIST, 3000 training and 750 test images";

/// Opens the four files in `path`, or the embedded subset.
///
/// # Errors
/// When a file is missing or not IDX, the parts' shapes differ, or `size` is not theirs.
pub(crate) fn open(path: Option<&Path>, options: &SourceOptions) -> Result<IdxSet, SourceError> {
    let file = |part, content: &str| match path {
        Some(folder) => in_folder(folder, part, content),
        None => Ok(embedded(part, content)),
    };
    let mut set = IdxSet::open(SourceKind::FashionMnist, file, CLASSES.len(), options)?;
    set.classes = CLASSES.map(str::to_owned).to_vec();
    if path.is_none() {
        set.warnings.push(EMBEDDED_NOTE.to_owned());
    }
    Ok(set)
}

/// Returns a file of the subset in `embedded/fashion-mini`.
fn embedded(part: Part, content: &str) -> RawFile {
    macro_rules! file {
        ($name:literal) => {
            RawFile::Embedded {
                name: concat!("embedded/fashion-mini/", $name),
                bytes: include_bytes!(concat!("../embedded/fashion-mini/", $name)),
            }
        };
    }
    match (part, content.starts_with("images")) {
        (Part::Train, true) => file!("train-images-idx3-ubyte.gz"),
        (Part::Train, false) => file!("train-labels-idx1-ubyte.gz"),
        (Part::Test, true) => file!("t10k-images-idx3-ubyte.gz"),
        (Part::Test, false) => file!("t10k-labels-idx1-ubyte.gz"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ImageSource;

    fn counts(source: &IdxSet, part: Part) -> Vec<usize> {
        let mut counts = vec![0; 10];
        for example in source.examples(part).unwrap() {
            let example = example.unwrap();
            assert_eq!(example.pixels.len(), 784);
            counts[example.label as usize] += 1;
        }
        counts
    }

    #[test]
    fn the_embedded_subset_is_whole_and_balanced() {
        let source = open(None, &SourceOptions::default()).unwrap();
        assert_eq!(source.shape().to_string(), "1x28x28");
        assert_eq!((source.len(Part::Train), source.len(Part::Test)), (3000, 750));
        assert_eq!(counts(&source, Part::Train), [300; 10]);
        assert_eq!(counts(&source, Part::Test), [75; 10]);
        assert_eq!(source.warnings().len(), 1);
    }

    #[test]
    fn a_folder_reads_as_its_embedded_copy() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("embedded/fashion-mini");
        let options = SourceOptions::default();
        let (disk, embedded) = (open(Some(&folder), &options).unwrap(), open(None, &options).unwrap());
        let mut pairs = disk.examples(Part::Test).unwrap().zip(embedded.examples(Part::Test).unwrap());
        assert!(pairs.all(|(left, right)| left.unwrap() == right.unwrap()));
        assert!(disk.warnings().is_empty());
    }

    #[test]
    fn a_limit_keeps_the_classes_balanced() {
        let options = SourceOptions { limit_train: Some(25), ..SourceOptions::default() };
        let source = open(None, &options).unwrap();
        assert_eq!(source.len(Part::Train), 25);
        assert_eq!(counts(&source, Part::Train), [3, 3, 3, 3, 3, 2, 2, 2, 2, 2]);
        assert_eq!(source.len(Part::Test), 750);
    }

    #[test]
    fn a_missing_file_is_named_with_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.txt", "a.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let error = open(Some(folder.path()), &SourceOptions::default()).unwrap_err().to_string();
        let wanted = format!(
            "expected `train-images-idx3-ubyte.gz` or `train-images-idx3-ubyte` in `{}`; \
             found: a.txt, b.txt; copy the four files of the set there, or correct `path`",
            folder.path().display()
        );
        assert_eq!(error, wanted);
    }

    #[test]
    fn another_size_is_refused() {
        let options = SourceOptions { size: Some(32), ..SourceOptions::default() };
        let error = open(None, &options).unwrap_err().to_string();
        assert!(error.contains("option `size` must be left out, as its images are 1x28x28, found 32"), "{error}");
    }
}
