//! Runs a plan: what is stale, in parallel where the plan allows it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

use crate::context::Interrupt;
use crate::digest::Digest;
use crate::event::Event;
use crate::ledger;
use crate::manifest::SummaryLine;
use crate::plan::{Plan, Status};
use crate::step_record::StepRecord;
use crate::store::{Session, Store, StoreError};

mod report;
mod step;

pub use report::{Failure, OutputReport, RunReport, State, StepReport, SummaryRow};
use step::Finished;

/// How thoroughly stored artifacts are checked before they are used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verify {
    /// All bytes are hashed.
    #[default]
    Content,
    /// Listing and sizes are looked at.
    Sizes,
}

/// Whether a failure stops steps that do not depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFailure {
    /// No new step begins.
    #[default]
    Stop,
    /// Everything that does not depend on the failed step runs.
    KeepGoing,
}

/// How to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many steps run at once; at least one.
    pub jobs: usize,
    /// The device stages are told; never part of a fingerprint.
    pub device: String,
    /// How many threads each step may use; at least one.
    pub threads: usize,
    /// What a failure does to other steps. A failed gate only ever stops its dependents.
    pub on_failure: OnFailure,
    /// Stages or steps, by id, that run even if they are fresh.
    pub force: Vec<String>,
    /// Stages or steps, by id, to which the run is limited, with all they need; empty for all.
    pub targets: Vec<String>,
    /// The wish to stop.
    pub interrupt: Interrupt,
    /// How thoroughly stored artifacts are checked.
    pub verify: Verify,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            jobs: 1,
            device: "cpu".to_owned(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            on_failure: OnFailure::default(),
            force: Vec::new(),
            targets: Vec::new(),
            interrupt: Interrupt::default(),
            verify: Verify::default(),
        }
    }
}

/// Why a run could not begin or be recorded.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A step that the plan does not have.
    #[error("there is no step `{name}`; there are `{}`", known.join("`, `"))]
    UnknownStep {
        /// The id asked for.
        name: String,
        /// The ids of all stages.
        known: Vec<String>,
    },
    /// The store could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Everything a worker needs.
struct Run<'a> {
    plan: &'a Plan,
    store: &'a Store,
    session: &'a Session,
    options: &'a Options,
    forced: BTreeSet<usize>,
    /// Artifacts hashed before the first step, all at once, and found sound.
    sound: BTreeSet<Digest>,
    sink: &'a (dyn Fn(&Event) + Sync),
}

/// Runs the steps of `plan` that are stale and tells `sink` what happens.
///
/// # Errors
/// [`RunError`]; a step that fails is not an error of the run but told in the report.
pub fn run(
    plan: &Plan,
    store: &Store,
    options: &Options,
    sink: &(dyn Fn(&Event) + Sync),
) -> Result<RunReport, RunError> {
    let forced = select(plan, &options.force)?;
    let wanted = wanted(plan, &options.targets)?;
    let _lock = store.lock_shared()?;
    let session = store.session()?;
    let sound = sound(plan, store, &wanted, options.verify);
    let run = Run { plan, store, session: &session, options, forced, sound, sink };
    let started_ms = step::now_ms();
    let steps = wanted.len();
    sink(&Event::RunStarted { steps });
    let board = Board::new(wanted);
    std::thread::scope(|scope| {
        for _ in 0..options.jobs.max(1).min(steps.max(1)) {
            scope.spawn(|| board.work(&run));
        }
    });
    let steps = board.into_reports();
    let states = steps.iter().map(|step| step.state).collect();
    sink(&Event::RunFinished { states });
    let report = RunReport { manifest: plan.manifest.clone(), summary: summary(plan, &steps), started_ms, steps };
    ledger::append(store, &session, &report, options)?;
    if options.targets.is_empty() && report.exit_code() == 0 {
        let ids: Vec<&str> = plan.steps.iter().map(|step| step.id.as_str()).collect();
        store.forget_others(&plan.manifest, &ids)?;
    }
    Ok(report)
}

/// Fills the lines of the manifest's summary with the results of the run; a matrix stage gives one value per step.
fn summary(plan: &Plan, steps: &[StepReport]) -> Vec<SummaryRow> {
    let values = |(stage, name): &(String, String)| {
        let of_stage = plan.steps.iter().filter(|step| step.stage_id == *stage).map(|step| &step.id);
        let ids: Vec<&String> = of_stage.collect();
        let headlines = steps.iter().filter(|step| ids.contains(&&step.id)).flat_map(|step| &step.headlines);
        headlines.filter(|headline| headline.name == *name).cloned().collect::<Vec<_>>()
    };
    let row = |line: &SummaryLine| SummaryRow {
        label: line.label.clone(),
        values: line.results.iter().flat_map(values).collect(),
    };
    plan.summary.iter().map(row).collect()
}

