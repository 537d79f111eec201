//! Artifact folders open for writing.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{FileEntry, Folder, LISTING, Listing, sync_folder, table_file, write_synced};
use crate::artifact::{ArtifactError, Format};
use crate::digest::{Digest, Hasher};
use crate::table::{Table, TableLabel, TableWriter};

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
        fs::create_dir(&path).map_err(|source| ArtifactError::io("make the folder", &path, source))?;
        Ok(Self { path, format, written: Arc::default() })
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
    pub fn table_writer(&mut self, name: &str, rows_per_group: usize) -> Result<TableWriter, ArtifactError> {
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
        file.write_all(bytes).map_err(|source| ArtifactError::io("write", self.path.join(name), source))?;
        file.finish()
    }

    /// Starts the file `name`; [`FolderFile::finish`] must be called on it.
    ///
    /// # Errors
    /// When the name is taken or the file cannot be made.
    pub fn file(&mut self, name: &str) -> Result<FolderFile, ArtifactError> {
        check_name(name)?;
        let path = self.path.join(name);
        let file = File::create_new(&path).map_err(|source| ArtifactError::io("make", &path, source))?;
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
        lock(&self.written).files.push(FileEntry { name, bytes, digest });
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
        let listing = Listing { format: self.format, files };
        let bytes = listing.to_bytes();
        write_synced(&self.path.join(LISTING), &bytes)?;
        sync_folder(&self.path)?;
        Ok(Folder { path: self.path, digest: Digest::of(&bytes), listing: Arc::new(listing) })
    }
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
        let Self { name, path, inner, written } = self;
        let error = |source| ArtifactError::io("write", &path, source);
        let hashing = inner.into_inner().map_err(|e| error(e.into_error()))?;
        hashing.file.sync_all().map_err(error)?;
        let (digest, bytes) = hashing.hasher.finish();
        let mut written = lock(&written);
        written.open.remove(&name);
        written.files.push(FileEntry { name, bytes, digest });
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
        Self { file, hasher: Hasher::default() }
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
    Err(ArtifactError::BadName { file: name.to_owned(), reason })
}
