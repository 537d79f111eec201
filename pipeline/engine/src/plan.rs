//! A plan: the checked, ordered form of a manifest, and of every step whether it must run and why.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::diagnostic::ManifestError;
use crate::fingerprint::{Fingerprint, Recipe, RecipeInput, RecipeSource, step_seed};
use crate::manifest::{Manifest, SummaryLine};
use crate::ports::Arity;
use crate::registry::{ErasedParams, ErasedStage, Registry, StageDescription};
use crate::source_digest::SourceDigests;
use crate::stale::{StaleReason, compare};
use crate::step_record::StepRecord;
use crate::store::{Store, StoreError};
use crate::upstream::{UnmetStep, unmet};
use crate::wiring::{Binding, Wired, wire};

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The manifest does not fit the stages.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Steps ask for what cannot be had, whatever the steps before them make.
    #[error("{}", steps.iter().map(UnmetStep::to_string).collect::<Vec<_>>().join("; "))]
    Unmet {
        /// All of them, in the order of the steps; never empty.
        steps: Vec<UnmetStep>,
    },
    /// The store or a source could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whether a step must run.
#[derive(Debug, Clone)]
pub enum Status {
    /// Its outputs are in the store.
    Fresh(Box<StepRecord>),
    /// It must run, for these reasons. A step that only waits for another may turn out fresh.
    Stale(Vec<StaleReason>),
}

/// One step of a plan.
#[derive(Clone)]
pub struct Step {
    /// The step's id: the stage's, with its matrix values if it has any.
    pub id: String,
    /// The stage's id in the manifest.
    pub stage_id: String,
    /// What the stage declares.
    pub description: Arc<StageDescription>,
    /// Whether it must run.
    pub status: Status,
    pub(crate) stage: Arc<dyn ErasedStage>,
    pub(crate) params: Arc<ErasedParams>,
    pub(crate) bindings: Vec<Binding>,
    sources: Vec<RecipeSource>,
    pub(crate) seed: u64,
}

impl Step {
    /// Returns the positions of the steps it reads from.
    pub fn reads(&self) -> BTreeSet<usize> {
        let endpoints = self.bindings.iter().flat_map(|binding| &binding.sources);
        endpoints.map(|endpoint| endpoint.step).collect()
    }

    /// Returns the params with defaults filled in.
    pub fn params(&self) -> &serde_json::Value {
        &self.params.json
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step").field("id", &self.id).field("status", &self.status).finish_non_exhaustive()
    }
}

/// The steps of a manifest, each after what it reads.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The manifest's name.
    pub manifest: String,
    /// Which results a run prints, empty for all of them.
    pub summary: Vec<SummaryLine>,
    /// The steps in an order in which they can run.
    pub steps: Vec<Step>,
}

/// What is known of a step's inputs.
pub(crate) struct Known {
    pub(crate) recipe: Recipe,
    /// The ports whose content is not known yet, with the step they wait for.
    pub(crate) waiting: Vec<(String, usize)>,
}

impl Plan {
    /// Checks the manifest against the registry and every step against the store.
    ///
    /// # Errors
    /// [`PlanError::Manifest`] with every mistake found, [`PlanError::Unmet`] with every step that asks for what cannot
    /// be had, or when the store or a source cannot be read.
    pub fn new(manifest: &Manifest, registry: &Registry, store: &Store) -> Result<Self, PlanError> {
        let wired = wire(manifest, registry)?;
        let steps = unmet(&wired);
        if !steps.is_empty() {
            return Err(PlanError::Unmet { steps });
        }
        let digests = SourceDigests::load(store);
        let mut plan =
            Self { manifest: manifest.name().to_owned(), summary: manifest.summary().to_vec(), steps: Vec::new() };
        for wired in wired {
            let mut step = unjudged(manifest.seed(), wired, &digests)?;
            let records: BTreeMap<usize, &StepRecord> = plan.fresh();
            step.status = judge(&plan, &step, &records, store);
            plan.steps.push(step);
        }
        digests.save(store)?;
        Ok(plan)
    }

    /// Returns whether nothing must run.
    pub fn is_fresh(&self) -> bool {
        self.steps.iter().all(|step| matches!(step.status, Status::Fresh(_)))
    }

    fn fresh(&self) -> BTreeMap<usize, &StepRecord> {
        let steps = self.steps.iter().enumerate();
        steps
            .filter_map(|(index, step)| match &step.status {
                Status::Fresh(record) => Some((index, record.as_ref())),
                Status::Stale(_) => None,
            })
            .collect()
    }
}

