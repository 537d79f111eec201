//! Whether an artifact is what its digest says.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;

use rayon::prelude::*;
use serde::Serialize;

use super::{Store, entries};
use crate::digest::Digest;
use crate::folder::{FileEntry, Folder, LISTING};

/// What is wrong with a stored artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Problem {
    /// The folder is not there.
    Missing {
        /// The artifact.
        digest: Digest,
    },
    /// The listing is unreadable or another one.
    Listing {
        /// The artifact.
        digest: Digest,
        /// What was found.
        found: String,
    },
    /// A file is missing, has another size or other content, or does not belong there.
    File {
        /// The artifact.
        digest: Digest,
        /// The file's name.
        file: String,
        /// What is wrong with it.
        fault: Fault,
    },
}

/// What is wrong with a file of an artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// It is not there.
    Missing,
    /// It has another size.
    Size {
        /// The size in the listing.
        wanted: u64,
        /// The size on the disk.
        found: u64,
    },
    /// It has other content.
    Content,
    /// The listing does not name it.
    Unlisted,
}

impl Problem {
    /// Returns the artifact's digest.
    pub fn digest(&self) -> Digest {
        match self {
            Self::Missing { digest } | Self::Listing { digest, .. } | Self::File { digest, .. } => *digest,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "artifact {} ", self.digest().short())?;
        match self {
            Self::Missing { .. } => f.write_str("is missing"),
            Self::Listing { found, .. } => write!(f, "has a damaged listing: {found}"),
            Self::File { file, fault, .. } => match fault {
                Fault::Missing => write!(f, "has lost its file `{file}`"),
                Fault::Size { wanted, found } => {
                    write!(f, "is damaged: `{file}` has {found} bytes, wanted {wanted}")
                }
                Fault::Content => write!(f, "is damaged: `{file}` has other content"),
                Fault::Unlisted => write!(f, "holds a file `{file}` that is not its own"),
            },
        }
    }
}

impl Store {
    /// Opens an artifact after a look at its listing and sizes; contents are not hashed.
    ///
    /// # Errors
    /// The first [`Problem`] found.
    pub fn glance(&self, digest: Digest) -> Result<Folder, Problem> {
        let path = self.artifact_path(digest);
        if !path.is_dir() {
            return Err(Problem::Missing { digest });
        }
        let listing = |found: String| Problem::Listing { digest, found };
        let folder = Folder::open(&path).map_err(|error| listing(error.to_string()))?;
        if folder.digest() != digest {
            return Err(listing(format!("its hash is {}", folder.digest().short())));
        }
        for file in &folder.listing().files {
            check_size(&folder, file)?;
        }
        Ok(folder)
    }

    /// Opens an artifact after hashing all of it.
    ///
    /// # Errors
    /// The first [`Problem`] found.
    pub fn verified(&self, digest: Digest) -> Result<Folder, Problem> {
        let folder = self.glance(digest)?;
        let files = &folder.listing().files;
        let content = |file: &FileEntry| check_content(&folder, file);
        files.par_iter().try_for_each(content)?;
        let listed: BTreeSet<&str> = files.iter().map(|file| file.name.as_str()).collect();
        for path in entries(folder.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name != LISTING && !listed.contains(name.as_ref()) {
                return Err(problem(&folder, &name, Fault::Unlisted));
            }
        }
        Ok(folder)
    }

    /// Hashes every artifact and returns what is wrong; also artifacts that a latest step has lost.
    pub fn verify(&self) -> Vec<Problem> {
        let stored: BTreeSet<Digest> = self.digests().into_iter().collect();
        let wanted = self.all_latest().into_iter().filter_map(|latest| self.record(&latest.done?));
        let outputs = wanted.flat_map(|record| record.outputs.into_values());
        let lost = outputs.map(|output| output.digest).filter(|digest| !stored.contains(digest));
        let lost: BTreeSet<Digest> = lost.collect();
        let broken = stored.par_iter().filter_map(|digest| self.verified(*digest).err());
        let mut problems: Vec<Problem> = broken.collect();
        problems.extend(lost.into_iter().map(|digest| Problem::Missing { digest }));
        problems
    }

    /// Returns the digests of all artifacts, by the names of their folders.
    pub(super) fn digests(&self) -> Vec<Digest> {
        let names = entries(&self.folder("artifacts")).into_iter();
        names.filter_map(|path| path.file_name()?.to_str()?.parse().ok()).collect()
    }
}

fn problem(folder: &Folder, file: &str, fault: Fault) -> Problem {
    Problem::File { digest: folder.digest(), file: file.to_owned(), fault }
}

fn check_size(folder: &Folder, file: &FileEntry) -> Result<(), Problem> {
    match fs::metadata(folder.path().join(&file.name)) {
        Ok(found) if found.len() == file.bytes => Ok(()),
        Ok(found) => {
            let (wanted, found) = (file.bytes, found.len());
            Err(problem(folder, &file.name, Fault::Size { wanted, found }))
        }
        Err(_) => Err(problem(folder, &file.name, Fault::Missing)),
    }
}

fn check_content(folder: &Folder, file: &FileEntry) -> Result<(), Problem> {
    match Digest::of_file(&folder.path().join(&file.name)) {
        Ok((digest, _)) if digest == file.digest => Ok(()),
        Ok(_) => Err(problem(folder, &file.name, Fault::Content)),
        Err(_) => Err(problem(folder, &file.name, Fault::Missing)),
    }
}
