//! A manifest: which stages run, with which params, and how their ports are joined.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, ManifestError, SourceText};

mod overlay;
mod shape;
pub(crate) mod spans;
mod summary;

pub(crate) use shape::{Form, InputEntry, StageEntry};
use spans::{Node, NodeValue};
pub use summary::SummaryLine;

/// The most bytes a manifest may have.
const MAX_BYTES: u64 = 1 << 20;

/// The manifest version this program reads.
const VERSION: i64 = 1;

/// A manifest read and laid over by its profile and overrides; names and types of stages are not yet checked.
#[derive(Debug, Clone)]
pub struct Manifest {
    path: PathBuf,
    name: String,
    description: String,
    seed: u64,
    profiles: Vec<String>,
    summary: Vec<SummaryLine>,
    pub(crate) stages: Vec<StageEntry>,
    pub(crate) sources: Vec<SourceText>,
}

impl Manifest {
    /// Reads the manifest at `path`, lays the profile over it and then every `PATH=VALUE` of `sets`.
    ///
    /// # Errors
    /// [`ManifestError`] with everything found wrong: the file, TOML syntax, unknown keys, wrong types, an unknown
    /// profile, a bad override.
    pub fn load(path: &Path, profile: Option<&str>, sets: &[String]) -> Result<Self, ManifestError> {
        let text = read(path).map_err(|error| ManifestError::new(vec![error], &[]))?;
        Self::parse(path, text, profile, sets)
    }

    /// Reads a manifest given as text; `path` is where it would stand, for messages and source paths.
    ///
    /// # Errors
    /// As [`Manifest::load`].
    pub fn parse(path: &Path, text: String, profile: Option<&str>, sets: &[String]) -> Result<Self, ManifestError> {
        let mut sources = vec![SourceText { name: path.display().to_string(), text }];
        sources.extend(sets.iter().map(|set| SourceText { name: "--set".to_owned(), text: set.clone() }));
        let fail = |errors| ManifestError::new(errors, &sources);
        let mut root = Node::parse(&sources[0].text, 0).map_err(fail)?;
        let mut errors = Vec::new();
        let profiles = shape::profiles(&root, &mut errors);
        if let Some(profile) = profile {
            lay_profile(&mut root, profile, &profiles, &mut errors);
        }
        for (i, set) in sets.iter().enumerate() {
            errors.extend(overlay::set(&mut root, set, i + 1).err());
        }
        let head = shape::head(&root, &mut errors);
        let stages = shape::stages(&root, &mut errors);
        let summary = summary::summary(&root, &stages, &mut errors);
        if !errors.is_empty() {
            return Err(fail(errors));
        }
        Ok(Self {
            path: path.to_owned(),
            name: head.name,
            description: head.description,
            seed: head.seed,
            profiles,
            summary,
            stages,
            sources,
        })
    }

    /// Returns where the manifest stands.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the folder that source paths are relative to.
    pub fn folder(&self) -> &Path {
        let parent = self.path.parent();
        parent.filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    /// Returns the name under which results are remembered.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the description, empty when there is none.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Returns the seed all steps' seeds are derived from.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Returns the names of all profiles.
    pub fn profiles(&self) -> &[String] {
        &self.profiles
    }

    /// Returns which results a run prints, empty for all of them.
    pub fn summary(&self) -> &[SummaryLine] {
        &self.summary
    }

    /// Returns the ids and kinds of all stages, in the manifest's order.
    pub fn stages(&self) -> Vec<(&str, &str)> {
        let stages = self.stages.iter();
        stages.map(|stage| (stage.id.text.as_str(), stage.kind.text.as_str())).collect()
    }
}

fn read(path: &Path) -> Result<String, Diagnostic> {
    let cannot = |error: std::io::Error| Diagnostic::new(format!("cannot read manifest {}: {error}", path.display()));
    let mut text = String::new();
    let file = File::open(path).map_err(cannot)?;
    let read = file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(cannot)?;
    if read as u64 > MAX_BYTES {
        return Err(Diagnostic::new(format!("manifest {} is larger than {MAX_BYTES} bytes", path.display())));
    }
    Ok(text)
}

fn lay_profile(root: &mut Node, name: &str, known: &[String], errors: &mut Vec<Diagnostic>) {
    let profile = root.get("profile").and_then(|all| all.value.get(name));
    let Some(profile) = profile.map(|entry| entry.value.clone()) else {
        let names = known.iter().map(String::as_str);
        let error = Diagnostic::new(format!("there is no profile `{name}`"));
        errors.push(match known {
            [] => error.help("the manifest has no profiles"),
            _ => error.did_you_mean(name, names),
        });
        return;
    };
    if matches!(profile.value, NodeValue::Table(_)) {
        overlay::merge(root, profile);
    }
}

#[cfg(test)]
mod tests;
