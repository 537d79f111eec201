//! Which manifest a command is about, and what is laid over it.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use engine::{Manifest, Plan, Store};

use crate::error::CommandError;

/// Where a manifest is looked for when the folder has none.
const FALLBACK: &str = "pipeline/manifests/quickstart.toml";

/// What is laid over a manifest.
#[derive(Debug, Args)]
pub(crate) struct OverlayArgs {
    /// Lay this profile of the manifest over it
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,

    /// Set a value, such as stage.search.params.generations=5 (repeatable; laid over the profile)
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
}

impl OverlayArgs {
    /// Reads the manifest at `path`.
    ///
    /// # Errors
    /// When it cannot be read or is wrong.
    pub(crate) fn load(&self, path: &Path) -> Result<Manifest, CommandError> {
        Ok(Manifest::load(path, self.profile.as_deref(), &self.set)?)
    }

    /// Returns the plan of the manifest at `path`.
    ///
    /// # Errors
    /// When the manifest is wrong or the store cannot be read.
    pub(crate) fn plan(&self, path: &Path, store: &Store) -> Result<Plan, CommandError> {
        Ok(Plan::new(&self.load(path)?, &stages::registry(), store)?)
    }
}

/// A manifest that need not be named where it can be found.
#[derive(Debug, Args)]
pub(crate) struct ManifestArgs {
    /// The manifest; by default the only one in the current folder, or pipeline/manifests/quickstart.toml
    #[arg(value_name = "MANIFEST")]
    manifest: Option<PathBuf>,

    #[command(flatten)]
    overlay: OverlayArgs,
}

impl ManifestArgs {
    /// Returns the plan of the manifest.
    ///
    /// # Errors
    /// When there is no manifest, it is wrong, or the store cannot be read.
    pub(crate) fn plan(&self, store: &Store) -> Result<Plan, CommandError> {
        self.overlay.plan(&named_or_found(self.manifest.as_deref())?, store)
    }
}

/// Returns the manifest that was named, or else the one that can be meant.
///
/// # Errors
/// When none or several can be meant.
pub(crate) fn named_or_found(named: Option<&Path>) -> Result<PathBuf, CommandError> {
    if let Some(path) = named {
        return Ok(path.to_owned());
    }
    let mut found = manifests_in(Path::new("."));
    if found.is_empty() && Path::new(FALLBACK).is_file() {
        found.push(PathBuf::from(FALLBACK));
    }
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(CommandError::usage_with_help(
            "wanted a manifest, found none in the current folder",
            "name one, or write a first one with `shiftaddnas init`",
        )),
        [..] => {
            let names: Vec<String> = found.iter().map(|path| path.display().to_string()).collect();
            Err(CommandError::usage_with_help(
                format!("wanted one manifest, found `{}` in the current folder", names.join("`, `")),
                "name the one that is meant",
            ))
        }
    }
}

/// Returns the TOML files of a folder that name stages, sorted.
fn manifests_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.file_name().into())
        .filter(|path: &PathBuf| path.extension().is_some_and(|extension| extension == "toml"))
        .filter(|path| names_stages(&folder.join(path)))
        .collect();
    found.sort();
    found
}

fn names_stages(path: &Path) -> bool {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().any(|line| line.trim_start().starts_with("[stage."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_that_name_stages_can_be_meant() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("Cargo.toml", "[package]\nname = \"stage\"\n");
        write("letters.toml", "version = 1\n\n[stage.count]\nkind = \"command\"\n");
        write("notes.txt", "[stage.count]\n");
        assert_eq!(manifests_in(folder.path()), [PathBuf::from("letters.toml")]);
    }

    #[test]
    fn a_named_manifest_is_taken_as_it_is() {
        assert_eq!(named_or_found(Some(Path::new("a/b.toml"))).unwrap(), PathBuf::from("a/b.toml"));
    }
}
