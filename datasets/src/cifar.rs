//! The binary records of CIFAR-10 and CIFAR-100 (Krizhevsky 2009): label bytes, then 3 x 32 x 32 pixel bytes.
//!
//! Opening reads every label once; images are streamed on iteration, from a folder or straight from the archive.

use std::collections::BTreeMap;
use std::io::Read;

use crate::class_quota::ClassQuota;
use crate::container::Container;
use crate::source::check_fixed_size;
use crate::stream::read_full;
use crate::{Example, ImageShape, ImageSource, Part, SourceError, SourceKind, SourceOptions};

/// Every image of both sets.
pub(crate) const SHAPE: ImageShape = ImageShape { channels: 3, height: 32, width: 32 };

/// Longest file of class names that is read; the official ones have less than 1.5 kB.
const MAX_NAMES_BYTES: u64 = 1 << 16;
const PIXELS: usize = 3 * 32 * 32;

/// What tells one set's files from the other's.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) kind: SourceKind,
    /// Files of the training part, in order.
    pub(crate) train: &'static [&'static str],
    pub(crate) test: &'static str,
    /// Records of each published training file and of the test file.
    pub(crate) records: (usize, usize),
    /// File of class names, one a line.
    pub(crate) names: &'static str,
    pub(crate) classes: usize,
    /// Label bytes before the pixels.
    pub(crate) label_bytes: usize,
    /// Which of them is the label.
    pub(crate) label_at: usize,
}

impl Layout {
    fn files(&self, part: Part) -> &[&'static str] {
        match part {
            Part::Train => self.train,
            Part::Test => std::slice::from_ref(&self.test),
        }
    }

    /// Returns how many records the published file `name` has.
    fn published(&self, name: &str) -> usize {
        if name == self.test { self.records.1 } else { self.records.0 }
    }

    fn record(&self) -> usize {
        self.label_bytes + PIXELS
    }

    fn is_wanted(&self, name: &str) -> bool {
        name == self.names || name == self.test || self.train.contains(&name)
    }
}

/// A set whose labels have been read.
#[derive(Debug)]
pub(crate) struct Cifar {
    layout: Layout,
    container: Container,
    classes: Vec<String>,
    /// Examples of each class, per file.
    counts: BTreeMap<String, Vec<usize>>,
    options: SourceOptions,
}

impl Cifar {
    /// Reads the class names and every label.
    ///
    /// # Errors
    /// When a file is missing, its size is not a multiple of a record, or a label or name is wrong.
    pub(crate) fn open(layout: Layout, container: Container, options: &SourceOptions) -> Result<Self, SourceError> {
        check_fixed_size(layout.kind, SHAPE, options)?;
        let mut counts = BTreeMap::new();
        let mut classes = Vec::new();
        let found = container.visit(&|name| layout.is_wanted(name), &mut |name, size, reader| {
            let file = RecordFile { layout: &layout, container: &container, name };
            if name == layout.names {
                classes = file.class_names(reader)?;
            } else {
                counts.insert(name.to_owned(), file.class_counts(size, reader)?);
            }
            Ok(())
        })?;
        let wanted = layout.train.iter().chain([&layout.test, &layout.names]);
        if let Some(name) = wanted.into_iter().find(|name| !found.iter().any(|found| found == *name)) {
            return Err(container.missing(name, &found));
        }
        Ok(Self { layout, container, classes, counts, options: options.clone() })
    }

    fn quota(&self, part: Part) -> ClassQuota {
        let mut counts = vec![0; self.layout.classes];
        for file in self.layout.files(part).iter().filter_map(|name| self.counts.get(*name)) {
            for (total, count) in counts.iter_mut().zip(file) {
                *total += count;
            }
        }
        ClassQuota::new(self.options.limit(part), &counts)
    }
}

impl ImageSource for Cifar {
    fn shape(&self) -> ImageShape {
        SHAPE
    }

    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn len(&self, part: Part) -> usize {
        self.quota(part).total()
    }

    fn examples(&self, part: Part) -> Result<Box<dyn Iterator<Item = Result<Example, SourceError>> + '_>, SourceError> {
        let files = self.layout.files(part).iter();
        Ok(Box::new(CifarExamples { set: self, quota: self.quota(part), files, current: None }))
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for (name, counts) in &self.counts {
            let (found, published) = (counts.iter().sum::<usize>(), self.layout.published(name));
            if found != published {
                let file = self.container.path_of(name);
                warnings.push(format!("`{}` has {found} records, the published file {published}", file.display()));
            }
        }
        warnings
    }
}

/// Reads one part's records in order, file after file, until its quota is filled.
struct CifarExamples<'a> {
    set: &'a Cifar,
    quota: ClassQuota,
    files: std::slice::Iter<'a, &'static str>,
    current: Option<OpenFile<'a>>,
}

