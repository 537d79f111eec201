use serde::Deserialize;

use super::PaperError;
use crate::translation::rows;

const FILE: &str = include_str!("../../data/unit_energies.csv");
const TECHNOLOGY: &str = "asic-45nm";

/// The energy of one scalar operation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnitEnergy {
    operation: String,
    format: String,
    bits: String,
    technology: String,
    energy_pj: f64,
    #[expect(dead_code, reason = "for readers of the file")]
    source: String,
}

/// Returns the energy of a multiplication over that of another operation at 45 nm; the text names operation, format
/// and bits: `shift fixed 32`.
pub(super) fn multiply_ratio(text: &str) -> Result<f64, PaperError> {
    let unknown = || PaperError::text("operation", text);
    let [operation, format, bits] = text.split(' ').collect::<Vec<_>>()[..] else { return Err(unknown()) };
    let energies: Vec<UnitEnergy> = rows(FILE)?;
    let energy_pj = |operation: &str| {
        let found = energies.iter().find(|energy| {
            let UnitEnergy { operation: known, format: of, bits: wide, technology, .. } = energy;
            [known, of, wide, technology] == [operation, format, bits, TECHNOLOGY]
        });
        found.map(|energy| energy.energy_pj).ok_or_else(unknown)
    };
    Ok(energy_pj("multiply")? / energy_pj(operation)?)
}
