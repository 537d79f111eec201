//! The folder an artifact lives in: read by name, written and hashed by name.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::artifact::{ArtifactError, Format, Open, Publish};
use crate::digest::Digest;
use crate::table::{Table, TableLabel, TableReader};

mod write;

pub use write::{FolderFile, FolderWriter};

/// The file that lists an artifact folder; its own hash is the artifact's digest.
pub const LISTING: &str = "artifact.json";

/// The most bytes a listing may have; more is not read.
const LISTING_LIMIT: u64 = 64 << 20;

/// One file of an artifact folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// The name inside the folder.
    pub name: String,
    /// The size in bytes.
    pub bytes: u64,
    /// The hash of the content.
    pub digest: Digest,
}

/// The content of [`LISTING`]: the format and every file, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// What the folder holds.
    pub format: Format,
    /// Every file but the listing itself, sorted by name.
    pub files: Vec<FileEntry>,
}

impl Listing {
    /// Returns the bytes of the listing file.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("a listing holds only texts and numbers");
        bytes.push(b'\n');
        bytes
    }

    /// Returns the size of all files in bytes.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// An artifact folder open for reading.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
    digest: Digest,
    listing: Arc<Listing>,
}

impl Folder {
    /// Opens an artifact folder by its listing; file contents are not hashed here.
    ///
    /// # Errors
    /// When the listing is missing or not a listing.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, ArtifactError> {
        let path = path.into();
        let file = path.join(LISTING);
        let error = |source| ArtifactError::io("read", &file, source);
        if fs::metadata(&file).map_err(error)?.len() > LISTING_LIMIT {
            return Err(error(io::Error::other("the listing is too large")));
        }
        let bytes = fs::read(&file).map_err(error)?;
        let listing = serde_json::from_slice(&bytes).map_err(|source| error(io::Error::other(source)))?;
        Ok(Self { digest: Digest::of(&bytes), listing: Arc::new(listing), path })
    }

    /// Returns where the folder is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the digest of the artifact's content, format included.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Returns what the folder holds, by name.
    pub fn listing(&self) -> &Listing {
        &self.listing
    }

    /// Returns the path of the file `name`.
    ///
    /// # Errors
    /// [`ArtifactError::MissingFile`] when the listing does not name it.
    pub fn file_path(&self, name: &str) -> Result<PathBuf, ArtifactError> {
        if self.listing.files.iter().any(|file| file.name == name) {
            return Ok(self.path.join(name));
        }
        Err(ArtifactError::MissingFile { file: name.to_owned(), folder: self.path.clone() })
    }

    /// Returns all bytes of the file `name`.
    ///
    /// # Errors
    /// When the file is missing or cannot be read.
    pub fn bytes(&self, name: &str) -> Result<Vec<u8>, ArtifactError> {
        let path = self.file_path(name)?;
        fs::read(&path).map_err(|source| ArtifactError::io("read", path, source))
    }

    /// Reads the whole table `name` (the file `name.parquet`).
    ///
    /// # Errors
    /// When the table is missing or cannot be read.
    pub fn table(&self, name: &str) -> Result<Table, ArtifactError> {
        Ok(self.reader(name)?.read()?)
    }

    /// Opens the table `name` to read it in slices.
    ///
    /// # Errors
    /// When the table is missing or its footer cannot be read.
    pub fn reader(&self, name: &str) -> Result<TableReader, ArtifactError> {
        let path = self.file_path(&table_file(name))?;
        let label = TableLabel::new(&self.listing.format, name);
        Ok(TableReader::open(&path, &label)?)
    }

    /// Returns the names of all tables.
    pub fn tables(&self) -> Vec<&str> {
        let names = self.listing.files.iter();
        names.filter_map(|file| file.name.strip_suffix(".parquet")).collect()
    }

    /// Checks that the folder holds `wanted`.
    ///
    /// # Errors
    /// [`ArtifactError::WrongFormat`] or [`ArtifactError::WrongVersion`].
    pub fn expect_format(&self, wanted: &Format) -> Result<(), ArtifactError> {
        let found = &self.listing.format;
        if found.name != wanted.name {
            return Err(ArtifactError::WrongFormat {
                wanted: wanted.name.clone(),
                found: found.name.clone(),
                folder: self.path.clone(),
            });
        }
        if found.version != wanted.version {
            return Err(ArtifactError::WrongVersion {
                format: wanted.name.clone(),
                found: found.version,
                known: wanted.version,
                folder: self.path.clone(),
            });
        }
        Ok(())
    }
}

