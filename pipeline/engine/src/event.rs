//! What a run tells while it goes; the receiver decides what to show.

use crate::context::{Gate, Headline};
use crate::run::{State, StepReport};
use crate::stale::StaleReason;
use crate::store::Problem;

/// One thing that happened in a run.
#[derive(Debug, Clone)]
pub enum Event {
    /// The run begins.
    RunStarted {
        /// How many steps are looked at.
        steps: usize,
    },
    /// Another run holds the step; this one waits for it.
    Waiting {
        /// The step's id.
        step: String,
    },
    /// A step must run and begins.
    StepStarted {
        /// The step's id.
        step: String,
        /// The stage's kind.
        kind: String,
        /// Why it must run.
        reasons: Vec<StaleReason>,
    },
    /// A step tells how far it is.
    Progress {
        /// The step's id.
        step: String,
        /// Units of work done.
        done: u64,
        /// Units of work in all.
        total: u64,
        /// What is being done.
        message: String,
    },
    /// A step has a line for the log.
    Note {
        /// The step's id.
        step: String,
        /// The line.
        message: String,
    },
    /// A step has a result.
    Headline {
        /// The step's id.
        step: String,
        /// The result.
        headline: Headline,
    },
    /// A step judged a result.
    Gate {
        /// The step's id.
        step: String,
        /// The judgement.
        gate: Gate,
    },
    /// A stored artifact did not hold what its digest says; it was moved to quarantine and is made again.
    Corrupt {
        /// The step that made it.
        step: String,
        /// What is wrong.
        problem: Problem,
    },
    /// A step is over.
    StepFinished(Box<StepReport>),
    /// The run is over.
    RunFinished {
        /// The states of all steps, in the plan's order.
        states: Vec<State>,
    },
}
