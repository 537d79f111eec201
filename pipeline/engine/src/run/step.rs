//! One step: found fresh, or run and published.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::report::{Failure, OutputReport, State, StepReport};
use super::{Run, Verify};
use crate::context::{Context, Verdict};
use crate::digest::Digest;
use crate::event::Event;
use crate::folder::Folder;
use crate::ledger::host;
use crate::plan::{Known, Step, damage, reasons};
use crate::ports::{Arity, InputFolders, OutputFolders, Presence};
use crate::stage::StageError;
use crate::stale::StaleReason;
use crate::step_record::{Provenance, RECORD_VERSION, RecordedOutput, StepRecord};
use crate::store::{Latest, Problem, StoreError};

/// A step that is over, with its record if dependents may read it.
pub(super) struct Finished {
    pub(super) report: StepReport,
    pub(super) record: Option<StepRecord>,
}

/// Why a step has no record.
enum Stop {
    Stage(StageError),
    Bug(String),
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<StageError> for Stop {
    fn from(error: StageError) -> Self {
        Self::Stage(error)
    }
}

/// A step found fresh or run.
struct Done {
    record: StepRecord,
    reasons: Vec<StaleReason>,
    state: State,
}

impl Run<'_> {
    /// Brings a step up to date.
    pub(super) fn step(&self, index: usize, records: &BTreeMap<usize, StepRecord>) -> Finished {
        let started = Instant::now();
        let step = &self.plan.steps[index];
        let by_reference = records.iter().map(|(read, record)| (*read, record)).collect();
        let known = step.recipe(&by_reference, |read| self.plan.steps[read].id.clone());
        let mut report = self.blank(step);
        report.fingerprint = Some(known.fingerprint());
        let result = self.bring_up_to_date(index, &known, records);
        report.seconds = started.elapsed().as_secs_f64();
        let record = match result {
            Ok(done) => {
                self.fill(&mut report, &done);
                Some(done.record)
            }
            Err(stop) => {
                fail(&mut report, &stop);
                None
            }
        };
        (self.sink)(&Event::StepFinished(Box::new(report.clone())));
        Finished { report, record }
    }

    /// Reports a step that is not looked at.
    pub(super) fn skipped(&self, index: usize, reason: &str) -> Finished {
        let mut report = self.blank(&self.plan.steps[index]);
        report.error = Some(reason.to_owned());
        if self.options.interrupt.is_requested() {
            report.state = State::Interrupted;
        }
        (self.sink)(&Event::StepFinished(Box::new(report.clone())));
        let record = None;
        Finished { report, record }
    }

    fn blank(&self, step: &Step) -> StepReport {
        StepReport {
            id: step.id.clone(),
            kind: step.description.kind.clone(),
            state: State::Skipped,
            reasons: Vec::new(),
            fingerprint: None,
            seconds: 0.0,
            outputs: BTreeMap::new(),
            headlines: Vec::new(),
            gates: Vec::new(),
            error: None,
            failure: None,
        }
    }

    fn bring_up_to_date(
        &self,
        index: usize,
        known: &Known,
        records: &BTreeMap<usize, StepRecord>,
    ) -> Result<Done, Stop> {
        let step = &self.plan.steps[index];
        let fingerprint = known.fingerprint();
        let waiting = || (self.sink)(&Event::Waiting { step: step.id.clone() });
        let lock = self.store.lock_step(&fingerprint, &self.options.interrupt, waiting)?;
        let _lock = lock.ok_or(StageError::Interrupted)?;
        let checkpoint = self.store.checkpoint(&fingerprint);
        let looked_up = if self.forced.contains(&index) {
            checkpoint.clear().map_err(StageError::from)?;
            Err(vec![StaleReason::Forced])
        } else {
            self.look_up(step, known)?
        };
        let (record, state, reasons) = match looked_up {
            Ok(record) => (record, State::Fresh, Vec::new()),
            Err(reasons) => (self.begin(step, known, records, &reasons)?, State::Ran, reasons),
        };
        self.point(step, Some(fingerprint), None)?;
        checkpoint.clear().map_err(StageError::from)?;
        Ok(Done { record, reasons, state })
    }

