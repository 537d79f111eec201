//! The files of a set, in a folder or in a `.tar.gz` archive.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::listing;
use crate::stream::open_unpacked;
use crate::tar_stream::TarStream;
use crate::{SourceError, SourceKind};

/// Unpacked size beyond which an archive is taken for a bomb; the largest set read this way unpacks to 186 MB.
const MAX_UNPACKED_BYTES: u64 = 1 << 30;

/// Where the files of a set lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Container {
    /// Unpacked.
    Folder(PathBuf),
    /// In an archive, compressed or not.
    Archive(PathBuf),
}

/// The names under which a set is published.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PublishedNames {
    /// The folder inside the archive.
    pub(crate) folder: &'static str,
    /// The archive.
    pub(crate) archive: &'static str,
    /// A file that every copy of the set has.
    pub(crate) file: &'static str,
}

/// What is done with a file's name, declared size and bytes.
pub(crate) type Visit<'a> = dyn FnMut(&str, u64, &mut dyn Read) -> Result<(), SourceError> + 'a;

impl Container {
    /// Finds the set at `path`: an archive, the folder of its files, or a folder that holds either.
    ///
    /// # Errors
    /// When there is no path or nothing of the published names at it.
    pub(crate) fn find(
        kind: SourceKind,
        path: Option<&Path>,
        names: PublishedNames,
        wanted: &'static str,
    ) -> Result<Self, SourceError> {
        let path = path.ok_or(SourceError::NoPath { kind, wanted })?;
        if path.is_file() {
            return Ok(Self::Archive(path.to_path_buf()));
        }
        let inner = path.join(names.folder);
        let archive = path.join(names.archive);
        if path.join(names.file).is_file() {
            Ok(Self::Folder(path.to_path_buf()))
        } else if inner.join(names.file).is_file() {
            Ok(Self::Folder(inner))
        } else if archive.is_file() {
            Ok(Self::Archive(archive))
        } else {
            let PublishedNames { folder, archive, file } = names;
            let wanted = format!("`{file}`, `{folder}/{file}` or `{archive}`");
            Err(listing::missing(wanted, path, "copy the set there, or correct `path`"))
        }
    }

    /// Returns the path that messages name for the file `name`.
    pub(crate) fn path_of(&self, name: &str) -> PathBuf {
        match self {
            Self::Folder(path) | Self::Archive(path) => path.join(name),
        }
    }

    /// Returns the error that `name` is not among `found`.
    pub(crate) fn missing(&self, name: &str, found: &[String]) -> SourceError {
        let (Self::Folder(path) | Self::Archive(path)) = self;
        SourceError::Missing {
            wanted: format!("`{name}`"),
            folder: path.clone(),
            found: listing::shown(found),
            fix: "the set is incomplete, fetch it again",
        }
    }

    /// Calls `visit` for each file, in whichever order they lie in, and returns
    /// the names. Files that `wanted` declines are not opened.
    pub(crate) fn visit(
        &self,
        wanted: &dyn Fn(&str) -> bool,
        visit: &mut Visit<'_>,
    ) -> Result<Vec<String>, SourceError> {
        match self {
            Self::Folder(folder) => {
                let names = listing::names_in(folder)?;
                for name in names.iter().filter(|name| wanted(name)) {
                    let (size, mut reader) = open_in_folder(folder, name)?;
                    visit(name, size, &mut reader)?;
                }
                Ok(names)
            }
            Self::Archive(file) => {
                let mut stream = open_archive(file)?;
                let mut names = Vec::new();
                while let Some(member) = stream.next_member().map_err(unpack(file))? {
                    if wanted(&member.name) {
                        visit(&member.name, member.size, &mut stream)?;
                    }
                    names.push(member.name);
                }
                Ok(names)
            }
        }
    }

    /// Opens the file `name`.
    ///
    /// # Errors
    /// When it is not there (any more) or the archive is damaged before it.
    pub(crate) fn open(&self, name: &str) -> Result<Box<dyn Read>, SourceError> {
        match self {
            Self::Folder(folder) => Ok(open_in_folder(folder, name)?.1),
            Self::Archive(file) => {
                let mut stream = open_archive(file)?;
                let mut names = Vec::new();
                while let Some(member) = stream.next_member().map_err(unpack(file))? {
                    if member.name == name {
                        return Ok(Box::new(stream));
                    }
                    names.push(member.name);
                }
                Err(self.missing(name, &names))
            }
        }
    }
}

fn open_in_folder(folder: &Path, name: &str) -> Result<(u64, Box<dyn Read>), SourceError> {
    let path = folder.join(name);
    let metadata = std::fs::metadata(&path).map_err(|source| SourceError::Io { path: path.clone(), source })?;
    Ok((metadata.len(), open_unpacked(&path)?))
}

fn open_archive(file: &Path) -> Result<TarStream<impl Read + use<>>, SourceError> {
    Ok(TarStream::new(open_unpacked(file)?.take(MAX_UNPACKED_BYTES)))
}

fn unpack(file: &Path) -> impl Fn(std::io::Error) -> SourceError + use<'_> {
    move |source| SourceError::Unpack { file: file.to_path_buf(), source }
}
