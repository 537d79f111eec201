//! The folder an artifact lives in: read by name, written and hashed by name.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::artifact::{Artifact, ArtifactError, Format, Publish};
use crate::digest::{Digest, Hasher};
use crate::table::{Table, TableLabel, TableReader, TableWriter};

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
        let mut bytes =
            serde_json::to_vec_pretty(self).expect("a listing holds only texts and numbers");
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
        let listing =
            serde_json::from_slice(&bytes).map_err(|source| error(io::Error::other(source)))?;
        Ok(Self {
            digest: Digest::of(&bytes),
            listing: Arc::new(listing),
            path,
        })
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
        Err(ArtifactError::MissingFile {
            file: name.to_owned(),
            folder: self.path.clone(),
        })
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
        names
            .filter_map(|file| file.name.strip_suffix(".parquet"))
            .collect()
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

/// What has been written so far; shared with the open file writers.
#[derive(Debug, Default)]
struct Written {
    files: Vec<FileEntry>,
    open: BTreeSet<String>,
}

/// An artifact folder open for writing; every file is hashed on its way to the disk.
#[derive(Debug)]
pub struct FolderWriter {
    path: PathBuf,
    format: Format,
    written: Arc<Mutex<Written>>,
}

impl FolderWriter {
    /// Starts an artifact of `format` in the new folder `path`.
    ///
    /// # Errors
    /// When the folder exists or cannot be made.
    pub fn create(path: impl Into<PathBuf>, format: Format) -> Result<Self, ArtifactError> {
        let path = path.into();
        fs::create_dir(&path)
            .map_err(|source| ArtifactError::io("make the folder", &path, source))?;
        Ok(Self {
            path,
            format,
            written: Arc::default(),
        })
    }

    /// Writes a whole table as `name.parquet`.
    ///
    /// # Errors
    /// When the name is taken or the file cannot be written.
    pub fn write_table(&mut self, name: &str, table: &Table) -> Result<(), ArtifactError> {
        let label = TableLabel::new(&self.format, name);
        let file = self.file(&table_file(name))?;
        table.write(&label, file)?.finish()
    }

    /// Starts the table `name`; batches are appended and written in groups of `rows_per_group` rows, which is how
    /// much a reader must load to see one row.
    ///
    /// # Errors
    /// When the name is taken or the file cannot be made.
    pub fn table_writer(
        &mut self,
        name: &str,
        rows_per_group: usize,
    ) -> Result<TableWriter, ArtifactError> {
        let label = TableLabel::new(&self.format, name);
        let file = self.file(&table_file(name))?;
        Ok(TableWriter::new(label, rows_per_group, file))
    }

    /// Writes the file `name` at once.
    ///
    /// # Errors
    /// When the name is taken or the file cannot be written.
    pub fn write_bytes(&mut self, name: &str, bytes: &[u8]) -> Result<(), ArtifactError> {
        let mut file = self.file(name)?;
        file.write_all(bytes)
            .map_err(|source| ArtifactError::io("write", self.path.join(name), source))?;
        file.finish()
    }

    /// Starts the file `name`; [`FolderFile::finish`] must be called on it.
    ///
    /// # Errors
    /// When the name is taken or the file cannot be made.
    pub fn file(&mut self, name: &str) -> Result<FolderFile, ArtifactError> {
        check_name(name)?;
        let path = self.path.join(name);
        let file =
            File::create_new(&path).map_err(|source| ArtifactError::io("make", &path, source))?;
        lock(&self.written).open.insert(name.to_owned());
        Ok(FolderFile {
            name: name.to_owned(),
            path,
            inner: BufWriter::with_capacity(1 << 20, Hashing::new(file)),
            written: Arc::clone(&self.written),
        })
    }