    /// Runs a stale step and records it.
    fn begin(
        &self,
        step: &Step,
        known: &Known,
        records: &BTreeMap<usize, StepRecord>,
        reasons: &[StaleReason],
    ) -> Result<StepRecord, Stop> {
        let (step_id, kind) = (step.id.clone(), step.description.kind.clone());
        (self.sink)(&Event::StepStarted { step: step_id, kind, reasons: reasons.to_vec() });
        let last = self.store.latest(&self.plan.manifest, &step.id);
        self.point(step, last.and_then(|last| last.done), Some(known.fingerprint()))?;
        let record = self.execute(step, known, records)?;
        self.store.write_record(self.session, &record)?;
        Ok(record)
    }

    /// Returns the sound record of the step, or why it must run. Damaged artifacts go to quarantine.
    fn look_up(&self, step: &Step, known: &Known) -> Result<Result<StepRecord, Vec<StaleReason>>, StoreError> {
        let Some(record) = self.store.record(&known.fingerprint()) else {
            let id = |read: usize| self.plan.steps[read].id.clone();
            return Ok(Err(reasons(&self.plan.manifest, step, known, self.store, id)));
        };
        let problems = damage(&record, |digest| self.check(digest).err());
        for reason in &problems {
            if let StaleReason::Artifact { problem, .. } = reason {
                (self.sink)(&Event::Corrupt { step: step.id.clone(), problem: problem.clone() });
                self.store.quarantine(problem.digest())?;
            }
        }
        Ok(if problems.is_empty() { Ok(record) } else { Err(problems) })
    }

    fn check(&self, digest: Digest) -> Result<Folder, Problem> {
        match self.options.verify {
            Verify::Content if self.sound.contains(&digest) => self.store.glance(digest),
            Verify::Content => self.store.verified(digest),
            Verify::Sizes => self.store.glance(digest),
        }
    }

    fn point(
        &self,
        step: &Step,
        done: Option<crate::fingerprint::Fingerprint>,
        begun: Option<crate::fingerprint::Fingerprint>,
    ) -> Result<(), StoreError> {
        let latest = Latest { manifest: self.plan.manifest.clone(), step: step.id.clone(), done, begun };
        self.store.write_latest(self.session, &latest)
    }

    /// Runs the stage and publishes its outputs.
    fn execute(&self, step: &Step, known: &Known, records: &BTreeMap<usize, StepRecord>) -> Result<StepRecord, Stop> {
        let started = Instant::now();
        let started_ms = now_ms();
        let inputs = self.open_inputs(step, records)?;
        let scratch = self.session.folder()?;
        let mut outputs = OutputFolders::new(&scratch);
        let mut context = self.context(step, known);
        let call = AssertUnwindSafe(|| step.stage.run(&step.params, &inputs, &mut context, &mut outputs));
        catch_unwind(call).map_err(|panic| Stop::Bug(words(panic.as_ref())))??;
        let (headlines, gates) = (context.headlines, context.gates);
        let outputs = self.publish(step, outputs)?;
        // Files that are left behind go with the session.
        let _ = std::fs::remove_dir_all(&scratch);
        Ok(StepRecord {
            record: RECORD_VERSION,
            step: step.id.clone(),
            fingerprint: known.fingerprint(),
            recipe: known.recipe.clone(),
            outputs,
            headlines,
            gates,
            provenance: self.provenance(started_ms, started.elapsed().as_secs_f64()),
        })
    }