fn table_file(name: &str) -> String {
    format!("{name}.parquet")
}

/// Publishes `artifact` into the new folder `path`, outside any store.
///
/// # Errors
/// When the folder exists or the artifact cannot be written.
pub fn publish_at<A: Publish>(path: impl Into<PathBuf>, artifact: A) -> Result<Folder, ArtifactError> {
    let mut writer = FolderWriter::create(path, Format::of::<A>())?;
    artifact.publish(&mut writer)?;
    writer.seal()
}

/// Opens the artifact in the folder `path`, outside any store.
///
/// # Errors
/// When the folder holds another format or cannot be read.
pub fn open_at<A: Open>(path: impl Into<PathBuf>) -> Result<A, ArtifactError> {
    let folder = Folder::open(path)?;
    folder.expect_format(&Format::of::<A>())?;
    A::open(&folder)
}

/// Writes a new file and forces it to the disk.
pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), ArtifactError> {
    let write = || {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|source| ArtifactError::io("write", path, source))
}

/// Forces a folder's entries to the disk.
pub(crate) fn sync_folder(path: &Path) -> Result<(), ArtifactError> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| ArtifactError::io("synchronize", path, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format() -> Format {
        Format { name: "letters".to_owned(), version: 1 }
    }

    #[test]
    fn a_sealed_folder_reads_back_by_name() {
        let root = tempfile::tempdir().unwrap();
        let mut writer = FolderWriter::create(root.path().join("a"), format()).unwrap();
        writer.write_bytes("b.txt", b"two").unwrap();
        writer.write_bytes("a.txt", b"one").unwrap();
        let sealed = writer.seal().unwrap();
        let folder = Folder::open(sealed.path()).unwrap();
        assert_eq!(folder.digest(), sealed.digest());
        assert_eq!(folder.bytes("a.txt").unwrap(), b"one");
        assert!(matches!(folder.bytes("c.txt"), Err(ArtifactError::MissingFile { .. })));
    }

    #[test]
    fn the_order_of_writing_does_not_change_the_digest() {
        let root = tempfile::tempdir().unwrap();
        let digest = |folder: &str, names: [&str; 2]| {
            let mut writer = FolderWriter::create(root.path().join(folder), format()).unwrap();
            for name in names {
                writer.write_bytes(name, name.as_bytes()).unwrap();
            }
            writer.seal().unwrap().digest()
        };
        assert_eq!(digest("a", ["x", "y"]), digest("b", ["y", "x"]));
    }

    #[test]
    fn a_file_left_unfinished_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        let mut writer = FolderWriter::create(root.path().join("a"), format()).unwrap();
        drop(writer.file("half").unwrap());
        assert!(matches!(
            writer.seal(),
            Err(ArtifactError::Unfinished { file }) if file == "half"
        ));
    }

    #[test]
    fn names_that_leave_the_folder_are_refused() {
        let root = tempfile::tempdir().unwrap();
        let mut writer = FolderWriter::create(root.path().join("a"), format()).unwrap();
        for name in ["", "../b", "a/b", ".hidden", LISTING] {
            let result = writer.write_bytes(name, b"");
            assert!(matches!(result, Err(ArtifactError::BadName { .. })), "{name}");
        }
    }
}