struct OpenFile<'a> {
    file: RecordFile<'a>,
    reader: Box<dyn Read>,
    left: usize,
    index: usize,
}

impl<'a> CifarExamples<'a> {
    fn next_file(&mut self) -> Result<Option<OpenFile<'a>>, SourceError> {
        let Some(name) = self.files.next() else {
            return Ok(None);
        };
        let file = RecordFile { layout: &self.set.layout, container: &self.set.container, name };
        let reader = self.set.container.open(name)?;
        let left = self.set.counts.get(*name).map_or(0, |counts| counts.iter().sum());
        Ok(Some(OpenFile { file, reader, left, index: 0 }))
    }

    fn next_record(&mut self) -> Result<Option<Example>, SourceError> {
        loop {
            match &mut self.current {
                Some(open) if open.left > 0 => {
                    open.left -= 1;
                    open.index += 1;
                    return open.file.read(&mut open.reader, open.index - 1).map(Some);
                }
                Some(_) | None => match self.next_file()? {
                    Some(open) => self.current = Some(open),
                    None => return Ok(None),
                },
            }
        }
    }

    fn end(&mut self) {
        self.quota = ClassQuota::new(Some(0), &[]);
    }
}

impl Iterator for CifarExamples<'_> {
    type Item = Result<Example, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.quota.total() > 0 {
            match self.next_record() {
                Ok(Some(example)) if self.quota.admits(example.label) => return Some(Ok(example)),
                Ok(Some(_)) => {}
                Ok(None) => self.end(),
                Err(error) => {
                    self.end();
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

/// One file of the set, by name.
struct RecordFile<'a> {
    layout: &'a Layout,
    container: &'a Container,
    name: &'a str,
}

impl RecordFile<'_> {
    fn class_counts(&self, size: u64, reader: &mut dyn Read) -> Result<Vec<usize>, SourceError> {
        let record = self.layout.record() as u64;
        if size == 0 || !size.is_multiple_of(record) {
            let wanted = format!(
                "a multiple of {record} bytes ({} in the published file)",
                record * self.layout.published(self.name) as u64
            );
            return Err(self.size_error(wanted, size));
        }
        let mut counts = vec![0; self.layout.classes];
        let mut buffer = vec![0; self.layout.record()];
        let records = size / record;
        for index in 0..records {
            let read = self.fill(reader, &mut buffer)?;
            if read < buffer.len() {
                return Err(self.size_error(format!("{size} bytes"), index * record + read as u64));
            }
            counts[self.label(&buffer, index as usize)? as usize] += 1;
        }
        Ok(counts)
    }

    fn read(&self, reader: &mut dyn Read, index: usize) -> Result<Example, SourceError> {
        let mut record = vec![0; self.layout.record()];
        let read = self.fill(reader, &mut record)?;
        if read < record.len() {
            let wanted = format!("at least {} bytes", (index + 1) * record.len());
            return Err(self.size_error(wanted, (index * record.len() + read) as u64));
        }
        let label = self.label(&record, index)?;
        record.drain(..self.layout.label_bytes);
        Ok(Example { pixels: record, label })
    }

    fn label(&self, record: &[u8], index: usize) -> Result<u32, SourceError> {
        let (label, classes) = (u32::from(record[self.layout.label_at]), self.layout.classes);
        if (label as usize) < classes {
            return Ok(label);
        }
        Err(SourceError::Label { file: self.container.path_of(self.name), index, classes, found: label })
    }

    fn class_names(&self, reader: &mut dyn Read) -> Result<Vec<String>, SourceError> {
        let mut bytes = Vec::new();
        reader
            .take(MAX_NAMES_BYTES)
            .read_to_end(&mut bytes)
            .map_err(|source| SourceError::Unpack { file: self.container.path_of(self.name), source })?;
        let text = String::from_utf8_lossy(&bytes);
        let names: Vec<String> =
            text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
        if names.len() == self.layout.classes {
            return Ok(names);
        }
        Err(SourceError::Header {
            file: self.container.path_of(self.name),
            field: "number of class names",
            wanted: self.layout.classes.to_string(),
            found: names.len().to_string(),
            fix: "write one name on each line",
        })
    }

    fn fill(&self, reader: &mut dyn Read, buffer: &mut [u8]) -> Result<usize, SourceError> {
        read_full(reader, buffer)
            .map_err(|source| SourceError::Unpack { file: self.container.path_of(self.name), source })
    }

    fn size_error(&self, wanted: String, found: u64) -> SourceError {
        SourceError::Size { file: self.container.path_of(self.name), wanted, found: format!("{found} bytes") }
    }
}

#[cfg(test)]
mod tests;
