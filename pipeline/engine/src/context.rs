//! What a running stage knows of the run, and how it speaks to it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

use crate::checkpoint::Checkpoint;
use crate::digest::Digest;
use crate::event::Event;
use crate::stage::StageError;

/// A wish to stop, shared between the run and whoever asks for it.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Asks the run to stop at the next safe point.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Returns whether the run was asked to stop.
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A value worth a line in the run's summary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// A real number.
    Number(f64),
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(String),
    /// Yes or no.
    Bool(bool),
}

macro_rules! value_from {
    ($($source:ty => $variant:ident($target:ty)),* $(,)?) => {
        $(impl From<$source> for Value {
            fn from(value: $source) -> Self {
                Self::$variant(<$target>::from(value))
            }
        })*
    };
}

value_from! {
    f64 => Number(f64),
    f32 => Number(f64),
    i64 => Integer(i64),
    i32 => Integer(i64),
    u32 => Integer(i64),
    u8 => Integer(i64),
    String => Text(String),
    &str => Text(String),
    bool => Bool(bool),
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        i64::try_from(value).map_or(Self::Number(value as f64), Self::Integer)
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::from(value as u64)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
            Self::Bool(truth) => write!(f, "{truth}"),
        }
    }
}

/// A named result of a step, kept in its record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Headline {
    /// What was measured.
    pub name: String,
    /// The result.
    pub value: Value,
    /// The unit, empty for none.
    pub unit: String,
}

/// How a gate was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The result is as wanted.
    Passed,
    /// It is not: dependents do not run.
    Failed,
}

impl From<bool> for Verdict {
    fn from(passed: bool) -> Self {
        if passed { Self::Passed } else { Self::Failed }
    }
}

/// A condition on a step's result, kept in its record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// What is judged.
    pub name: String,
    /// Whether it holds.
    pub verdict: Verdict,
    /// What was measured.
    pub measured: Value,
    /// What was wanted, such as `at least 0.7`.
    pub wanted: String,
}

/// What one run of a stage is given besides params and inputs.
pub struct Context<'run> {
    pub(crate) step: String,
    pub(crate) seed: u64,
    pub(crate) device: String,
    pub(crate) threads: usize,
    pub(crate) interrupt: Interrupt,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) sink: &'run (dyn Fn(&Event) + Sync),
    pub(crate) headlines: Vec<Headline>,
    pub(crate) gates: Vec<Gate>,
}

impl Context<'static> {
    /// Returns a context outside any run, for the tests and examples of one stage: events go nowhere, the checkpoint
    /// lives in `folder`, the device is `cpu`.
    pub fn standalone(seed: u64, folder: &Path) -> Self {
        Self {
            step: "standalone".to_owned(),
            seed,
            device: "cpu".to_owned(),
            threads: 1,
            interrupt: Interrupt::default(),
            checkpoint: Checkpoint::at(folder.join("checkpoint")),
            sink: &|_| {},
            headlines: Vec::new(),
            gates: Vec::new(),
        }
    }
}

impl Context<'_> {
    /// Returns the step's id, such as `count` or `count[size=3]`.
    pub fn stage_id(&self) -> &str {
        &self.step
    }

    /// Returns the seed derived from the manifest's seed and the step's id.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Returns a generator for one purpose; equal seeds and purposes give equal generators, different purposes
    /// independent ones.
    pub fn rng(&self, purpose: &str) -> ChaCha12Rng {
        let text = format!("generator\n{}\n{purpose}", self.seed);
        ChaCha12Rng::from_seed(Digest::of(text.as_bytes()).bytes())
    }

    /// Returns the device the user asked for; it never changes a fingerprint.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// Returns how many threads the step may use; at least one. It must not change the outputs.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Returns the results reported so far.
    pub fn headlines(&self) -> &[Headline] {
        &self.headlines
    }

    /// Returns the gates answered so far.
    pub fn gates(&self) -> &[Gate] {
        &self.gates
    }

    /// Reports how far the step is: `done` of `total` units of work.
    pub fn progress(&mut self, done: u64, total: u64, message: &str) {
        (self.sink)(&Event::Progress { step: self.step.clone(), done, total, message: message.to_owned() });
    }

    /// Reports a line for the log.
    pub fn note(&mut self, message: &str) {
        (self.sink)(&Event::Note { step: self.step.clone(), message: message.to_owned() });
    }

    /// Reports a result; it is kept in the step's record, so that a fresh step reports it again. A second value of
    /// the same name replaces the first. A number that is not finite is kept as text.
    pub fn headline(&mut self, name: &str, value: impl Into<Value>, unit: &str) {
        let headline = Headline { name: name.to_owned(), value: finite(value.into()), unit: unit.to_owned() };
        (self.sink)(&Event::Headline { step: self.step.clone(), headline: headline.clone() });
        self.headlines.retain(|known| known.name != name);
        self.headlines.push(headline);
    }

    /// Judges a result. After a failed gate the outputs are published, dependents do not run, and the run exits with
    /// the code of a failed gate, now and on every later run that finds the step fresh.
    pub fn gate(
        &mut self,
        name: &str,
        verdict: impl Into<Verdict>,
        measured: impl Into<Value>,
        wanted: impl Into<String>,
    ) {
        let gate = Gate {
            name: name.to_owned(),
            verdict: verdict.into(),
            measured: finite(measured.into()),
            wanted: wanted.into(),
        };
        (self.sink)(&Event::Gate { step: self.step.clone(), gate: gate.clone() });
        self.gates.push(gate);
    }

    /// Returns an error when the run was asked to stop; long stages call this often and pass the error on.
    ///
    /// # Errors
    /// [`StageError::Interrupted`].
    pub fn check_interrupt(&self) -> Result<(), StageError> {
        if self.interrupt.is_requested() {
            return Err(StageError::Interrupted);
        }
        Ok(())
    }

    /// Returns the wish to stop, for code that checks it from other threads.
    pub fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }

    /// Returns the place for intermediate state, kept under the step's fingerprint until the step succeeds.
    pub fn checkpoint(&self) -> Checkpoint {
        self.checkpoint.clone()
    }
}

/// JSON, which records are written in, has no infinity.
fn finite(value: Value) -> Value {
    match value {
        Value::Number(number) if !number.is_finite() => Value::Text(number.to_string()),
        Value::Number(_) | Value::Integer(_) | Value::Text(_) | Value::Bool(_) => value,
    }
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("step", &self.step)
            .field("seed", &self.seed)
            .field("device", &self.device)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::rand_core::Rng;

    #[test]
    fn generators_differ_by_purpose_and_repeat_by_seed() {
        let folder = tempfile::tempdir().unwrap();
        let context = Context::standalone(7, folder.path());
        let first = |purpose: &str| context.rng(purpose).next_u64();
        assert_eq!(first("shuffle"), first("shuffle"));
        assert_ne!(first("shuffle"), first("init"));
    }

    #[test]
    fn a_repeated_headline_replaces_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let mut context = Context::standalone(7, folder.path());
        context.headline("total", 1_u64, "");
        context.headline("total", f64::NAN, "");
        let values: Vec<_> = context.headlines().iter().map(|h| h.value.clone()).collect();
        assert_eq!(values, [Value::Text("NaN".to_owned())]);
    }

    #[test]
    fn an_interrupt_reaches_the_stage() {
        let folder = tempfile::tempdir().unwrap();
        let context = Context::standalone(7, folder.path());
        assert!(context.check_interrupt().is_ok());
        context.interrupt().request();
        assert!(matches!(context.check_interrupt(), Err(StageError::Interrupted)));
    }
}
