//! The published figures of ShiftAddNAS (arXiv 2205.08119) beside ours: what can be computed again, is.
//!
//! The nouns: a [`PaperItem`] is a table or figure; an [`AuditRow`] is one printed figure and ours; a [`Verdict`] says
//! how they stand to each other. What is printed stands in `data/paper`, with the name of what is computed; ours is
//! computed anew at every call. Where a figure differs and the cause is known, a further row prints it again beside
//! what the cause gives.
//!
//! It deliberately trains nothing: accuracies, BLEU, ranking correlations and search times are told as not recomputable.

mod costing;
mod error;
mod item;
mod measure;
mod row;
mod space_size;
mod statement;
mod table3;
mod unit_energy;
mod vision_table;

#[cfg(test)]
mod tests;

use costing::Costing;
use error::PaperError;
pub use item::PaperItem;
pub use row::{AuditRow, How, Quoted, Relation, Verdict};

/// Returns the rows of the items, in the order of the items: printed figures, ours, and verdicts.
///
/// Nothing is remembered between calls: the tilings of all layers of some thirty networks are searched anew.
pub fn audit(items: &[PaperItem]) -> Vec<AuditRow> {
    let mut costing = Costing::default();
    let rows = items.iter().map(|item| rows_of(*item, &mut costing)).collect::<Result<Vec<_>, _>>();
    rows.expect("the data files are part of the program and a test computes every row").concat()
}

fn rows_of(item: PaperItem, costing: &mut Costing) -> Result<Vec<AuditRow>, PaperError> {
    let counted = match item {
        PaperItem::TABLE_3 => table3::rows(costing)?,
        PaperItem::TABLE_4 | PaperItem::TABLE_7 | PaperItem::TABLE_11 => vision_table::rows(item)?,
        PaperItem::Table(_) | PaperItem::Figure(_) => Vec::new(),
    };
    Ok([counted, statement::rows(item, costing)?].concat())
}
