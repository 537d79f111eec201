use serde::Deserialize;
use spaces::Arithmetic;

use super::{AuditRow, PaperError, PaperItem, Verdict};
use crate::translation::rows as read;
use crate::{Network, Printed, network};

const FILE: &str = include_str!("../../data/paper/vision_networks.csv");
/// What a row that cannot be computed is called.
const ALL_COLUMNS: &str = "params, MACs, #Mult, #Add, #Shift";
/// What the names of layers of relative positions have.
const RELATIVE_POSITIONS: &str = ".relative.";
/// Tenths of 10^9, the digits that the tables print of operations.
const TENTHS: f64 = 10.0;
const HUNDREDTHS: f64 = 100.0;

/// A row of Tables 4, 7 and 11, and the network that it shows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct VisionRow {
    /// Numbers of the tables that print it.
    tables: String,
    row: String,
    network: Option<String>,
    image_size: Option<u64>,
    rule: Rule,
    params_m: Option<Printed>,
    macs_g: Option<Printed>,
    mult_g: Option<Printed>,
    add_g: Option<Printed>,
    shift_g: Option<Printed>,
    why: String,
}

/// How the counts of the authors' counter become those that are compared with print.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Rule {
    /// As they are.
    Exact,
    /// Rounded to hundredths of 10^9 before they are printed to tenths.
    RoundedTwice,
    /// Multiplications, subtract-accumulates and MACs rounded to tenths before #Add and #Shift are made of them.
    RoundedParts,
    /// Without the products of `AutoFormer` with its relative positions.
    WithoutRelativePositions,
}

/// Operations in 10^9 as the tables' columns have them.
struct Columns {
    macs: f64,
    mult: f64,
    add: f64,
    shift: f64,
}

/// Returns the rows of Table 4, 7 or 11 beside ours, by the counter of the authors.
pub(super) fn rows(item: PaperItem) -> Result<Vec<AuditRow>, PaperError> {
    let rows: Vec<VisionRow> = read(FILE)?;
    let of_table =
        rows.into_iter().filter(|row| row.tables.split(' ').any(|of| item.to_string() == format!("Table {of}")));
    Ok(of_table.map(|row| row.audited(item)).collect::<Result<Vec<_>, _>>()?.concat())
}

impl VisionRow {
    fn audited(self, item: PaperItem) -> Result<Vec<AuditRow>, PaperError> {
        let (Some(name), Some(size)) = (&self.network, self.image_size) else { return Ok(vec![self.untold(item)]) };
        let network = network(name, size)?;
        let columns = self.rule.columns(&network);
        let cells = [
            ("params", "M", self.params_m, network.params() as f64 / 1e6),
            ("MACs", "G", self.macs_g, columns.macs),
            ("#Mult", "G", self.mult_g, columns.mult),
            ("#Add", "G", self.add_g, columns.add),
            ("#Shift", "G", self.shift_g, columns.shift),
        ];
        let printed = cells.into_iter().filter_map(|(quantity, unit, printed, ours)| {
            let printed = Some(printed?.into());
            let verdict = Verdict::on(printed, ours, &self.why);
            let (row, quantity, unit) = (self.row.clone(), quantity.to_owned(), unit.to_owned());
            Some(AuditRow { item, row, quantity, unit, printed, ours: Some(ours), verdict })
        });
        Ok(printed.collect())
    }

    fn untold(self, item: PaperItem) -> AuditRow {
        AuditRow {
            item,
            row: self.row,
            quantity: ALL_COLUMNS.to_owned(),
            unit: String::new(),
            printed: None,
            ours: None,
            verdict: Verdict::NotRecomputable { why: self.why },
        }
    }
}

impl Rule {
    fn columns(self, network: &Network) -> Columns {
        let network = match self {
            Self::WithoutRelativePositions => &without_relative_positions(network),
            Self::Exact | Self::RoundedTwice | Self::RoundedParts => network,
        };
        let half = |arithmetic| network.official_flops(arithmetic) as f64 / 2e9;
        let [mult, shift, taps] = [Arithmetic::Multiply, Arithmetic::Shift, Arithmetic::Add].map(half);
        let exact = Columns { macs: mult + shift + taps, mult, add: mult + shift + 2.0 * taps, shift };
        match self {
            Self::Exact | Self::WithoutRelativePositions => exact,
            Self::RoundedTwice => {
                let Columns { macs, mult, add, shift } = exact;
                let [macs, mult, add, shift] = [macs, mult, add, shift].map(|count| rounded(count, HUNDREDTHS));
                Columns { macs, mult, add, shift }
            }
            Self::RoundedParts => {
                let [macs, mult, taps, shift] = [exact.macs, mult, taps, shift].map(|count| rounded(count, TENTHS));
                Columns { macs, mult, add: mult + shift + 2.0 * taps, shift: macs - mult - taps }
            }
        }
    }
}

fn without_relative_positions(network: &Network) -> Network {
    let layers = network.layers.iter().filter(|layer| !layer.name.contains(RELATIVE_POSITIONS));
    Network { name: network.name.clone(), layers: layers.cloned().collect() }
}

fn rounded(count: f64, per_unit: f64) -> f64 {
    (count * per_unit).round() / per_unit
}
