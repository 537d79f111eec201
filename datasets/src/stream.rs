//! Reading files that may be gzip-compressed, without trusting their length.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use crate::SourceError;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The bytes of one file of a set.
#[derive(Debug, Clone)]
pub(crate) enum RawFile {
    /// A file on disk.
    Disk(PathBuf),
    /// A file compiled into the crate.
    Embedded {
        /// The name it has in the repository.
        name: &'static str,
        /// Its content.
        bytes: &'static [u8],
    },
}

impl RawFile {
    /// Returns the path that messages name.
    pub(crate) fn path(&self) -> PathBuf {
        match self {
            Self::Disk(path) => path.clone(),
            Self::Embedded { name, .. } => PathBuf::from(name),
        }
    }

    /// Opens the file; gzip is recognized by its first bytes and unpacked.
    pub(crate) fn open(&self) -> Result<Box<dyn Read + Send>, SourceError> {
        match self {
            Self::Disk(path) => open_unpacked(path),
            Self::Embedded { bytes, .. } => Ok(Box::new(MultiGzDecoder::new(*bytes))),
        }
    }
}

/// Opens `path`; gzip is recognized by its first bytes and unpacked.
pub(crate) fn open_unpacked(path: &Path) -> Result<Box<dyn Read + Send>, SourceError> {
    let io_error = |source| SourceError::Io { path: path.to_path_buf(), source };
    let mut reader = BufReader::new(File::open(path).map_err(io_error)?);
    let compressed = reader.fill_buf().map_err(io_error)?.starts_with(&GZIP_MAGIC);
    Ok(if compressed { Box::new(MultiGzDecoder::new(reader)) } else { Box::new(reader) })
}

/// Reads until `buffer` is full or the stream ends, and returns how many bytes were read.
///
/// A gzip stream cut in the middle counts as ended.
pub(crate) fn read_full(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    #[test]
    fn a_gzip_stream_cut_in_the_middle_ends_early() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
        encoder.write_all(&[7; 1000]).unwrap();
        let mut bytes = encoder.finish().unwrap();
        bytes.truncate(500);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cut.gz");
        std::fs::write(&path, bytes).unwrap();
        let mut buffer = [0; 1000];
        let count = read_full(&mut open_unpacked(&path).unwrap(), &mut buffer).unwrap();
        assert!(count < 500 && buffer[..count].iter().all(|&byte| byte == 7));
    }
}