fn unjudged(seed: u64, wired: Wired, digests: &SourceDigests) -> Result<Step, StoreError> {
    let source = |source: &crate::registry::Source| {
        Ok(RecipeSource { written: source.written.clone(), digest: digests.of(&source.path)? })
    };
    let sources: Result<Vec<_>, StoreError> = wired.params.sources.iter().map(source).collect();
    Ok(Step {
        seed: step_seed(seed, &wired.id),
        id: wired.id,
        stage_id: wired.stage_id,
        description: wired.description,
        status: Status::Stale(Vec::new()),
        stage: wired.stage,
        params: wired.params,
        bindings: wired.bindings,
        sources: sources?,
    })
}

fn judge(plan: &Plan, step: &Step, records: &BTreeMap<usize, &StepRecord>, store: &Store) -> Status {
    let known = step.recipe(records, |index| plan.steps[index].id.clone());
    if known.waiting.is_empty() {
        let record = store.record(&known.recipe.fingerprint());
        if let Some(record) = record {
            let problems = damage(&record, |digest| store.glance(digest).err());
            return match problems.as_slice() {
                [] => Status::Fresh(Box::new(record)),
                [..] => Status::Stale(problems),
            };
        }
    }
    let id = |index: usize| plan.steps[index].id.clone();
    Status::Stale(reasons(&plan.manifest, step, &known, store, id))
}

/// Returns a reason for every output that `check` finds a problem with.
pub(crate) fn damage(
    record: &StepRecord,
    check: impl Fn(crate::digest::Digest) -> Option<crate::store::Problem>,
) -> Vec<StaleReason> {
    let outputs = record.outputs.iter();
    outputs
        .filter_map(|(port, output)| {
            let (port, problem) = (port.clone(), check(output.digest)?);
            Some(StaleReason::Artifact { port, problem })
        })
        .collect()
}

/// Returns why a step without a record must run.
pub(crate) fn reasons(
    manifest: &str,
    step: &Step,
    known: &Known,
    store: &Store,
    id: impl Fn(usize) -> String,
) -> Vec<StaleReason> {
    let waiting: BTreeSet<String> = known.waiting.iter().map(|(port, _)| port.clone()).collect();
    let done = store.latest(manifest, &step.id).and_then(|latest| latest.done);
    let mut reasons = match done.map(|done| store.record(&done)) {
        None => vec![StaleReason::NeverRan],
        Some(None) => vec![StaleReason::RecordMissing],
        Some(Some(last)) => compare(&last.recipe, &known.recipe, &waiting),
    };
    reasons.extend(
        known.waiting.iter().map(|(port, index)| StaleReason::InputStale { port: port.clone(), step: id(*index) }),
    );
    if reasons.is_empty() {
        reasons.push(StaleReason::RecordMissing);
    }
    reasons
}

impl Step {
    /// Builds the recipe from the records of the steps it reads from; ports without a record wait.
    pub(crate) fn recipe(&self, records: &BTreeMap<usize, &StepRecord>, id: impl Fn(usize) -> String) -> Known {
        let mut inputs: BTreeMap<String, Vec<RecipeInput>> = BTreeMap::new();
        let mut waiting = Vec::new();
        for binding in &self.bindings {
            let bound = inputs.entry(binding.port.clone()).or_default();
            for endpoint in &binding.sources {
                let Some(record) = records.get(&endpoint.step) else {
                    waiting.push((binding.port.clone(), endpoint.step));
                    continue;
                };
                let Some(output) = record.outputs.get(&endpoint.port) else {
                    continue;
                };
                let told = binding.arity == Arity::Many;
                bound.push(RecipeInput {
                    format: output.format.clone(),
                    digest: output.digest,
                    source: told.then(|| format!("{}.{}", id(endpoint.step), endpoint.port)),
                });
            }
        }
        let outputs = self.description.outputs.iter();
        let recipe = Recipe {
            kind: self.description.kind.clone(),
            version: self.description.version,
            params: self.params.json.clone(),
            inputs,
            outputs: outputs.map(|port| (port.name.clone(), port.format.clone())).collect(),
            sources: self.sources.clone(),
            seed: self.seed,
        };
        Known { recipe, waiting }
    }
}

impl Known {
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        self.recipe.fingerprint()
    }
}
