//! The IDX format of MNIST: a big-endian header of magic and sizes, then bytes.

use std::io::Read;
use std::path::PathBuf;

use crate::stream::{RawFile, read_full};
use crate::{Example, ImageShape, SourceError};

/// Magic of a file of bytes with three sizes: count, rows, columns.
const IMAGES_MAGIC: u32 = 0x0000_0803;
/// Magic of a file of bytes with one size: count.
const LABELS_MAGIC: u32 = 0x0000_0801;
/// More examples than any published IDX set has (the largest, QMNIST and EMNIST, stay below a million).
const MAX_EXAMPLES: usize = 1 << 24;
/// Rows or columns beyond which a header is taken for damaged.
const MAX_SIDE: usize = 1024;

const FIX: &str = "is this an IDX file?";

/// The labels of one part and where its images lie.
#[derive(Debug)]
pub(crate) struct IdxPart {
    images: RawFile,
    pub(crate) shape: ImageShape,
    pub(crate) labels: Vec<u8>,
}

impl IdxPart {
    /// Reads the headers and the labels.
    ///
    /// # Errors
    /// When a header is not IDX, its sizes are out of bounds, the counts differ, or a label is not below `classes`.
    pub(crate) fn open(images: RawFile, labels: RawFile, classes: usize) -> Result<Self, SourceError> {
        let mut header = HeaderReader::open(&images)?;
        header.magic(IMAGES_MAGIC)?;
        let count = header.size("number of images", MAX_EXAMPLES)?;
        let height = header.size("number of rows", MAX_SIDE)?;
        let width = header.size("number of columns", MAX_SIDE)?;
        let shape = ImageShape { channels: 1, height, width };
        check_plain_length(&images, header.read + (count * shape.len()) as u64)?;
        let labels = read_labels(&labels, count, classes)?;
        Ok(Self { images, shape, labels })
    }

    /// Returns how many examples each class has.
    pub(crate) fn class_counts(&self, classes: usize) -> Vec<usize> {
        let mut counts = vec![0; classes];
        for &label in &self.labels {
            counts[usize::from(label)] += 1;
        }
        counts
    }

    /// Opens the images and passes their header.
    pub(crate) fn examples(&self) -> Result<IdxExamples<'_>, SourceError> {
        let mut header = HeaderReader::open(&self.images)?;
        header.magic(IMAGES_MAGIC)?;
        for field in ["number of images", "number of rows", "number of columns"] {
            header.size(field, MAX_EXAMPLES)?;
        }
        Ok(IdxExamples { part: self, reader: header.reader, next: 0 })
    }
}

/// Reads one part's images in order.
pub(crate) struct IdxExamples<'a> {
    part: &'a IdxPart,
    reader: Box<dyn Read>,
    next: usize,
}

impl IdxExamples<'_> {
    fn read(&mut self, index: usize) -> Result<Example, SourceError> {
        let mut pixels = vec![0; self.part.shape.len()];
        let found = self.fill(&mut pixels)?;
        if found < pixels.len() {
            let before = index * pixels.len();
            return Err(self.size_error(format!("a header and {} bytes", before + found)));
        }
        Ok(Example { pixels, label: u32::from(self.part.labels[index]) })
    }

    fn check_end(&mut self) -> Option<SourceError> {
        match self.fill(&mut [0]) {
            Ok(0) => None,
            Ok(_) => Some(self.size_error("more".to_owned())),
            Err(error) => Some(error),
        }
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, SourceError> {
        read_full(&mut self.reader, buffer)
            .map_err(|source| SourceError::Unpack { file: self.part.images.path(), source })
    }

    fn size_error(&self, found: String) -> SourceError {
        let wanted = self.part.labels.len() * self.part.shape.len();
        SourceError::Size { file: self.part.images.path(), wanted: format!("a header and {wanted} bytes"), found }
    }
}

