//! Garbage collection: what no latest step of a manifest leads to is removed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Store, StoreError, entries};
use crate::digest::Digest;
use crate::fingerprint::Fingerprint;

/// Whether a sweep removes or only tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sweep {
    /// Tells what would go.
    DryRun,
    /// Removes it.
    Remove,
}

/// What a sweep keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keep {
    /// The latest results of every manifest.
    Latest,
    /// The latest results of these manifests; the others are forgotten.
    LatestOf(Vec<String>),
}

/// What a sweep removed, or would remove.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Collected {
    /// The artifacts.
    pub artifacts: Vec<Digest>,
    /// The records of steps.
    pub steps: Vec<Fingerprint>,
    /// The checkpoints.
    pub checkpoints: Vec<Fingerprint>,
    /// The damaged artifacts in quarantine.
    pub quarantined: usize,
    /// The size of all files.
    pub bytes: u64,
}

#[derive(Default)]
struct Reachable {
    steps: BTreeSet<Fingerprint>,
    begun: BTreeSet<Fingerprint>,
    artifacts: BTreeSet<Digest>,
}

impl Store {
    /// Removes what is not kept.
    ///
    /// # Errors
    /// [`StoreError::Busy`] while a run uses the store, or when something cannot be removed.
    pub fn gc(&self, sweep: Sweep, keep: &Keep) -> Result<Collected, StoreError> {
        let _lock = self.lock_exclusive()?;
        let reachable = self.reachable(keep);
        let mut collected = Collected::default();
        let mut doomed: Vec<PathBuf> = self.forgotten(keep);
        for path in entries(&self.folder("artifacts")) {
            let digest = stem(&path).and_then(|name| name.parse().ok());
            if let Some(digest) = digest.filter(|digest| !reachable.artifacts.contains(digest)) {
                collected.artifacts.push(digest);
                doomed.push(path);
            }
        }
        for path in entries(&self.folder("steps")) {
            let step = stem(&path).and_then(|name| Fingerprint::parse(name).ok());
            if let Some(step) = step.filter(|step| !reachable.steps.contains(step)) {
                collected.steps.push(step);
                doomed.push(path);
            }
        }
        for path in entries(&self.folder("checkpoints")) {
            let step = stem(&path).and_then(|name| Fingerprint::parse(name).ok());
            if let Some(step) = step.filter(|step| !reachable.begun.contains(step)) {
                collected.checkpoints.push(step);
                doomed.push(path);
            }
        }
        // Nobody holds a step while the store is held.
        let locks = entries(&self.folder("locks")).into_iter();
        doomed.extend(locks.filter(|path| stem(path).is_some_and(|name| Fingerprint::parse(name).is_ok())));
        let quarantined = entries(&self.folder("quarantine"));
        collected.quarantined = quarantined.len();
        doomed.extend(quarantined);
        collected.bytes = doomed.iter().map(|path| size(path)).sum();
        match sweep {
            Sweep::DryRun => {}
            Sweep::Remove => doomed.iter().try_for_each(|path| remove(path))?,
        }
        Ok(collected)
    }

    fn reachable(&self, keep: &Keep) -> Reachable {
        let mut reachable = Reachable::default();
        for latest in self.all_latest() {
            if !kept(keep, &latest.manifest) {
                continue;
            }
            reachable.begun.extend(latest.begun);
            let Some(record) = latest.done.and_then(|done| self.record(&done)) else {
                continue;
            };
            reachable.steps.insert(record.fingerprint);
            let outputs = record.outputs.values();
            reachable.artifacts.extend(outputs.map(|output| output.digest));
        }
        reachable
    }

    /// Returns the pointers of manifests that are not kept.
    fn forgotten(&self, keep: &Keep) -> Vec<PathBuf> {
        let all = self.all_latest().into_iter();
        all.filter(|latest| !kept(keep, &latest.manifest))
            .map(|latest| self.latest_path(&latest.manifest, &latest.step))
            .collect()
    }
}

fn kept(keep: &Keep, manifest: &str) -> bool {
    match keep {
        Keep::Latest => true,
        Keep::LatestOf(manifests) => manifests.iter().any(|name| name == manifest),
    }
}

fn stem(path: &Path) -> Option<&str> {
    path.file_stem()?.to_str()
}

fn size(path: &Path) -> u64 {
    if path.is_dir() {
        return entries(path).iter().map(|entry| size(entry)).sum();
    }
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

fn remove(path: &Path) -> Result<(), StoreError> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.map_err(|error| StoreError::io("remove", path, error))
}
