use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use spaces::Arithmetic;

const ENERGIES: &str = include_str!("../data/unit_energies.csv");
const RATIOS: &str = include_str!("../data/unit_energy_ratios.csv");

/// Energy of one scalar operation: a bar of Fig. 1 of ShiftAddNAS (arXiv 2205.08119).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitEnergy {
    /// Multiplication, shift or addition, without accumulation.
    pub operation: Arithmetic,
    /// How numbers are written.
    pub format: Format,
    /// Bits of a number.
    pub bits: u32,
    /// What computes it.
    pub technology: Technology,
    /// Energy in pJ; lower is better.
    pub energy_pj: f64,
    /// Where the figure comes from.
    pub source: String,
}

/// How much more a multiplication costs than a cheaper operation of the same format and technology.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitEnergyRatio {
    /// The cheaper operation.
    pub operation: Arithmetic,
    /// How numbers are written.
    pub format: Format,
    /// Bits of a number.
    pub bits: u32,
    /// What computes it.
    pub technology: Technology,
    /// Energy of a multiplication over that of the operation.
    pub multiply_ratio: f64,
    /// Where the figure comes from.
    pub source: String,
}

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Floating point.
    Float,
    /// Integers and fixed point.
    Fixed,
}

/// What computes an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Technology {
    /// An integrated circuit of 45 nm CMOS.
    #[serde(rename = "asic-45nm")]
    Asic45Nm,
    /// A field-programmable gate array.
    #[serde(rename = "fpga")]
    Fpga,
}

/// Returns the rows of `data/unit_energies.csv`.
pub fn unit_energies() -> Vec<UnitEnergy> {
    rows(ENERGIES)
}

/// Returns the rows of `data/unit_energy_ratios.csv`: all that the paper says of the FPGA.
pub fn unit_energy_ratios() -> Vec<UnitEnergyRatio> {
    rows(RATIOS)
}

fn rows<T: DeserializeOwned>(table: &str) -> Vec<T> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(table.as_bytes());
    reader.deserialize().collect::<Result<_, _>>().expect("a test reads every row of the crate's own tables")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read_and_has_a_source() {
        let (energies, ratios) = (unit_energies(), unit_energy_ratios());
        assert_eq!((energies.len(), ratios.len()), (10, 6));
        assert!(energies.iter().all(|row| row.energy_pj > 0.0 && !row.source.is_empty()));
        assert!(ratios.iter().all(|row| row.multiply_ratio > 1.0 && !row.source.is_empty()));
    }

    #[test]
    fn the_papers_ratios_at_45_nm_are_those_of_the_energies() {
        let energy = |operation, format| {
            let same = |row: &&UnitEnergy| row.operation == operation && row.format == format && row.bits == 32;
            unit_energies().iter().find(same).expect("the row exists").energy_pj
        };
        for row in unit_energy_ratios().iter().filter(|row| row.technology == Technology::Asic45Nm) {
            let ratio = energy(Arithmetic::Multiply, row.format) / energy(row.operation, row.format);
            assert!((ratio / row.multiply_ratio - 1.0).abs() < 0.01, "{row:?}: {ratio}");
        }
    }
}
