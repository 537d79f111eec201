//! The report of a run for a person.

use std::io::{self, Write};

use engine::{RunReport, State, StepReport, Verdict};

use crate::columns::columns;
use crate::console::{Ink, Output};
use crate::value;

/// The widest state, so that coloured words align.
const STATE_WIDTH: usize = "interrupted".len();

/// Writes a table of the steps and under it what each has found.
///
/// # Errors
/// When the text cannot be written.
pub(super) fn write(report: &RunReport, seconds: f64, output: &mut Output) -> io::Result<()> {
    let width = report.steps.iter().map(|step| step.id.chars().count()).max().unwrap_or_default();
    for step in &report.steps {
        let state = format!("{:<STATE_WIDTH$}", step.state.as_str());
        let state = output.paint(&state, ink(step.state));
        writeln!(output, "{:<width$}  {state}  {:>8.1} s", step.id, step.seconds)?;
    }
    writeln!(output, "{:<width$}  {:<STATE_WIDTH$}  {seconds:>8.1} s in all", "", "")?;
    report.steps.iter().try_for_each(|step| write_results(step, output))
}

fn ink(state: State) -> Ink {
    match state {
        State::Ran | State::Fresh => Ink::Good,
        State::Skipped | State::Interrupted => Ink::Due,
        State::Failed | State::GateFailed => Ink::Bad,
    }
}

fn write_results(step: &StepReport, output: &mut Output) -> io::Result<()> {
    if step.headlines.is_empty() && step.gates.is_empty() {
        return Ok(());
    }
    writeln!(output, "\n{}", output.paint(&step.id, Ink::Hint))?;
    let headlines = step.headlines.iter().map(|headline| {
        vec![String::new(), headline.name.clone(), value::text(&headline.value), headline.unit.clone()]
    });
    write!(output, "{}", columns(&headlines.collect::<Vec<_>>()))?;
    for gate in &step.gates {
        let verdict = match gate.verdict {
            Verdict::Passed => output.paint("passed", Ink::Good),
            Verdict::Failed => output.paint("failed", Ink::Bad),
        };
        let measured = value::text(&gate.measured);
        writeln!(output, "  gate {} {verdict}: {measured}, wanted {}", gate.name, gate.wanted)?;
    }
    Ok(())
}
