//! What is remembered of a successful step.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::artifact::Format;
use crate::context::{Gate, Headline, Verdict};
use crate::digest::Digest;
use crate::fingerprint::{Fingerprint, Recipe};

/// The version of the record's JSON; another one is taken for no record.
pub(crate) const RECORD_VERSION: u32 = 1;

/// What a step made, from what, and how it went. Stored as `steps/FINGERPRINT.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepRecord {
    /// The version of this structure.
    pub record: u32,
    /// The step's id when it ran.
    pub step: String,
    /// The hash of the recipe.
    pub fingerprint: Fingerprint,
    /// Everything the outputs depend on.
    pub recipe: Recipe,
    /// What was made, by port.
    pub outputs: BTreeMap<String, RecordedOutput>,
    /// The results worth a line.
    pub headlines: Vec<Headline>,
    /// The judgements.
    pub gates: Vec<Gate>,
    /// How the run went; never part of a fingerprint.
    pub provenance: Provenance,
}

/// One output of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedOutput {
    /// The format.
    pub format: Format,
    /// The digest of the content, which is also the folder's name.
    pub digest: Digest,
    /// The size of all files.
    pub bytes: u64,
}

/// Where, when and how long a step ran.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Milliseconds since 1970.
    pub started_ms: u64,
    /// How long it ran.
    pub seconds: f64,
    /// The device asked for.
    pub device: String,
    /// How many threads it could use.
    pub threads: usize,
    /// The machine's name.
    pub host: String,
    /// The engine's version.
    pub engine: String,
}

impl StepRecord {
    /// Returns the gates that failed.
    pub fn failed_gates(&self) -> impl Iterator<Item = &Gate> {
        self.gates.iter().filter(|gate| gate.verdict == Verdict::Failed)
    }
}
