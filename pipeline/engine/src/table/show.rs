//! Tables as text for a person and as JSON rows for a program.

use std::fmt::Write as _;

use polars::prelude::{AnyValue, Series};
use serde_json::{Map, Value};

use super::Table;

/// The widest a cell is shown.
const CELL_WIDTH: usize = 40;

/// How many items of a list are shown.
const LIST_ITEMS: usize = 8;

impl Table {
    /// Returns the first `limit` rows as aligned columns under their names and types.
    pub fn render(&self, limit: usize) -> String {
        let shown = self.rows().min(limit);
        let columns: Vec<Vec<String>> = self
            .frame
            .columns()
            .iter()
            .map(|column| {
                let head = [column.name().to_string(), super::column::type_text(column.dtype())];
                let cells = (0..shown).map(|row| text(&cell(column, row)));
                head.into_iter().chain(cells).collect()
            })
            .collect();
        let mut out = String::new();
        for line in 0..shown + 2 {
            let cells = columns.iter().map(|column| pad(column, line));
            let line: Vec<String> = cells.collect();
            let _ = writeln!(out, "{}", line.join("  ").trim_end());
        }
        if shown < self.rows() {
            let _ = writeln!(out, "... {} more rows", self.rows() - shown);
        }
        out
    }

    /// Returns the first `limit` rows as JSON objects; bytes are given by their number, an empty cell and a number
    /// that is not finite as null.
    pub fn to_json_rows(&self, limit: usize) -> Vec<Map<String, Value>> {
        let columns = self.frame.columns();
        let row = |row| {
            let cells = columns.iter();
            cells.map(|column| (column.name().to_string(), json(&cell(column, row)))).collect()
        };
        (0..self.rows().min(limit)).map(row).collect()
    }
}

fn cell(column: &polars::prelude::Column, row: usize) -> AnyValue<'_> {
    column.get(row).expect("rows are counted up to the height")
}

fn pad(column: &[String], line: usize) -> String {
    let width = column.iter().map(|cell| cell.chars().count()).max();
    let cell = &column[line];
    format!("{cell:<width$}", width = width.unwrap_or_default())
}

fn text(value: &AnyValue<'_>) -> String {
    let full = match value {
        AnyValue::Null => String::new(),
        AnyValue::String(text) => (*text).to_owned(),
        AnyValue::Binary(bytes) => format!("{} bytes", bytes.len()),
        AnyValue::List(items) => list_text(items),
        AnyValue::Float32(number) => number.to_string(),
        AnyValue::Float64(number) => number.to_string(),
        other => other.to_string(),
    };
    let line = full.replace(['\n', '\r', '\t'], " ");
    if line.chars().count() <= CELL_WIDTH {
        return line;
    }
    line.chars().take(CELL_WIDTH - 3).chain("...".chars()).collect()
}

fn list_text(items: &Series) -> String {
    let shown = items.iter().take(LIST_ITEMS).map(|item| text(&item));
    let shown: Vec<String> = shown.collect();
    let more = match items.len().saturating_sub(LIST_ITEMS) {
        0 => String::new(),
        more => format!(", ... {more} more"),
    };
    format!("[{}{more}]", shown.join(", "))
}

fn json(value: &AnyValue<'_>) -> Value {
    match value {
        AnyValue::Null => Value::Null,
        AnyValue::Boolean(truth) => Value::from(*truth),
        AnyValue::String(text) => Value::from(*text),
        AnyValue::UInt8(number) => Value::from(*number),
        AnyValue::Int8(number) => Value::from(*number),
        AnyValue::UInt32(number) => Value::from(*number),
        AnyValue::Int32(number) => Value::from(*number),
        AnyValue::UInt64(number) => Value::from(*number),
        AnyValue::Int64(number) => Value::from(*number),
        AnyValue::Float32(number) => Value::from(f64::from(*number)),
        AnyValue::Float64(number) => Value::from(*number),
        AnyValue::Binary(bytes) => Value::from(bytes.len()),
        AnyValue::List(items) => items.iter().map(|item| json(&item)).collect(),
        other => Value::from(other.to_string()),
    }
}
