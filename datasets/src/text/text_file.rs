use std::fs::File;
use std::io::{BufReader, Read};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use xz4rust::{DICT_SIZE_MIN, XzDecoder, XzReader};

use super::lines::Lines;
use super::sgm;
use super::text_error::TextError;
use crate::SourceError;
use crate::stream::RawFile;

const XZ_MAGIC: [u8; 6] = [0xfd, b'7', b'z', b'X', b'Z', 0];
const XZ_BUFFER: NonZeroUsize = NonZeroUsize::new(1 << 16).expect("not zero");
/// Most memory that an xz file may ask for: that of `xz -9` and as much again.
const MOST_XZ_DICTIONARY: usize = 128 << 20;

/// How sentences stand in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextFormat {
    /// One on each line.
    Plain,
    /// Between `<seg>` and `</seg>`, as in the test sets of WMT and IWSLT.
    Segments,
    /// One on each line, among lines of tags: the training text of IWSLT.
    Tags,
}

/// A file of sentences of one language.
#[derive(Clone, Debug)]
pub(crate) struct TextFile {
    pub(crate) raw: RawFile,
    pub(crate) format: TextFormat,
}

impl TextFile {
    /// Returns the file on disk; its ending `.sgm` or `.xml`, before one of a packer, says that it has segments.
    pub(crate) fn on_disk(path: PathBuf) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = name.trim_end_matches(".gz").trim_end_matches(".xz");
        let segments = name.ends_with(".sgm") || name.ends_with(".xml");
        let tags = name.starts_with("train.tags.");
        let format = match (segments, tags) {
            (true, _) => TextFormat::Segments,
            (false, true) => TextFormat::Tags,
            (false, false) => TextFormat::Plain,
        };
        Self { raw: RawFile::Disk(path), format }
    }

    /// Returns the path that messages name.
    pub(crate) fn path(&self) -> PathBuf {
        self.raw.path()
    }

    /// Opens the file for reading sentence by sentence.
    pub(crate) fn sentences(&self) -> Result<Sentences, TextError> {
        let lines = Lines::new(self.path(), open_unpacked(&self.raw)?);
        Ok(Sentences { lines, format: self.format, buffer: String::new() })
    }
}

/// The sentences of a file.
pub(crate) struct Sentences {
    lines: Lines,
    format: TextFormat,
    buffer: String,
}

impl Sentences {
    /// Returns the next sentence, or none after the last.
    ///
    /// # Errors
    /// When the file cannot be read or a line is no text.
    pub(crate) fn next_sentence(&mut self) -> Result<Option<&str>, TextError> {
        match self.format {
            TextFormat::Plain => self.lines.next_line(),
            TextFormat::Segments => {
                Ok(sgm::next_segment(&mut self.lines, &mut self.buffer)?.then_some(self.buffer.as_str()))
            }
            TextFormat::Tags => {
                Ok(sgm::next_untagged(&mut self.lines, &mut self.buffer)?.then_some(self.buffer.as_str()))
            }
        }
    }
}

/// Opens a file; gzip and xz are recognized by their first bytes and unpacked.
pub(crate) fn open_unpacked(raw: &RawFile) -> Result<Box<dyn Read + Send>, TextError> {
    if let RawFile::Disk(path) = raw {
        let io_error = |source| TextError::Io { path: path.clone(), source };
        let mut file = File::open(path).map_err(io_error)?;
        let mut start = Vec::new();
        file.by_ref().take(XZ_MAGIC.len() as u64).read_to_end(&mut start).map_err(io_error)?;
        if start == XZ_MAGIC {
            let file = BufReader::new(File::open(path).map_err(io_error)?);
            let decoder = XzDecoder::in_heap_with_alloc_dict_size(DICT_SIZE_MIN, MOST_XZ_DICTIONARY);
            return Ok(Box::new(XzReader::new_with_buffer_size_and_decoder(file, XZ_BUFFER, decoder)));
        }
    }
    raw.open().map_err(|error| match error {
        SourceError::Io { path, source } => TextError::Io { path, source },
        other => TextError::Io { path: raw.path(), source: std::io::Error::other(other) },
    })
}