    fn provenance(&self, started_ms: u64, seconds: f64) -> Provenance {
        Provenance {
            started_ms,
            seconds,
            device: self.options.device.clone(),
            threads: self.options.threads.max(1),
            host: host(),
            engine: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    fn context(&self, step: &Step, known: &Known) -> Context<'_> {
        Context {
            step: step.id.clone(),
            seed: step.seed,
            device: self.options.device.clone(),
            threads: self.options.threads.max(1),
            interrupt: self.options.interrupt.clone(),
            checkpoint: self.store.checkpoint(&known.fingerprint()),
            sink: self.sink,
            headlines: Vec::new(),
            gates: Vec::new(),
        }
    }

    fn open_inputs(&self, step: &Step, records: &BTreeMap<usize, StepRecord>) -> Result<InputFolders, Stop> {
        let mut inputs = InputFolders::default();
        for binding in &step.bindings {
            for endpoint in &binding.sources {
                let source = format!("{}.{}", self.plan.steps[endpoint.step].id, endpoint.port);
                let record = records.get(&endpoint.step);
                match record.and_then(|record| record.outputs.get(&endpoint.port)) {
                    Some(output) => {
                        let path = self.store.artifact_path(output.digest);
                        let folder = Folder::open(path).map_err(StageError::from)?;
                        inputs.add(&binding.port, &source, folder);
                    }
                    None if binding.arity == Arity::One => {
                        let message = format!(
                            "input `{}.{}` wants `{source}`, which was not made with these params",
                            step.id, binding.port
                        );
                        return Err(StageError::usage(message).into());
                    }
                    None => {}
                }
            }
        }
        Ok(inputs)
    }

    fn publish(&self, step: &Step, outputs: OutputFolders<'_>) -> Result<BTreeMap<String, RecordedOutput>, Stop> {
        let sealed = outputs.into_sealed();
        for port in &step.description.outputs {
            if port.presence == Presence::Always && !sealed.contains_key(&port.name) {
                return Err(Stop::Bug(format!("output `{}` was not made", port.name)));
            }
        }
        let mut recorded = BTreeMap::new();
        for (port, folder) in sealed {
            let folder = self.store.publish(&folder)?;
            recorded.insert(
                port,
                RecordedOutput {
                    format: folder.listing().format.clone(),
                    digest: folder.digest(),
                    bytes: folder.listing().bytes(),
                },
            );
        }
        Ok(recorded)
    }

    fn fill(&self, report: &mut StepReport, done: &Done) {
        let record = &done.record;
        let failed: Vec<&str> = record.failed_gates().map(|gate| gate.name.as_str()).collect();
        report.state = match failed.as_slice() {
            [] => done.state,
            [..] => {
                report.error = Some(format!("gate failed: {}", failed.join(", ")));
                State::GateFailed
            }
        };
        report.reasons = done.reasons.clone();
        report.headlines = record.headlines.clone();
        report.gates = record.gates.clone();
        for (port, output) in &record.outputs {
            let output = OutputReport {
                format: output.format.clone(),
                digest: output.digest,
                folder: self.store.artifact_path(output.digest),
                bytes: output.bytes,
            };
            report.outputs.insert(port.clone(), output);
        }
        if done.state == State::Fresh {
            for gate in record.gates.iter().filter(|gate| gate.verdict == Verdict::Failed) {
                (self.sink)(&Event::Gate { step: report.id.clone(), gate: gate.clone() });
            }
        }
    }
}

fn fail(report: &mut StepReport, stop: &Stop) {
    let (state, failure) = match stop {
        Stop::Stage(StageError::Interrupted) => (State::Interrupted, None),
        Stop::Stage(StageError::Usage { .. }) => (State::Failed, Some(Failure::Usage)),
        Stop::Stage(StageError::Unmet { .. }) => (State::Failed, Some(Failure::Unmet)),
        Stop::Stage(StageError::Source { .. }) => (State::Failed, Some(Failure::Source)),
        Stop::Stage(StageError::Artifact(_) | StageError::Failed { .. }) | Stop::Store(_) => {
            (State::Failed, Some(Failure::Stage))
        }
        Stop::Bug(_) => (State::Failed, Some(Failure::Bug)),
    };
    report.state = state;
    report.failure = failure;
    report.error = Some(match stop {
        Stop::Stage(error) => chain(error),
        Stop::Store(error) => chain(error),
        Stop::Bug(message) => format!("bug in stage `{}`: {message}", report.kind),
    });
}

/// Returns an error with everything underneath it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(": {error}"));
        source = error.source();
    }
    text
}

/// Returns what a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "panicked without a message".to_owned())
}

/// Returns milliseconds since 1970.
pub(super) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
