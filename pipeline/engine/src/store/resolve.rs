//! From a name a person writes to an artifact.

use serde::Serialize;

use super::{Store, StoreError};
use crate::artifact::Format;
use crate::digest::Digest;
use crate::folder::Folder;

/// The fewest digits of a digest that count as a name.
const PREFIX: usize = 6;

/// A latest output of a manifest's step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// The manifest's name.
    pub manifest: String,
    /// The step's id.
    pub step: String,
    /// The output port.
    pub port: String,
    /// The format.
    pub format: Format,
    /// The digest of the content.
    pub digest: Digest,
    /// The size of all files.
    pub bytes: u64,
}

impl Listed {
    fn name(&self) -> String {
        format!("{}.{} of manifest {}", self.step, self.port, self.manifest)
    }
}

impl Store {
    /// Returns all latest outputs, of one manifest or of all.
    pub fn ls(&self, manifest: Option<&str>) -> Vec<Listed> {
        let mut all = Vec::new();
        for latest in self.all_latest() {
            let wanted = manifest.is_none_or(|name| name == latest.manifest);
            let record = latest.done.filter(|_| wanted).and_then(|done| self.record(&done));
            for (port, output) in record.map(|record| record.outputs).unwrap_or_default() {
                all.push(Listed {
                    manifest: latest.manifest.clone(),
                    step: latest.step.clone(),
                    port,
                    format: output.format,
                    digest: output.digest,
                    bytes: output.bytes,
                });
            }
        }
        all
    }

    /// Opens the artifact called `step.port`, `step` (if it has one output) or by the first digits of its digest.
    ///
    /// # Errors
    /// [`StoreError::Unknown`], [`StoreError::Ambiguous`], or when the folder cannot be opened.
    pub fn resolve(&self, name: &str, manifest: Option<&str>) -> Result<Folder, StoreError> {
        let listed = self.ls(manifest);
        let named = |listed: &&Listed| listed.step == name || format!("{}.{}", listed.step, listed.port) == name;
        let found: Vec<&Listed> = listed.iter().filter(named).collect();
        let mut digests: Vec<Digest> = found.iter().map(|listed| listed.digest).collect();
        let mut candidates: Vec<String> = found.iter().map(|listed| listed.name()).collect();
        let digits = name.len() >= PREFIX && name.bytes().all(|c| c.is_ascii_hexdigit());
        if digests.is_empty() && digits {
            digests = self.digests();
            digests.retain(|digest| digest.to_string().starts_with(name));
            candidates = digests.iter().map(Digest::to_string).collect();
        }
        digests.dedup();
        match digests.as_slice() {
            [digest] => Ok(Folder::open(self.artifact_path(*digest))?),
            [] => Err(StoreError::Unknown { name: name.to_owned(), hint: hint(name, &listed) }),
            [..] => Err(StoreError::Ambiguous { name: name.to_owned(), candidates }),
        }
    }
}

fn hint(name: &str, listed: &[Listed]) -> String {
    let names = listed.iter().map(|listed| format!("{}.{}", listed.step, listed.port));
    let best = names.map(|known| (strsim::jaro_winkler(name, &known), known)).max_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        Some((score, known)) if score > 0.7 => format!("did you mean `{known}`?"),
        Some(_) => "`ls` tells all names".to_owned(),
        None => "nothing has been made yet".to_owned(),
    }
}