/// Hashes what the plan expects to be fresh; steps wait for each other, their artifacts need not.
fn sound(plan: &Plan, store: &Store, wanted: &BTreeSet<usize>, verify: Verify) -> BTreeSet<Digest> {
    let digests = wanted.iter().flat_map(|index| match (&plan.steps[*index].status, verify) {
        (Status::Fresh(record), Verify::Content) => record.outputs.values().map(|output| output.digest).collect(),
        (Status::Fresh(_), Verify::Sizes) | (Status::Stale(_), _) => Vec::new(),
    });
    let digests: BTreeSet<Digest> = digests.collect();
    digests.into_par_iter().filter(|digest| store.verified(*digest).is_ok()).collect()
}

/// Returns the steps with one of the given ids.
fn select(plan: &Plan, names: &[String]) -> Result<BTreeSet<usize>, RunError> {
    let mut selected = BTreeSet::new();
    for name in names {
        let steps = plan.steps.iter().enumerate();
        let found: Vec<usize> =
            steps.filter(|(_, step)| step.id == *name || step.stage_id == *name).map(|(index, _)| index).collect();
        if found.is_empty() {
            let known: BTreeSet<&String> = plan.steps.iter().map(|step| &step.stage_id).collect();
            return Err(RunError::UnknownStep { name: name.clone(), known: known.into_iter().cloned().collect() });
        }
        selected.extend(found);
    }
    Ok(selected)
}

/// Returns the targets with everything they need.
fn wanted(plan: &Plan, targets: &[String]) -> Result<BTreeSet<usize>, RunError> {
    if targets.is_empty() {
        return Ok((0..plan.steps.len()).collect());
    }
    let mut wanted = select(plan, targets)?;
    for index in (0..plan.steps.len()).rev() {
        if wanted.contains(&index) {
            wanted.extend(plan.steps[index].reads());
        }
    }
    Ok(wanted)
}

/// Who does what: steps not begun, steps under way, steps over.
struct Board {
    state: Mutex<Progress>,
    changed: Condvar,
}

#[derive(Default)]
struct Progress {
    open: BTreeSet<usize>,
    running: usize,
    finished: BTreeMap<usize, Finished>,
    stopping: bool,
}

/// What a worker does next.
enum Next {
    Run(usize, BTreeMap<usize, StepRecord>),
    Skip(usize, String),
    Wait,
    Leave,
}

impl Board {
    fn new(open: BTreeSet<usize>) -> Self {
        let progress = Progress { open, ..Progress::default() };
        Self { state: Mutex::new(progress), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, run: &Run<'_>) {
        let mut progress = self.lock();
        loop {
            match progress.next(run) {
                Next::Leave => return self.changed.notify_all(),
                Next::Wait => {
                    let waited = self.changed.wait(progress);
                    progress = waited.unwrap_or_else(PoisonError::into_inner);
                }
                Next::Skip(index, reason) => {
                    let finished = run.skipped(index, &reason);
                    progress.finish(index, finished, run.options);
                }
                Next::Run(index, records) => {
                    progress.open.remove(&index);
                    progress.running += 1;
                    drop(progress);
                    let finished = run.step(index, &records);
                    progress = self.lock();
                    progress.running -= 1;
                    progress.finish(index, finished, run.options);
                    self.changed.notify_all();
                }
            }
        }
    }

    fn into_reports(self) -> Vec<StepReport> {
        let progress = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        progress.finished.into_values().map(|finished| finished.report).collect()
    }
}

impl Progress {
    fn next(&self, run: &Run<'_>) -> Next {
        for &index in &self.open {
            let reads = run.plan.steps[index].reads();
            if let Some(blocker) = reads.iter().find(|read| self.blocks(**read)) {
                let blocker = &run.plan.steps[*blocker].id;
                return Next::Skip(index, format!("`{blocker}` did not succeed"));
            }
            if self.stopping || run.options.interrupt.is_requested() {
                return Next::Skip(index, "the run is stopping".to_owned());
            }
            let record = |read: usize| Some((read, self.finished.get(&read)?.record.clone()?));
            let records: BTreeMap<usize, StepRecord> = reads.iter().filter_map(|read| record(*read)).collect();
            if records.len() == reads.len() {
                return Next::Run(index, records);
            }
        }
        if self.open.is_empty() { Next::Leave } else { Next::Wait }
    }

    fn blocks(&self, index: usize) -> bool {
        let finished = self.finished.get(&index);
        finished.is_some_and(|finished| !finished.report.state.feeds_dependents())
    }

    fn finish(&mut self, index: usize, finished: Finished, options: &Options) {
        let failed = finished.report.state == State::Failed;
        self.stopping |= failed && options.on_failure == OnFailure::Stop;
        self.open.remove(&index);
        self.finished.insert(index, finished);
    }
}

#[cfg(test)]
mod tests;
