//! The report of a run for a person.

use std::io::{self, Write};

use engine::{RunReport, State, StepReport, SummaryRow, Verdict};

use crate::args::Verbosity;
use crate::columns::columns;
use crate::console::{Ink, Output};
use crate::value;

/// The widest state, so that coloured words align.
const STATE_WIDTH: usize = "interrupted".len();

/// Writes a table of the steps and under it the manifest's summary; without one, or if `verbosity` asks for it, all
/// that each step has found.
///
/// # Errors
/// When the text cannot be written.
pub(super) fn write(report: &RunReport, seconds: f64, verbosity: Verbosity, output: &mut Output) -> io::Result<()> {
    let width = report.steps.iter().map(|step| step.id.chars().count()).max().unwrap_or_default();
    for step in &report.steps {
        let state = format!("{:<STATE_WIDTH$}", step.state.as_str());
        let state = output.paint(&state, ink(step.state));
        writeln!(output, "{:<width$}  {state}  {:>8.1} s", step.id, step.seconds)?;
    }
    writeln!(output, "{:<width$}  {:<STATE_WIDTH$}  {seconds:>8.1} s in all", "", "")?;
    if report.summary.is_empty() || verbosity == Verbosity::Verbose {
        return report.steps.iter().try_for_each(|step| write_results(step, output));
    }
    let reached = report.summary.iter().filter(|row| !row.values.is_empty());
    let rows: Vec<Vec<String>> = reached.map(row).collect();
    if !rows.is_empty() {
        write!(output, "\n{}", columns(&rows))?;
    }
    report.steps.iter().try_for_each(|step| write_gates(step, &format!("{}: ", step.id), output))
}

/// A label and its results, separated by slashes.
fn row(row: &SummaryRow) -> Vec<String> {
    let value = |headline: &engine::Headline| match headline.unit.as_str() {
        "" => value::text(&headline.value),
        unit => format!("{} {unit}", value::text(&headline.value)),
    };
    let values: Vec<String> = row.values.iter().map(value).collect();
    vec![row.label.clone(), values.join(" / ")]
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
    write_gates(step, "  ", output)
}

fn write_gates(step: &StepReport, prefix: &str, output: &mut Output) -> io::Result<()> {
    for gate in &step.gates {
        let verdict = match gate.verdict {
            Verdict::Passed => output.paint("passed", Ink::Good),
            Verdict::Failed => output.paint("failed", Ink::Bad),
        };
        let measured = value::text(&gate.measured);
        writeln!(output, "{prefix}gate {} {verdict}: {measured}, wanted {}", gate.name, gate.wanted)?;
    }
    Ok(())
}
