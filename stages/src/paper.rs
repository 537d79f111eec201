//! The audit of the paper: its figures beside ours, as rows to print and to keep.

use engine::{Artifact, ArtifactError, FolderWriter, Publish, Table};
use serde::Serialize;

pub use costs::PaperItem;

/// A printed figure beside ours, flat.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PaperRow {
    /// Table or figure of the paper: `Table 3`.
    pub item: String,
    /// Row of it, and our convention if it is another than the paper's.
    pub row: String,
    /// What is measured.
    pub quantity: String,
    /// Its unit; empty for a mere number.
    pub unit: String,
    /// The printed digits, after `<` or `>` if they are a bound.
    pub printed: Option<String>,
    /// What we compute.
    pub ours: Option<f64>,
    /// `reproduced`, `differs`, `not-recomputable` or `not-printed`.
    pub verdict: &'static str,
    /// Ours less the printed figure where they differ, in the unit.
    pub by: Option<f64>,
    /// The reason, as far as it is known; of a reproduced figure the way: `rounded`, `truncated`, `within the bound`.
    pub why: String,
}

/// Returns the rows of the items, computed anew.
pub fn audit(items: &[PaperItem]) -> Vec<PaperRow> {
    let flat = |row: costs::AuditRow| PaperRow {
        item: row.item.to_string(),
        printed: row.printed.map(|printed| printed.to_string()),
        ours: row.ours,
        verdict: row.verdict.name(),
        by: row.verdict.by(),
        why: row.verdict.why().to_owned(),
        row: row.row,
        quantity: row.quantity,
        unit: row.unit,
    };
    costs::audit(items).into_iter().map(flat).collect()
}

/// Rows to keep.
#[derive(Clone, Debug)]
pub struct PaperAudit {
    /// The rows.
    pub rows: Vec<PaperRow>,
}

impl Artifact for PaperAudit {
    const FORMAT: &'static str = "paper-audit";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Figures of the paper beside ours, with verdicts";
}

impl Publish for PaperAudit {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        let texts = |text: fn(&PaperRow) -> &str| self.rows.iter().map(|row| text(row).to_owned()).collect::<Vec<_>>();
        let table = Table::new()
            .with("item", texts(|row| &row.item))
            .with("row", texts(|row| &row.row))
            .with("quantity", texts(|row| &row.quantity))
            .with("unit", texts(|row| &row.unit))
            .with("printed", self.rows.iter().map(|row| row.printed.clone()).collect::<Vec<_>>())
            .with("ours", self.rows.iter().map(|row| row.ours).collect::<Vec<_>>())
            .with("verdict", texts(|row| row.verdict))
            .with("by", self.rows.iter().map(|row| row.by).collect::<Vec<_>>())
            .with("why", texts(|row| &row.why));
        folder.write_table("rows", &table)
    }
}
