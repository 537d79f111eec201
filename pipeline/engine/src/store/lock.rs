//! Locks: one writer per fingerprint, no garbage collection under a run. A lock dies with its process.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use super::{Store, StoreError};
use crate::context::Interrupt;
use crate::fingerprint::Fingerprint;

/// How often a waiting step looks again.
const POLL: Duration = Duration::from_millis(20);

/// Holds a step while it is checked and run.
#[derive(Debug)]
pub(crate) struct StepLock {
    _file: File,
}

/// Holds the store while it is used or swept.
#[derive(Debug)]
pub(crate) struct StoreLock {
    _file: File,
}

impl Store {
    /// Waits until no other run holds the step; `None` when asked to stop meanwhile. `waiting` is called once when
    /// there is something to wait for.
    pub(crate) fn lock_step(
        &self,
        fingerprint: &Fingerprint,
        interrupt: &Interrupt,
        waiting: impl FnOnce(),
    ) -> Result<Option<StepLock>, StoreError> {
        let path = self.folder("locks").join(format!("{fingerprint}.lock"));
        let file = lock_file(&path)?;
        let mut waiting = Some(waiting);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(StepLock { _file: file })),
                Err(TryLockError::Error(error)) => return Err(StoreError::io("lock", path, error)),
                Err(TryLockError::WouldBlock) if interrupt.is_requested() => return Ok(None),
                Err(TryLockError::WouldBlock) => {
                    if let Some(waiting) = waiting.take() {
                        waiting();
                    }
                    pause();
                }
            }
        }
    }

    /// Keeps garbage collection away; waits for one under way.
    pub(crate) fn lock_shared(&self) -> Result<StoreLock, StoreError> {
        let path = self.folder("locks").join("store.lock");
        let file = lock_file(&path)?;
        file.lock_shared().map_err(|error| StoreError::io("lock", path, error))?;
        Ok(StoreLock { _file: file })
    }

    /// Keeps runs away; fails where one is under way.
    pub(super) fn lock_exclusive(&self) -> Result<StoreLock, StoreError> {
        let path = self.folder("locks").join("store.lock");
        let file = lock_file(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(StoreLock { _file: file }),
            Err(TryLockError::Error(error)) => Err(StoreError::io("lock", path, error)),
            Err(TryLockError::WouldBlock) => Err(StoreError::Busy { path: self.root.clone() }),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a lock of another process is no event one could wait for and be interrupted"
)]
fn pause() {
    std::thread::sleep(POLL);
}

pub(super) fn lock_file(path: &Path) -> Result<File, StoreError> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    options.open(path).map_err(|error| StoreError::io("open", path, error))
}
