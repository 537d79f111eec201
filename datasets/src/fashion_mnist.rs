//! Fashion-MNIST (Xiao et al., arXiv 1708.07747), and any other set in its four IDX files.

use std::path::Path;

use crate::class_quota::ClassQuota;
use crate::idx::IdxPart;
use crate::listing;
use crate::source::check_fixed_size;
use crate::stream::RawFile;
use crate::{Example, ImageShape, ImageSource, Part, SourceError, SourceKind, SourceOptions};

/// The classes in label order, as the set's README lists them.
const CLASSES: [&str; 10] =
    ["t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"];

const EMBEDDED_NOTE: &str =
    "no path was given: reading the embedded subset of Fashion-MNIST, 3000 training and 750 test images";

/// Opens the four files in `path`, or the embedded subset.
///
/// # Errors
/// When a file is missing or not IDX, the parts' shapes differ, or `size` is not theirs.
pub(crate) fn open(path: Option<&Path>, options: &SourceOptions) -> Result<FashionMnist, SourceError> {
    let train = open_part(path, Part::Train)?;
    let test = open_part(path, Part::Test)?;
    if train.shape != test.shape {
        return Err(SourceError::Header {
            file: raw_file(path, Part::Test, "images-idx3-ubyte")?.path(),
            field: "image size",
            wanted: format!("that of the training part, {}", train.shape),
            found: test.shape.to_string(),
            fix: "take both files from the same set",
        });
    }
    check_fixed_size(SourceKind::FashionMnist, train.shape, options)?;
    Ok(FashionMnist {
        classes: CLASSES.map(str::to_owned).to_vec(),
        embedded: path.is_none(),
        train,
        test,
        options: options.clone(),
    })
}

/// The four files, opened.
#[derive(Debug)]
pub(crate) struct FashionMnist {
    classes: Vec<String>,
    embedded: bool,
    train: IdxPart,
    test: IdxPart,
    options: SourceOptions,
}

impl FashionMnist {
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

impl ImageSource for FashionMnist {
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
        if self.embedded { vec![EMBEDDED_NOTE.to_owned()] } else { Vec::new() }
    }
}

fn open_part(path: Option<&Path>, part: Part) -> Result<IdxPart, SourceError> {
    let images = raw_file(path, part, "images-idx3-ubyte")?;
    let labels = raw_file(path, part, "labels-idx1-ubyte")?;
    IdxPart::open(images, labels, CLASSES.len())
}

fn raw_file(path: Option<&Path>, part: Part, content: &str) -> Result<RawFile, SourceError> {
    let Some(folder) = path else {
        return Ok(embedded(part, content));
    };
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

    fn counts(source: &FashionMnist, part: Part) -> Vec<usize> {
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