impl Iterator for IdxExamples<'_> {
    type Item = Result<Example, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (index, count) = (self.next, self.part.labels.len());
        if index > count {
            return None;
        }
        self.next = index + 1;
        if index == count {
            return self.check_end().map(Err);
        }
        let example = self.read(index);
        if example.is_err() {
            self.next = count + 1;
        }
        Some(example)
    }
}

fn read_labels(file: &RawFile, images: usize, classes: usize) -> Result<Vec<u8>, SourceError> {
    let mut header = HeaderReader::open(file)?;
    header.magic(LABELS_MAGIC)?;
    let count = header.size("number of labels", MAX_EXAMPLES)?;
    if count != images {
        return Err(SourceError::Header {
            file: file.path(),
            field: "number of labels",
            wanted: format!("the number of images, {images}"),
            found: count.to_string(),
            fix: "take both files from the same set",
        });
    }
    let mut labels = Vec::new();
    let one_too_many = count as u64 + 1;
    let read = header.reader.take(one_too_many).read_to_end(&mut labels);
    let ended = read.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::UnexpectedEof);
    if let (Err(source), false) = (read, ended) {
        return Err(SourceError::Unpack { file: file.path(), source });
    }
    if labels.len() != count {
        let found = match labels.len() {
            length if length > count => "more".to_owned(),
            length => format!("a header and {length} bytes"),
        };
        return Err(SourceError::Size { file: file.path(), wanted: format!("a header and {count} bytes"), found });
    }
    match labels.iter().position(|&label| usize::from(label) >= classes) {
        Some(index) => Err(SourceError::Label { file: file.path(), index, classes, found: u32::from(labels[index]) }),
        None => Ok(labels),
    }
}

/// Compares a plain file's length with its header; a compressed file's length is seen when it is read.
fn check_plain_length(file: &RawFile, wanted: u64) -> Result<(), SourceError> {
    let RawFile::Disk(path) = file else {
        return Ok(());
    };
    if path.extension().is_some_and(|extension| extension == "gz") {
        return Ok(());
    }
    let found = std::fs::metadata(path).map_err(|source| SourceError::Io { path: path.clone(), source })?.len();
    if found == wanted {
        return Ok(());
    }
    Err(SourceError::Size { file: path.clone(), wanted: format!("{wanted} bytes"), found: format!("{found} bytes") })
}

struct HeaderReader {
    file: PathBuf,
    reader: Box<dyn Read>,
    read: u64,
}

impl HeaderReader {
    fn open(file: &RawFile) -> Result<Self, SourceError> {
        Ok(Self { file: file.path(), reader: file.open()?, read: 0 })
    }

    fn magic(&mut self, wanted: u32) -> Result<(), SourceError> {
        let found = self.word()?;
        if found == wanted {
            return Ok(());
        }
        Err(self.error("magic number", format!("{wanted:#010x}"), format!("{found:#010x}")))
    }

    fn size(&mut self, field: &'static str, most: usize) -> Result<usize, SourceError> {
        let found = self.word()?;
        match usize::try_from(found) {
            Ok(size) if (1..=most).contains(&size) => Ok(size),
            Ok(_) | Err(_) => Err(self.error(field, format!("from 1 to {most}"), found.to_string())),
        }
    }

    fn word(&mut self) -> Result<u32, SourceError> {
        let mut bytes = [0; 4];
        let found = read_full(&mut self.reader, &mut bytes)
            .map_err(|source| SourceError::Unpack { file: self.file.clone(), source })?;
        self.read += found as u64;
        if found < bytes.len() {
            return Err(self.error("header", "complete".to_owned(), format!("{} bytes", self.read)));
        }
        Ok(u32::from_be_bytes(bytes))
    }

    fn error(&self, field: &'static str, wanted: String, found: String) -> SourceError {
        SourceError::Header { file: self.file.clone(), field, wanted, found, fix: FIX }
    }
}

#[cfg(test)]
mod tests;
