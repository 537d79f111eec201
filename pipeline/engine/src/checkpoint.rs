//! Intermediate state of a long step, kept under its fingerprint until the step succeeds.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::artifact::ArtifactError;
use crate::folder::sync_folder;
use crate::stage::StageError;

/// The prefix of a checkpoint being written.
const HALF: &str = "half";

/// A place for intermediate state: the newest complete save wins, a half-written one is never seen.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    folder: PathBuf,
}

impl Checkpoint {
    /// Returns the checkpoint in `folder`, which need not exist.
    pub(crate) fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Returns the folder of the newest complete save.
    pub fn load(&self) -> Option<PathBuf> {
        self.saves().pop().map(|number| self.numbered(number))
    }

    /// Lets `write` fill an empty folder, then makes it the newest save and removes older ones.
    ///
    /// # Errors
    /// Whatever `write` returns, or when the folder cannot be written; the previous save stays then.
    pub fn save(&self, write: impl FnOnce(&Path) -> Result<(), StageError>) -> Result<(), StageError> {
        let half = self.folder.join(HALF);
        let prepare = || {
            remove(&half)?;
            fs::create_dir_all(&half)
        };
        prepare().map_err(|e| ArtifactError::io("make the folder", &half, e))?;
        write(&half)?;
        let known = self.saves();
        let next = self.numbered(known.last().map_or(1, |last| last + 1));
        let publish = || {
            sync_all(&half)?;
            fs::rename(&half, &next)
        };
        publish().map_err(|e| ArtifactError::io("publish the checkpoint", &next, e))?;
        sync_folder(&self.folder)?;
        for number in known {
            let old = self.numbered(number);
            remove(&old).map_err(|e| ArtifactError::io("remove", &old, e))?;
        }
        Ok(())
    }

    /// Removes everything saved.
    pub(crate) fn clear(&self) -> Result<(), ArtifactError> {
        remove(&self.folder).map_err(|e| ArtifactError::io("remove", &self.folder, e))
    }

    fn numbered(&self, number: u64) -> PathBuf {
        self.folder.join(number.to_string())
    }

    /// Returns the numbers of all complete saves, oldest first.
    fn saves(&self) -> Vec<u64> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut numbers: Vec<u64> = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        numbers.sort_unstable();
        numbers
    }
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn sync_all(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_all(&entry.path())?;
        } else {
            File::open(entry.path())?.sync_all()?;
        }
    }
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(text: &'static str) -> impl FnOnce(&Path) -> Result<(), StageError> {
        move |folder| fs::write(folder.join("state"), text).map_err(|e| StageError::caused("cannot write the state", e))
    }

    fn state(checkpoint: &Checkpoint) -> Option<String> {
        let folder = checkpoint.load()?;
        Some(fs::read_to_string(folder.join("state")).unwrap())
    }

    #[test]
    fn the_newest_save_wins_and_older_ones_go() {
        let root = tempfile::tempdir().unwrap();
        let checkpoint = Checkpoint::at(root.path().join("c"));
        assert_eq!(state(&checkpoint), None);
        checkpoint.save(write("one")).unwrap();
        checkpoint.save(write("two")).unwrap();
        assert_eq!(state(&checkpoint).as_deref(), Some("two"));
        assert_eq!(fs::read_dir(root.path().join("c")).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_save_keeps_the_previous_one() {
        let root = tempfile::tempdir().unwrap();
        let checkpoint = Checkpoint::at(root.path().join("c"));
        checkpoint.save(write("one")).unwrap();
        let failed = checkpoint.save(|folder| {
            fs::write(folder.join("state"), "half").unwrap();
            Err(StageError::Interrupted)
        });
        assert!(failed.is_err());
        assert_eq!(state(&checkpoint).as_deref(), Some("one"));
    }

    #[test]
    fn clearing_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let checkpoint = Checkpoint::at(root.path().join("c"));
        checkpoint.save(write("one")).unwrap();
        checkpoint.clear().unwrap();
        checkpoint.clear().unwrap();
        assert!(!root.path().join("c").exists());
    }
}
