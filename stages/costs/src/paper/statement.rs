use serde::Deserialize;

use super::measure::{Measure, Measured};
use super::{AuditRow, Costing, PaperError, PaperItem, Quoted, Relation, Verdict};
use crate::Printed;
use crate::translation::rows as read;

const FILE: &str = include_str!("../../data/paper/statements.csv");

/// A printed figure, and what should give it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    item: String,
    row: String,
    quantity: String,
    unit: String,
    #[serde(default)]
    relation: Relation,
    printed: Option<Printed>,
    measure: Option<Measure>,
    of: String,
    over: String,
    why: String,
    #[cfg_attr(not(test), expect(dead_code, reason = "for readers of the file"))]
    source: String,
}

/// Returns the statements of an item beside ours.
pub(super) fn rows(item: PaperItem, costing: &mut Costing) -> Result<Vec<AuditRow>, PaperError> {
    let statements: Vec<Statement> = read(FILE)?;
    let of_item = statements.into_iter().filter(|statement| statement.item == item.to_string());
    of_item.map(|statement| statement.row(item, costing)).collect()
}

impl Statement {
    fn row(self, item: PaperItem, costing: &mut Costing) -> Result<AuditRow, PaperError> {
        let printed = self.printed.map(|figure| Quoted { relation: self.relation, figure });
        let measured = self.measure.map(|measure| measure.compute(&self.of, &self.over, costing)).transpose();
        let measured = measured.map_err(|error| error.in_row(&self.row))?;
        let verdict = match &measured {
            None => Verdict::NotRecomputable { why: self.why },
            Some(Measured { value, exact: None }) => Verdict::on(printed, *value, &self.why),
            Some(Measured { value, exact: Some(exact) }) => {
                Verdict::on(printed, *value, &format!("{}; exactly {exact}", self.why))
            }
        };
        let ours = measured.map(|measured| measured.value);
        Ok(AuditRow { item, row: self.row, quantity: self.quantity, unit: self.unit, printed, ours, verdict })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_belongs_to_an_item_and_has_a_source_if_it_is_printed() {
        let statements: Vec<Statement> = read(FILE).unwrap();
        for statement in &statements {
            assert!(PaperItem::ALL.iter().any(|item| item.to_string() == statement.item), "{statement:?}");
            assert!(statement.printed.is_none() || !statement.source.is_empty(), "{statement:?}");
        }
    }
}
