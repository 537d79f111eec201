//! What is said while a run goes on: bars on a terminal, lines anywhere else.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use engine::{Event, State, StepReport, Verdict};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::args::Verbosity;
use crate::console::{self, Ink};
use crate::value;

/// How a running step looks.
const BAR: &str = "{spinner} {prefix} [{bar:24}] {pos}/{len} {msg} ({elapsed})";

/// How a running step looks that has not said how far it is.
const SPINNER: &str = "{spinner} {prefix} {msg} ({elapsed})";

/// How often a bar moves by itself.
const TICK: std::time::Duration = std::time::Duration::from_millis(200);

/// Into how many parts progress is divided where every part is a line.
const PARTS: u64 = 10;

/// Tells on standard error what happens in a run.
pub(crate) struct Progress {
    verbosity: Verbosity,
    /// The bars, where standard error is a terminal.
    screen: Option<MultiProgress>,
    running: Mutex<BTreeMap<String, Running>>,
}

/// A step under way.
#[derive(Default)]
struct Running {
    bar: Option<ProgressBar>,
    /// The part of the work that was last told, and out of how much.
    told: Option<(u64, u64)>,
}

impl Progress {
    /// Returns a listener that says as much as is wanted.
    pub(crate) fn new(verbosity: Verbosity) -> Self {
        let screen = verbosity > Verbosity::Quiet && console::stderr_is_terminal();
        Self { verbosity, screen: screen.then(MultiProgress::new), running: Mutex::default() }
    }

    /// Tells of an event.
    pub(crate) fn tell(&self, event: &Event) {
        match event {
            Event::StepStarted { step, .. } => self.start(step),
            Event::Progress { step, done, total, message } => return self.advance(step, *done, *total, message),
            Event::StepFinished(report) => self.stop(&report.id),
            Event::RunStarted { .. }
            | Event::Waiting { .. }
            | Event::Note { .. }
            | Event::Headline { .. }
            | Event::Gate { .. }
            | Event::Corrupt { .. }
            | Event::RunFinished { .. } => {}
        }
        if let Some(line) = line(event, self.verbosity) {
            self.log(&line);
        }
    }

    /// Takes all bars off the screen.
    pub(crate) fn close(&self) {
        if let Some(screen) = &self.screen {
            // A screen that is gone needs no cleaning.
            let _ = screen.clear();
        }
    }

    fn log(&self, line: &str) {
        match &self.screen {
            Some(screen) => screen.suspend(|| console::log(line)),
            None => console::log(line),
        }
    }

    fn with_running<T>(&self, work: impl FnOnce(&mut BTreeMap<String, Running>) -> T) -> T {
        work(&mut self.running.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn start(&self, step: &str) {
        let bar = self.screen.as_ref().map(|screen| {
            let bar = screen.add(ProgressBar::no_length()).with_prefix(step.to_owned()).with_style(style(SPINNER));
            bar.enable_steady_tick(TICK);
            bar
        });
        self.with_running(|running| running.insert(step.to_owned(), Running { bar, told: None }));
    }

    fn stop(&self, step: &str) {
        let stopped = self.with_running(|running| running.remove(step));
        if let Some(bar) = stopped.and_then(|running| running.bar) {
            bar.finish_and_clear();
        }
    }

    fn advance(&self, step: &str, done: u64, total: u64, message: &str) {
        let worth_a_line = self.with_running(|running| {
            let running = running.entry(step.to_owned()).or_default();
            let part = done.saturating_mul(PARTS) / total.max(1);
            let known = running.told.replace((part, total));
            if let Some(bar) = &running.bar {
                if known.is_none() {
                    bar.set_style(style(BAR));
                }
                bar.set_length(total);
                bar.set_position(done);
                bar.set_message(message.to_owned());
            }
            running.bar.is_none() && known != Some((part, total))
        });
        let all = self.verbosity == Verbosity::Verbose && self.screen.is_none();
        if all || (worth_a_line && self.verbosity > Verbosity::Quiet) {
            self.log(&format!("[{step}] {done}/{total} {message}"));
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates are constants that parse")
}

/// Returns what is said of an event, if anything; a damaged artifact is told even to those who want quiet.
fn line(event: &Event, verbosity: Verbosity) -> Option<String> {
    let line = match event {
        Event::Progress { .. } | Event::RunFinished { .. } => return None,
        Event::Corrupt { step, problem } => {
            return Some(format!("{} [{step}] {problem}; it is made again", console::on_stderr("warning:", Ink::Due)));
        }
        Event::RunStarted { steps } => format!("steps to look at: {steps}"),
        Event::Waiting { step } => format!("[{step}] waits for another run of the same step"),
        Event::StepStarted { step, kind, reasons } => {
            let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
            format!("[{step}] {kind} begins: {}", reasons.join(", "))
        }
        Event::Note { step, message } => format!("[{step}] {message}"),
        Event::Headline { step, headline } => {
            let text = format!("[{step}] {} = {} {}", headline.name, value::text(&headline.value), headline.unit);
            text.trim_end().to_owned()
        }
        Event::Gate { step, gate } => {
            let verdict = match gate.verdict {
                Verdict::Passed => "passed",
                Verdict::Failed => "failed",
            };
            let measured = value::text(&gate.measured);
            format!("[{step}] gate {} {verdict}: {measured}, wanted {}", gate.name, gate.wanted)
        }
        Event::StepFinished(report) => finished(report, verbosity)?,
    };
    (verbosity > Verbosity::Quiet).then_some(line)
}

/// A fresh step is worth a line only to those who want all.
fn finished(report: &StepReport, verbosity: Verbosity) -> Option<String> {
    let (id, state) = (&report.id, report.state.as_str());
    match (report.state, &report.error) {
        (State::Fresh, _) if verbosity < Verbosity::Verbose => None,
        (State::Skipped, Some(error)) => Some(format!("[{id}] {state}: {error}")),
        (State::Ran | State::Fresh | State::Failed | State::GateFailed | State::Skipped | State::Interrupted, _) => {
            Some(format!("[{id}] {state} after {:.1} s", report.seconds))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::{Gate, Headline, StaleReason, Value};

    fn step() -> String {
        "train".to_owned()
    }

    fn events() -> Vec<Event> {
        let headline = Headline { name: "accuracy".to_owned(), value: Value::Number(0.912_345), unit: "1".to_owned() };
        let gate = Gate {
            name: "tau".to_owned(),
            verdict: Verdict::Failed,
            measured: Value::Number(0.5),
            wanted: "at least 0.7".to_owned(),
        };
        vec![
            Event::RunStarted { steps: 2 },
            Event::StepStarted { step: step(), kind: "train-it".to_owned(), reasons: vec![StaleReason::NeverRan] },
            Event::Note { step: step(), message: "epoch 1".to_owned() },
            Event::Headline { step: step(), headline },
            Event::Gate { step: step(), gate },
            Event::RunFinished { states: vec![State::Ran] },
        ]
    }

    #[test]
    fn every_event_has_a_line_of_its_step() {
        let lines: Vec<String> = events().iter().filter_map(|event| line(event, Verbosity::Normal)).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        steps to look at: 2
        [train] train-it begins: never ran
        [train] epoch 1
        [train] accuracy = 0.9123 1
        [train] gate tau failed: 0.5, wanted at least 0.7
        ");
    }

    #[test]
    fn quiet_says_nothing() {
        assert!(events().iter().all(|event| line(event, Verbosity::Quiet).is_none()));
    }
}
