use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use stages::paper::{PaperAudit, PaperItem, PaperRow, audit};

use crate::columns::columns;
use crate::console::{Ink, Output};
use crate::error::CommandError;
use crate::exit::Exit;

/// Digits of ours beyond those that are printed.
const MORE_DIGITS: usize = 2;

/// Compare the paper's tables and figures with what is computed here
#[derive(Debug, Args)]
pub(crate) struct PaperArgs {
    /// Tell this table alone; may be given several times
    #[arg(long, value_name = "NUMBER")]
    table: Vec<u8>,
    /// Tell this figure alone; may be given several times
    #[arg(long, value_name = "NUMBER")]
    figure: Vec<u8>,
    /// Write the rows as a table into this new folder too
    #[arg(long, value_name = "DIR")]
    parquet: Option<PathBuf>,
    /// Print JSON: one row a line
    #[arg(long)]
    json: bool,
}

pub(super) fn execute(args: &PaperArgs, output: &mut Output) -> Result<Exit, CommandError> {
    if let Some(folder) = args.parquet.as_ref().filter(|folder| folder.exists()) {
        let help = "name a folder that does not exist yet".to_owned();
        return Err(CommandError::usage_with_help(format!("`{}` is there already", folder.display()), help));
    }
    let rows = audit(&items(args)?);
    match args.json {
        true => rows.iter().try_for_each(|row| writeln!(output, "{}", serde_json::json!(row)))?,
        false => write!(output, "{}", text(&rows, output))?,
    }
    if let Some(folder) = &args.parquet {
        engine::publish_at(folder, PaperAudit { rows })?;
    }
    Ok(Exit::DONE)
}

/// Returns what was asked for in the paper's order; all if nothing was.
fn items(args: &PaperArgs) -> Result<Vec<PaperItem>, CommandError> {
    let tables = args.table.iter().map(|&number| PaperItem::Table(number));
    let asked: Vec<PaperItem> = tables.chain(args.figure.iter().map(|&number| PaperItem::Figure(number))).collect();
    if let Some(unknown) = asked.iter().find(|item| !PaperItem::ALL.contains(item)) {
        let known = PaperItem::ALL.map(|item| item.to_string()).join(", ");
        return Err(CommandError::usage_with_help(
            format!("{unknown} has nothing to compare"),
            format!("there are {known}"),
        ));
    }
    Ok(PaperItem::ALL.into_iter().filter(|item| asked.is_empty() || asked.contains(item)).collect())
}

/// Returns a section per item and a summary.
fn text(rows: &[PaperRow], output: &Output) -> String {
    let sections = rows.chunk_by(|one, other| one.item == other.item).map(|rows| section(rows, output));
    let mut text: String = sections.collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        *counts.entry(row.verdict).or_default() += 1;
    }
    let count = |verdict: &str| counts.get(verdict).copied().unwrap_or_default();
    let (reproduced, differ) = (count("reproduced"), count("differs"));
    let (untold, unprinted) = (count("not-recomputable"), count("not-printed"));
    text.push_str(&format!(
        "{} rows: {reproduced} reproduced, {differ} differ, {untold} not recomputable here, {unprinted} not printed\n",
        rows.len()
    ));
    text
}

/// Returns the rows of one item under its name, with their reasons as numbered notes.
fn section(rows: &[PaperRow], output: &Output) -> String {
    let mut notes: Vec<&str> = Vec::new();
    let mut cells = vec![["row", "quantity", "printed", "ours", "verdict"].map(str::to_owned).to_vec()];
    for row in rows {
        let verdict = verdict(row, &mut notes, output);
        let quantity =
            if row.unit.is_empty() { row.quantity.clone() } else { format!("{}, {}", row.quantity, row.unit) };
        let ours = row.ours.map(|ours| format!("{ours:.*}", digits(row))).unwrap_or_default();
        cells.push(vec![row.row.clone(), quantity, row.printed.clone().unwrap_or_default(), ours, verdict]);
    }
    let mut text = format!("{}\n\n{}", output.paint(&rows[0].item, Ink::Hint), columns(&cells));
    for (index, note) in notes.iter().enumerate() {
        text.push_str(&format!("[{}] {note}\n", index + 1));
    }
    text.push('\n');
    text
}

fn verdict<'a>(row: &'a PaperRow, notes: &mut Vec<&'a str>, output: &Output) -> String {
    if row.verdict == "reproduced" {
        let how = if row.why == "rounded" { String::new() } else { format!(", {}", row.why) };
        return format!("{}{how}", output.paint("reproduced", Ink::Good));
    }
    let known = notes.iter().position(|note| *note == row.why);
    let index = known.unwrap_or_else(|| {
        notes.push(&row.why);
        notes.len() - 1
    });
    let told = match row.by {
        Some(by) => format!("{} by {by:+.*}", output.paint("differs", Ink::Bad), digits(row)),
        None => output.paint(&row.verdict.replace('-', " "), Ink::Due),
    };
    format!("{told} [{}]", index + 1)
}

/// Returns how many digits of ours stand after the point.
fn digits(row: &PaperRow) -> usize {
    let printed = row.printed.as_deref().and_then(|printed| printed.split_once('.'));
    printed.map_or(0, |(_, decimals)| decimals.len()) + MORE_DIGITS
}
