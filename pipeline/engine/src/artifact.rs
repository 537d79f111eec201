//! What an artifact is: a typed value between stages, stored as a folder.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::folder::{Folder, FolderWriter};
use crate::table::TableError;

/// A typed value between stages. Two types may share one format: they are views of the same folder.
pub trait Artifact: Send + Sync + Sized + 'static {
    /// The format's name in kebab-case; ports are matched by it.
    const FORMAT: &'static str;
    /// The format's version; raised when a reader of the previous one would misread the folder.
    const VERSION: u32;
    /// What the artifact holds, in one line.
    const SUMMARY: &'static str;
}

/// An artifact that can be read from its folder.
pub trait Open: Artifact {
    /// Opens the artifact; may keep the folder and read lazily.
    ///
    /// # Errors
    /// When a file is missing or does not hold what the format promises.
    fn open(folder: &Folder) -> Result<Self, ArtifactError>;
}

/// An artifact that can be written into a folder.
pub trait Publish: Artifact {
    /// Writes the artifact; the same value must write the same bytes.
    ///
    /// # Errors
    /// When a file cannot be written.
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError>;
}

/// The name and version of a format, as ports and artifact folders carry it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Format {
    /// The name, [`Artifact::FORMAT`].
    pub name: String,
    /// The version, [`Artifact::VERSION`].
    pub version: u32,
}

impl Format {
    /// Returns the format of `A`.
    pub fn of<A: Artifact>() -> Self {
        Self { name: A::FORMAT.to_owned(), version: A::VERSION }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} v{}", self.name, self.version)
    }
}

/// Why an artifact could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// A file or folder could not be read or written.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file the format promises is not in the folder.
    #[error("file `{file}` is missing in {}", folder.display())]
    MissingFile {
        /// The name inside the folder.
        file: String,
        /// The folder.
        folder: PathBuf,
    },
    /// The folder holds another format than wanted.
    #[error("wanted an artifact of format `{wanted}`, found `{found}` in {}", folder.display())]
    WrongFormat {
        /// The format asked for.
        wanted: String,
        /// The format in the folder.
        found: String,
        /// The folder.
        folder: PathBuf,
    },
    /// The folder's format has another version than this program reads.
    #[error(
        "format `{format}` version {found} in {} cannot be read: this program knows version {known}; run the stage again",
        folder.display()
    )]
    WrongVersion {
        /// The format's name.
        format: String,
        /// The version in the folder.
        found: u32,
        /// The version this program knows.
        known: u32,
        /// The folder.
        folder: PathBuf,
    },
    /// A file name that a folder cannot hold, or holds already.
    #[error("file name `{file}` is {reason}")]
    BadName {
        /// The name as given.
        file: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A file was opened for writing and never finished.
    #[error("file `{file}` was not finished: call `finish` on its writer")]
    Unfinished {
        /// The name inside the folder.
        file: String,
    },
    /// A table could not be read or written.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The content breaks a promise of the format.
    #[error("{format}: {message}")]
    Content {
        /// The format's name.
        format: &'static str,
        /// What was wanted and what was found.
        message: String,
        /// The error underneath, if any.
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
}

impl ArtifactError {
    /// Returns a [`ArtifactError::Content`] of format `A`: what was wanted and what was found.
    pub fn content<A: Artifact>(message: impl Into<String>) -> Self {
        Self::Content { format: A::FORMAT, message: message.into(), source: None }
    }

    /// Returns a [`ArtifactError::Content`] of format `A` with the error underneath.
    pub fn caused<A: Artifact>(message: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Content { format: A::FORMAT, message: message.into(), source: Some(source.into()) }
    }

    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Io { action, path: path.into(), source }
    }
}