    /// Returns where the folder is, for code that must write a file by its path; [`FolderWriter::adopt`] then adds it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a file that other code has written into the folder.
    ///
    /// # Errors
    /// When the file cannot be read or its name is not allowed.
    pub fn adopt(&mut self, name: &str) -> Result<(), ArtifactError> {
        check_name(name)?;
        let path = self.path.join(name);
        let error = |source| ArtifactError::io("read", &path, source);
        let (digest, bytes) = Digest::of_file(&path).map_err(error)?;
        File::open(&path).and_then(|file| file.sync_all()).map_err(error)?;
        let name = name.to_owned();
        lock(&self.written).files.push(FileEntry {
            name,
            bytes,
            digest,
        });
        Ok(())
    }

    /// Writes the listing and opens the folder for reading.
    ///
    /// # Errors
    /// When a file was not finished, or the listing cannot be written.
    pub fn seal(self) -> Result<Folder, ArtifactError> {
        let mut files = {
            let mut written = lock(&self.written);
            if let Some(file) = written.open.pop_first() {
                return Err(ArtifactError::Unfinished { file });
            }
            std::mem::take(&mut written.files)
        };
        files.sort();
        let listing = Listing {
            format: self.format,
            files,
        };
        let bytes = listing.to_bytes();
        write_synced(&self.path.join(LISTING), &bytes)?;
        sync_folder(&self.path)?;
        Ok(Folder {
            path: self.path,
            digest: Digest::of(&bytes),
            listing: Arc::new(listing),
        })
    }
}

/// Publishes `artifact` into the new folder `path`, outside any store.
///
/// # Errors
/// When the folder exists or the artifact cannot be written.
pub fn publish_at<A: Publish>(
    path: impl Into<PathBuf>,
    artifact: A,
) -> Result<Folder, ArtifactError> {
    let mut writer = FolderWriter::create(path, Format::of::<A>())?;
    artifact.publish(&mut writer)?;
    writer.seal()
}

/// Opens the artifact in the folder `path`, outside any store.
///
/// # Errors
/// When the folder holds another format or cannot be read.
pub fn open_at<A: Artifact + crate::artifact::Open>(
    path: impl Into<PathBuf>,
) -> Result<A, ArtifactError> {
    let folder = Folder::open(path)?;
    folder.expect_format(&Format::of::<A>())?;
    A::open(&folder)
}

/// A file of an artifact folder open for writing.
#[derive(Debug)]
pub struct FolderFile {
    name: String,
    path: PathBuf,
    inner: BufWriter<Hashing>,
    written: Arc<Mutex<Written>>,
}

impl FolderFile {
    /// Flushes the file to the disk and adds it to the folder.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(self) -> Result<(), ArtifactError> {
        let Self {
            name,
            path,
            inner,
            written,
        } = self;
        let error = |source| ArtifactError::io("write", &path, source);
        let hashing = inner.into_inner().map_err(|e| error(e.into_error()))?;
        hashing.file.sync_all().map_err(error)?;
        let (digest, bytes) = hashing.hasher.finish();
        let mut written = lock(&written);
        written.open.remove(&name);
        written.files.push(FileEntry {
            name,
            bytes,
            digest,
        });
        Ok(())
    }
}

impl Write for FolderFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

struct Hashing {
    file: File,
    hasher: Hasher,
}

impl Hashing {
    fn new(file: File) -> Self {
        Self {
            file,
            hasher: Hasher::default(),
        }
    }
}

impl std::fmt::Debug for Hashing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Hashing").field(&self.file).finish()
    }
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn check_name(name: &str) -> Result<(), ArtifactError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let reason = if name == LISTING {
        "reserved for the listing"
    } else if name.is_empty() || name.starts_with('.') || !name.chars().all(allowed) {
        "not made of letters, digits, `-`, `_` and `.` alone"
    } else {
        return Ok(());
    };
    Err(ArtifactError::BadName {
        file: name.to_owned(),
        reason,
    })
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
        Format {
            name: "letters".to_owned(),
            version: 1,
        }
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
        assert!(matches!(
            folder.bytes("c.txt"),
            Err(ArtifactError::MissingFile { .. })
        ));
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
