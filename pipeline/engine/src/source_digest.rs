//! The content of raw files and folders, hashed once as long as size and time of change stay the same.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::store::{Session, Store, StoreError};

/// A file changed this recently may change again within the same tick of the clock: its digest is not remembered.
const SETTLED: Duration = Duration::from_secs(2);

/// A file as it was when it was hashed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    bytes: u64,
    modified_ns: u64,
    digest: Digest,
}

/// The digests of raw files, remembered in the store by path, size and time of change.
#[derive(Debug)]
pub(crate) struct SourceDigests {
    path: PathBuf,
    seen: Mutex<BTreeMap<PathBuf, Seen>>,
    known: BTreeMap<PathBuf, Seen>,
}

impl SourceDigests {
    pub(crate) fn load(store: &Store) -> Self {
        let path = store.path().join("sources.json");
        let known: BTreeMap<PathBuf, Seen> =
            fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        Self { path, seen: Mutex::new(known.clone()), known }
    }

    /// Returns the digest of a file's bytes, or of a folder's names and files.
    pub(crate) fn of(&self, path: &Path) -> Result<Digest, StoreError> {
        let error = |source| StoreError::io("read the source", path, source);
        let path = fs::canonicalize(path).map_err(error)?;
        if path.is_file() {
            return self.file(&path).map_err(error);
        }
        let mut files = Vec::new();
        walk(&path, &mut files).map_err(error)?;
        files.sort();
        let line = |file: &PathBuf| {
            let name = file.strip_prefix(&path).unwrap_or(file).to_string_lossy().into_owned();
            let digest = self.file(file).map_err(|e| StoreError::io("read the source", file, e))?;
            Ok(format!("{digest} {}\n", name.escape_default()))
        };
        let lines: Vec<String> = files.par_iter().map(line).collect::<Result<_, StoreError>>()?;
        Ok(Digest::of(format!("folder\n{}", lines.concat()).as_bytes()))
    }

    fn file(&self, path: &Path) -> io::Result<Digest> {
        let metadata = fs::metadata(path)?;
        let modified = metadata.modified()?;
        let bytes = metadata.len();
        let modified_ns = nanoseconds(modified);
        let known = self.known.get(path);
        if let Some(seen) = known.filter(|seen| (seen.bytes, seen.modified_ns) == (bytes, modified_ns)) {
            return Ok(seen.digest);
        }
        let (digest, _) = Digest::of_file(path)?;
        let age = SystemTime::now().duration_since(modified).unwrap_or_default();
        if age > SETTLED {
            let seen = Seen { bytes, modified_ns, digest };
            let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            all.insert(path.to_owned(), seen);
        }
        Ok(digest)
    }

    /// Remembers what was hashed, if anything was.
    pub(crate) fn save(&self, store: &Store) -> Result<(), StoreError> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == self.known {
            return Ok(());
        }
        let session: Session = store.session()?;
        session.write_json(&self.path, &*seen)
    }
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_its_names_and_contents_and_not_its_place() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(root.path().join("store")).unwrap();
        let digests = SourceDigests::load(&store);
        let make = |folder: &str, name: &str, text: &str| {
            let inner = root.path().join(folder).join("inner");
            fs::create_dir_all(&inner).unwrap();
            fs::write(inner.join(name), text).unwrap();
            digests.of(&root.path().join(folder)).unwrap()
        };
        let first = make("a", "x", "1");
        assert_eq!(first, make("b", "x", "1"));
        assert_ne!(first, make("c", "y", "1"));
        assert_ne!(first, make("d", "x", "2"));
    }

    #[test]
    fn a_remembered_file_is_hashed_again_when_its_size_changes() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(root.path().join("store")).unwrap();
        let path = root.path().join("raw");
        fs::write(&path, "one").unwrap();
        let old = SystemTime::now() - Duration::from_secs(60);
        fs::File::open(&path).unwrap().set_modified(old).unwrap();
        let digests = SourceDigests::load(&store);
        let first = digests.of(&path).unwrap();
        digests.save(&store).unwrap();
        let again = SourceDigests::load(&store);
        assert_eq!(again.known.len(), 1);
        fs::write(&path, "three").unwrap();
        assert_ne!(again.of(&path).unwrap(), first);
    }
}
