use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use walkdir::WalkDir;

use super::text_error::TextError;
use super::text_file::{TextFile, open_unpacked};
use crate::listing::shown;
use crate::stream::RawFile;
use crate::tar_stream::TarStream;

/// Folders deeper than this below the path are not looked into.
const MOST_DEPTH: usize = 3;

/// The files of a corpus by name, unpacked from their archives where need be.
#[derive(Debug)]
pub(crate) struct Shelf {
    root: PathBuf,
    /// Paths by name; an ending `.gz` or `.xz` is not part of the name.
    files: BTreeMap<String, PathBuf>,
    unpacked: Option<TempDir>,
}

impl Shelf {
    /// Returns the files below a folder or in an archive.
    ///
    /// Archives in the folder are unpacked one after the other, members that `wanted` names only, until the files are
    /// `enough`. They go into a temporary folder (of `TMPDIR`) that is removed with the shelf.
    ///
    /// # Errors
    /// When a folder or archive cannot be read or the members cannot be written.
    pub(crate) fn open(
        path: &Path,
        wanted: &dyn Fn(&str) -> bool,
        enough: &dyn Fn(&Self) -> bool,
    ) -> Result<Self, TextError> {
        let mut shelf = Self { root: path.to_path_buf(), files: BTreeMap::new(), unpacked: None };
        if path.is_file() {
            shelf.unpack(path, wanted)?;
            return Ok(shelf);
        }
        let mut archives = Vec::new();
        for entry in WalkDir::new(path).max_depth(MOST_DEPTH).sort_by_file_name() {
            let entry = entry.map_err(|error| TextError::Io { path: path.to_path_buf(), source: error.into() })?;
            if !entry.file_type().is_file() {
                continue;
            }
            let name = entry.file_name().to_string_lossy();
            if is_archive(&name) {
                archives.push(entry.path().to_path_buf());
            } else {
                shelf.files.entry(unpacked_name(&name).to_owned()).or_insert_with(|| entry.path().to_path_buf());
            }
        }
        for archive in archives {
            if enough(&shelf) {
                break;
            }
            shelf.unpack(&archive, wanted)?;
        }
        Ok(shelf)
    }

    /// Returns the names of the files, sorted.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Returns the file with a name.
    pub(crate) fn find(&self, name: &str) -> Option<TextFile> {
        self.files.get(name).cloned().map(TextFile::on_disk)
    }

    /// Returns the folder or archive, and a list of what is there for a message.
    pub(crate) fn described(&self) -> (PathBuf, String) {
        let names: Vec<String> = self.names().map(str::to_owned).collect();
        (self.root.clone(), shown(&names))
    }

    /// Returns the folder that must outlive the files.
    pub(crate) fn into_unpacked(self) -> Option<TempDir> {
        self.unpacked
    }

    fn unpack(&mut self, archive: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<(), TextError> {
        let failed = |source| TextError::Io { path: archive.to_path_buf(), source };
        let mut stream = TarStream::new(open_unpacked(&RawFile::Disk(archive.to_path_buf()))?);
        while let Some(member) = stream.next_member().map_err(failed)? {
            let name = unpacked_name(&member.name).to_owned();
            if !wanted(&name) || self.files.contains_key(&name) {
                continue;
            }
            let folder = match &self.unpacked {
                Some(folder) => folder.path().to_path_buf(),
                None => self.unpacked.insert(tempfile::tempdir().map_err(failed)?).path().to_path_buf(),
            };
            let path = folder.join(&member.name);
            let written = |source| TextError::Io { path: path.clone(), source };
            let copied = io::copy(&mut stream, &mut File::create(&path).map_err(written)?).map_err(failed)?;
            if copied != member.size {
                return Err(failed(io::ErrorKind::UnexpectedEof.into()));
            }
            self.files.insert(name, path);
        }
        Ok(())
    }
}

fn is_archive(name: &str) -> bool {
    [".tar", ".tgz", ".txz", ".tar.gz", ".tar.xz"].iter().any(|ending| name.ends_with(ending))
}

fn unpacked_name(name: &str) -> &str {
    name.strip_suffix(".gz").or_else(|| name.strip_suffix(".xz")).unwrap_or(name)
}
