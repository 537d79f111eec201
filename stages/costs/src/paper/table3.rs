use super::costing::{Subject, bit_width};
use super::{AuditRow, Costing, PaperError, PaperItem, Verdict};
use crate::{LanguagePair, NamedTransformer, Printed, Sources, System, Table3Row};

/// Reason of a row of Table 3 whose network gives other numbers and that has no remark.
const UNEXPLAINED: &str = "unexplained";

/// Returns the rows of Table 3 whose network is known beside ours: parameters and operations by the authors' counters,
/// energy and latency with one source per decoder layer. Where the row prints figures of another network, that one's
/// follow.
pub(super) fn rows(costing: &mut Costing) -> Result<Vec<AuditRow>, PaperError> {
    let rows = crate::table3().iter().map(|row| audited(row, costing));
    Ok(rows.collect::<Result<Vec<_>, _>>()?.concat())
}

fn audited(row: &Table3Row, costing: &mut Costing) -> Result<Vec<AuditRow>, PaperError> {
    let mut audited =
        [counts(row, &row.network, &label(row))?, costs(row, &row.network, &label(row), costing)?].concat();
    if row.counts_network != row.network {
        let found = counts(row, &row.counts_network, &other_label(row, &row.counts_network))?;
        audited.extend(found.into_iter().filter(|cause| explains(cause, &audited)).collect::<Vec<_>>());
    }
    if row.hardware_network != row.network {
        let name = other_label(row, &row.hardware_network);
        let found = costs(row, &row.hardware_network, &name, costing)?;
        audited.extend(found);
    }
    Ok(audited)
}

/// Returns whether the same quantity differs in the row itself.
fn explains(cause: &AuditRow, audited: &[AuditRow]) -> bool {
    audited.iter().any(|row| row.quantity == cause.quantity && row.verdict.by().is_some())
}

fn counts(row: &Table3Row, network: &str, label: &str) -> Result<Vec<AuditRow>, PaperError> {
    let official = Subject::translation(network, Sources::Own, bit_width(row.bits)?)?.network.official();
    Ok(vec![
        cell(row, label, ["params", "M"], row.printed_params_m, row.stated_params_m(official)),
        cell(row, label, ["FLOPs", "G"], row.printed_flops_g, row.stated_flops_g(official)),
    ])
}

fn costs(row: &Table3Row, network: &str, label: &str, costing: &mut Costing) -> Result<Vec<AuditRow>, PaperError> {
    let cost = costing.cost(&Subject::translation(network, Sources::One, bit_width(row.bits)?)?)?;
    Ok(vec![
        cell(row, label, ["latency", "ms"], row.printed_latency_ms, cost.latency_ms),
        cell(row, label, ["energy", "mJ"], row.printed_energy_mj, cost.energy.total_mj),
    ])
}

fn cell(row: &Table3Row, label: &str, [quantity, unit]: [&str; 2], printed: Printed, ours: f64) -> AuditRow {
    let why = if row.remark.is_empty() { UNEXPLAINED } else { &row.remark };
    let printed = Some(printed.into());
    AuditRow {
        item: PaperItem::TABLE_3,
        row: label.to_owned(),
        quantity: quantity.to_owned(),
        unit: unit.to_owned(),
        printed,
        ours: Some(ours),
        verdict: Verdict::on(printed, ours, why),
    }
}

fn other_label(row: &Table3Row, network: &str) -> String {
    let named = crate::translation_networks().iter().find(|named| named.is_called(network));
    format!("{} as {}", label(row), named.map_or(network, NamedTransformer::shortest_name))
}

fn label(row: &Table3Row) -> String {
    let pair = match row.pair {
        LanguagePair::EnDe => "En-De",
        LanguagePair::EnFr => "En-Fr",
    };
    let system = match row.system {
        System::Transformer => "Transformer",
        System::Hat => "HAT",
        System::ShiftAddNas => "ShiftAddNAS",
    };
    let bits = if row.bits == 32 { "" } else { " (8-bit)" };
    format!("{pair} {system}{bits} {}", row.printed_bleu)
}
