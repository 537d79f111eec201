//! Writing into the store: everything is made under `tmp/` and appears by one rename.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use super::lock::lock_file;
use super::{Latest, Store, StoreError, entries};
use crate::digest::Digest;
use crate::folder::{Folder, sync_folder, write_synced};
use crate::step_record::StepRecord;

/// How often publishing tries to get past others that publish the same content.
const ATTEMPTS: usize = 16;

/// A process's own place under `tmp/`, marked as alive by a lock; removed on drop or by the next session.
#[derive(Debug)]
pub(crate) struct Session {
    folder: PathBuf,
    mark: PathBuf,
    _lock: File,
    next: AtomicU64,
}

impl Store {
    /// Starts a session and removes what dead ones have left.
    pub(crate) fn session(&self) -> Result<Session, StoreError> {
        let tmp = self.folder("tmp");
        // Between making a mark and locking it nobody may take it for dead.
        let door = lock_file(&self.folder("locks").join("tmp.lock"))?;
        door.lock().map_err(|error| StoreError::io("lock", &tmp, error))?;
        remove_dead(&tmp);
        let folder = tempfile::Builder::new()
            .prefix("run-")
            .tempdir_in(&tmp)
            .map_err(|error| StoreError::io("make a folder in", &tmp, error))?
            .keep();
        let mark = folder.with_extension("lock");
        let lock = lock_file(&mark)?;
        lock.lock().map_err(|error| StoreError::io("lock", &mark, error))?;
        Ok(Session { folder, mark, _lock: lock, next: AtomicU64::new(0) })
    }

    /// Moves a sealed folder to its place and returns it there. Content that is there already stays, if it is sound.
    pub(crate) fn publish(&self, sealed: &Folder) -> Result<Folder, StoreError> {
        let target = self.artifact_path(sealed.digest());
        for _ in 0..ATTEMPTS {
            if target.exists() {
                match self.verified(sealed.digest()) {
                    Ok(folder) => return Ok(folder),
                    Err(_) => self.quarantine(sealed.digest())?,
                }
            }
            match fs::rename(sealed.path(), &target) {
                Ok(()) => {
                    sync_folder(&self.folder("artifacts"))?;
                    return Ok(Folder::open(target)?);
                }
                Err(error) if occupied(error.kind()) => {}
                Err(error) => return Err(StoreError::io("publish", target, error)),
            }
        }
        let error = std::io::Error::from(ErrorKind::AlreadyExists);
        Err(StoreError::io("publish", target, error))
    }

    /// Moves a damaged artifact out of the way.
    pub(crate) fn quarantine(&self, digest: Digest) -> Result<(), StoreError> {
        let quarantine = self.folder("quarantine");
        let source = self.artifact_path(digest);
        for number in 0_u32.. {
            let target = quarantine.join(format!("{digest}.{number}"));
            match fs::rename(&source, &target) {
                Ok(()) => break,
                Err(error) if error.kind() == ErrorKind::NotFound => break,
                Err(error) if occupied(error.kind()) => {}
                Err(error) => return Err(StoreError::io("move to quarantine", source, error)),
            }
        }
        Ok(())
    }

    pub(crate) fn write_record(&self, session: &Session, record: &StepRecord) -> Result<(), StoreError> {
        session.write_json(&self.record_path(&record.fingerprint), record)
    }

    /// Points a step of a manifest at a fingerprint; an unchanged pointer is not written again.
    pub(crate) fn write_latest(&self, session: &Session, latest: &Latest) -> Result<(), StoreError> {
        if self.latest(&latest.manifest, &latest.step).as_ref() == Some(latest) {
            return Ok(());
        }
        let path = self.latest_path(&latest.manifest, &latest.step);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| StoreError::io("make the folder", folder, error))?;
        }
        session.write_json(&path, latest)
    }
}

impl Store {
    /// Forgets the steps of a manifest that are not among `steps`: they were renamed or removed.
    pub(crate) fn forget_others(&self, manifest: &str, steps: &[&str]) -> Result<(), StoreError> {
        for latest in self.all_latest() {
            if latest.manifest == manifest && !steps.contains(&latest.step.as_str()) {
                let path = self.latest_path(manifest, &latest.step);
                fs::remove_file(&path).map_err(|error| StoreError::io("remove", path, error))?;
            }
        }
        Ok(())
    }
}

fn occupied(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty)
}

/// Removes the folders whose mark nobody holds. What cannot be removed is left for the next time.
fn remove_dead(tmp: &Path) {
    let marks = entries(tmp).into_iter();
    for mark in marks.filter(|path| path.extension().is_some_and(|e| e == "lock")) {
        let dead = lock_file(&mark).is_ok_and(|file| file.try_lock().is_ok());
        if dead {
            let _ = fs::remove_dir_all(mark.with_extension(""));
            let _ = fs::remove_file(&mark);
        }
    }
    let folders = entries(tmp).into_iter().filter(|path| path.is_dir());
    for orphan in folders.filter(|path| !path.with_extension("lock").exists()) {
        let _ = fs::remove_dir_all(orphan);
    }
}

impl Session {
    /// Makes a new empty folder.
    pub(crate) fn folder(&self) -> Result<PathBuf, StoreError> {
        let path = self.unused();
        fs::create_dir(&path).map_err(|error| StoreError::io("make the folder", &path, error))?;
        Ok(path)
    }

    /// Returns a path of the session that nothing has.
    pub(crate) fn unused(&self) -> PathBuf {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.folder.join(number.to_string())
    }

    /// Writes a file that is either wholly there or not at all.
    pub(crate) fn write_json(&self, path: &Path, value: &impl Serialize) -> Result<(), StoreError> {
        let error = |source| StoreError::io("write", path, source);
        let mut bytes = serde_json::to_vec_pretty(value).map_err(|e| error(e.into()))?;
        bytes.push(b'\n');
        let half = self.unused();
        write_synced(&half, &bytes)?;
        fs::rename(&half, path).map_err(error)?;
        match path.parent() {
            Some(folder) => Ok(sync_folder(folder)?),
            None => Ok(()),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A failure leaves files that the next session removes.
        let _ = fs::remove_dir_all(&self.folder);
        let _ = fs::remove_file(&self.mark);
    }
}
