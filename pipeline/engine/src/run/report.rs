//! What a run has to say at its end.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::artifact::Format;
use crate::context::{Gate, Headline};
use crate::digest::Digest;
use crate::fingerprint::Fingerprint;
use crate::stale::StaleReason;

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It ran and its outputs are published.
    Ran,
    /// Its outputs were there.
    Fresh,
    /// It made nothing.
    Failed,
    /// Its outputs are there, now or from before, but a gate failed: dependents did not run.
    GateFailed,
    /// It was not looked at because of another step.
    Skipped,
    /// It was stopped and can go on later.
    Interrupted,
}

impl State {
    /// Returns the name as the ledger has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ran => "ran",
            Self::Fresh => "fresh",
            Self::Failed => "failed",
            Self::GateFailed => "gate-failed",
            Self::Skipped => "skipped",
            Self::Interrupted => "interrupted",
        }
    }

    pub(super) fn feeds_dependents(self) -> bool {
        match self {
            Self::Ran | Self::Fresh => true,
            Self::Failed | Self::GateFailed | Self::Skipped | Self::Interrupted => false,
        }
    }
}

/// Whose turn it is after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// The user's: the manifest asks for what cannot be.
    Usage,
    /// What was asked for cannot be had: no result is within a limit.
    Unmet,
    /// The raw data's.
    Source,
    /// The stage's or its environment's.
    Stage,
    /// Ours: the stage panicked or broke the engine's contract.
    Bug,
}

/// One output of a step in a report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutputReport {
    /// The format.
    pub format: Format,
    /// The digest of the content.
    pub digest: Digest,
    /// Where it is.
    pub folder: PathBuf,
    /// The size of all files.
    pub bytes: u64,
}

/// One step in a report.
#[derive(Debug, Clone, Serialize)]
pub struct StepReport {
    /// The step's id.
    pub id: String,
    /// The stage's kind.
    pub kind: String,
    /// How it ended.
    pub state: State,
    /// Why it ran, if it did.
    pub reasons: Vec<StaleReason>,
    /// The hash of its recipe, if its inputs were known.
    pub fingerprint: Option<Fingerprint>,
    /// How long it took in this run.
    pub seconds: f64,
    /// What it made, by port.
    pub outputs: BTreeMap<String, OutputReport>,
    /// The results worth a line; those of a fresh step come from its record.
    pub headlines: Vec<Headline>,
    /// The judgements.
    pub gates: Vec<Gate>,
    /// Why it failed or was skipped.
    pub error: Option<String>,
    /// Whose turn it is, after a failure.
    pub failure: Option<Failure>,
}

/// One line of the manifest's summary with what the run found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SummaryRow {
    /// What a person reads.
    pub label: String,
    /// The results; those of steps that did not get that far are missing.
    pub values: Vec<Headline>,
}

/// What a run did.
#[derive(Debug, Clone, Serialize)]
pub struct RunReport {
    /// The manifest's name.
    pub manifest: String,
    /// The manifest's summary, empty if it has none.
    pub summary: Vec<SummaryRow>,
    /// Milliseconds since 1970.
    pub started_ms: u64,
    /// All steps looked at, in the plan's order.
    pub steps: Vec<StepReport>,
}

impl RunReport {
    /// Returns the exit code: 1 a stage failed, 2 all failures are the user's to mend, 3 all failures are limits that
    /// cannot be met, 75 interrupted, 3 a gate failed, 0 done.
    pub fn exit_code(&self) -> u8 {
        let any = |state| self.steps.iter().any(|step| step.state == state);
        let failures: Vec<Failure> = self.steps.iter().filter_map(|step| step.failure).collect();
        if !failures.is_empty() {
            let all = |wanted| failures.iter().all(|failure| *failure == wanted);
            return match (all(Failure::Usage), all(Failure::Unmet)) {
                (true, _) => 2,
                (_, true) => 3,
                (false, false) => 1,
            };
        }
        if any(State::Interrupted) {
            75
        } else if any(State::GateFailed) {
            3
        } else {
            0
        }
    }
}
