//! The report of a run for a program.

use std::io::{self, Write};

use engine::{Gate, RunReport, StepReport, Verdict};
use serde_json::{Map, Value, json};

use crate::value;

/// Writes the report as one line of JSON.
///
/// # Errors
/// When the line cannot be written.
pub(super) fn write(report: &RunReport, seconds: f64, output: &mut impl Write) -> io::Result<()> {
    writeln!(output, "{}", object(report, seconds))
}

fn object(report: &RunReport, seconds: f64) -> Value {
    json!({
        "manifest": report.manifest,
        "exit_code": report.exit_code(),
        "steps": report.steps.iter().map(step).collect::<Vec<_>>(),
        "summary": summary(report),
        "results": results(report),
        "seconds": seconds,
    })
}

/// Returns the manifest's summary: a value per label, a list where a label stands for several; without one, everything.
fn summary(report: &RunReport) -> Map<String, Value> {
    if report.summary.is_empty() {
        return results(report);
    }
    let row = |row: &engine::SummaryRow| {
        let mut values: Vec<Value> = row.values.iter().map(|headline| value::json(&headline.value)).collect();
        let value = if values.len() == 1 { values.remove(0) } else { Value::Array(values) };
        (row.label.clone(), value)
    };
    report.summary.iter().map(row).collect()
}

/// Returns every headline under `step.name`.
fn results(report: &RunReport) -> Map<String, Value> {
    let headlines = report.steps.iter().flat_map(|step| {
        let named = |headline: &engine::Headline| format!("{}.{}", step.id, headline.name);
        step.headlines.iter().map(move |headline| (named(headline), value::json(&headline.value)))
    });
    headlines.collect()
}

fn step(step: &StepReport) -> Value {
    let artifacts = step.outputs.iter().map(|(port, output)| {
        let artifact = json!({
            "folder": output.folder.display().to_string(),
            "digest": output.digest.to_string(),
            "format": output.format.to_string(),
            "bytes": output.bytes,
        });
        (port.clone(), artifact)
    });
    let headlines = step.headlines.iter().map(|headline| {
        (headline.name.clone(), json!({ "value": value::json(&headline.value), "unit": headline.unit }))
    });
    json!({
        "id": step.id,
        "kind": step.kind,
        "state": step.state.as_str(),
        "seconds": step.seconds,
        "reasons": step.reasons.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "artifacts": artifacts.collect::<Map<_, _>>(),
        "headlines": headlines.collect::<Map<_, _>>(),
        "gates": step.gates.iter().map(gate).collect::<Vec<_>>(),
        "error": step.error,
    })
}

fn gate(gate: &Gate) -> Value {
    json!({
        "name": gate.name,
        "passed": gate.verdict == Verdict::Passed,
        "measured": value::json(&gate.measured),
        "wanted": gate.wanted,
    })
}
