//! Where artifacts, records and checkpoints are kept: artifacts by the hash of their content, steps by fingerprint.
//!
//! ```text
//! artifacts/DIGEST/            files and their listing, never changed after publishing
//! steps/FINGERPRINT.json       what a step made
//! latest/MANIFEST/STEP.json    which fingerprint a step of a manifest had last
//! checkpoints/FINGERPRINT/     intermediate state of steps that have not succeeded yet
//! ledger/*.parquet             one table per run
//! locks/ tmp/ quarantine/      two runs at once, writes under way, damaged artifacts
//! ```

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::artifact::ArtifactError;
use crate::checkpoint::Checkpoint;
use crate::digest::Digest;
use crate::fingerprint::Fingerprint;
use crate::step_record::{RECORD_VERSION, StepRecord};

mod collect;
mod lock;
mod publish;
mod resolve;
mod verify;

pub use collect::{Collected, Keep, Sweep};
pub(crate) use publish::Session;
pub use resolve::Listed;
pub use verify::{Fault, Problem};

const FOLDERS: [&str; 8] = ["artifacts", "steps", "latest", "checkpoints", "ledger", "locks", "tmp", "quarantine"];

/// The longest file name made from a step's id.
const NAME_LIMIT: usize = 180;

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file or folder of the store could not be read or written.
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
    /// An artifact could not be read or written.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// Another program works on the store.
    #[error("store {} is in use by a run; wait until it is over", path.display())]
    Busy {
        /// The store.
        path: PathBuf,
    },
    /// A name that nothing in the store has.
    #[error("nothing in the store is called `{name}`; {hint}")]
    Unknown {
        /// The name asked for.
        name: String,
        /// What could be asked for.
        hint: String,
    },
    /// A name that several things in the store have.
    #[error("`{name}` is ambiguous: it could be {}", candidates.join(", "))]
    Ambiguous {
        /// The name asked for.
        name: String,
        /// What it could be.
        candidates: Vec<String>,
    },
}

impl StoreError {
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Io { action, path: path.into(), source }
    }
}

/// Which fingerprint a step of a manifest had last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Latest {
    pub(crate) manifest: String,
    pub(crate) step: String,
    /// The last success.
    pub(crate) done: Option<Fingerprint>,
    /// A run that has begun since and not succeeded; its checkpoint is worth keeping.
    pub(crate) begun: Option<Fingerprint>,
}

/// A content-addressed store in a folder. Any number of runs may use one store at once.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// Opens the store in the folder `path`, making it where it is not there.
    ///
    /// # Errors
    /// When the folders cannot be made.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let root = path.into();
        for folder in FOLDERS {
            let folder = root.join(folder);
            fs::create_dir_all(&folder).map_err(|source| StoreError::io("make the folder", folder, source))?;
        }
        Ok(Self { root })
    }

    /// Returns where the store is.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Returns where the artifact with this digest is kept, whether or not it is there.
    pub fn artifact_path(&self, digest: Digest) -> PathBuf {
        self.folder("artifacts").join(digest.to_string())
    }

    /// Returns what a step made; a record of another version or a damaged one counts as none.
    pub fn record(&self, fingerprint: &Fingerprint) -> Option<StepRecord> {
        let record: StepRecord = read_json(&self.record_path(fingerprint))?;
        let known = record.record == RECORD_VERSION && record.fingerprint == *fingerprint;
        known.then_some(record)
    }

    /// Returns the record of the last success of a step.
    pub fn latest_record(&self, manifest: &str, step: &str) -> Option<StepRecord> {
        self.record(&self.latest(manifest, step)?.done?)
    }

    /// Returns the records of the last successes of all steps of a manifest, sorted by step.
    pub fn latest_records(&self, manifest: &str) -> Vec<StepRecord> {
        let all = self.all_latest().into_iter();
        all.filter(|latest| latest.manifest == manifest).filter_map(|latest| self.record(&latest.done?)).collect()
    }

    /// Returns the names of all manifests that have results.
    pub fn manifests(&self) -> Vec<String> {
        let mut names: Vec<String> = self.all_latest().into_iter().map(|latest| latest.manifest).collect();
        names.dedup();
        names
    }

    pub(crate) fn record_path(&self, fingerprint: &Fingerprint) -> PathBuf {
        self.folder("steps").join(format!("{fingerprint}.json"))
    }

    pub(crate) fn latest(&self, manifest: &str, step: &str) -> Option<Latest> {
        read_json(&self.latest_path(manifest, step))
    }

    pub(crate) fn latest_path(&self, manifest: &str, step: &str) -> PathBuf {
        let folder = self.folder("latest").join(file_name(manifest));
        folder.join(format!("{}.json", file_name(step)))
    }

    /// Returns every pointer of every manifest, sorted by manifest and step.
    pub(crate) fn all_latest(&self) -> Vec<Latest> {
        let manifests = entries(&self.folder("latest")).into_iter();
        let files = manifests.flat_map(|manifest| entries(&manifest));
        let mut all: Vec<Latest> = files.filter_map(|file| read_json(&file)).collect();
        all.sort_by(|a, b| (&a.manifest, &a.step).cmp(&(&b.manifest, &b.step)));
        all
    }

    pub(crate) fn checkpoint(&self, fingerprint: &Fingerprint) -> Checkpoint {
        Checkpoint::at(self.folder("checkpoints").join(fingerprint.to_string()))
    }

    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }
}

/// Returns the paths in a folder, sorted; an unreadable folder has none.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Returns a file name for any id: what could mean something to a file system is escaped, a long one ends in a hash.
fn file_name(id: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=[],".contains(c);
    let mut name = String::new();
    for (i, c) in id.char_indices() {
        if plain(c) || (c == '.' && i > 0) {
            name.push(c);
        } else {
            let mut buffer = [0; 4];
            let bytes = c.encode_utf8(&mut buffer).bytes();
            bytes.for_each(|byte| name.push_str(&format!("%{byte:02X}")));
        }
    }
    if name.len() > NAME_LIMIT {
        name.truncate(NAME_LIMIT);
        name.push_str(&format!("~{}", Digest::of(id.as_bytes()).short()));
    }
    name
}

#[cfg(test)]
mod tests;
