use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::Printed;
use super::rows::rows;
use crate::Official;

const FILE: &str = include_str!("../../data/table3.csv");
/// Bits in which Table 3 states sizes and operations.
const FULL_BITS: f64 = 32.0;

static TABLE: LazyLock<Vec<Table3Row>> =
    LazyLock::new(|| rows(FILE).expect("the file is part of the program and a test reads it"));

/// A row of Table 3 of ShiftAddNAS (arXiv 2205.08119), and what its network really has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table3Row {
    /// Number of the row, from 1; rows whose network is not known are left out.
    pub row: u32,
    /// Languages.
    pub pair: LanguagePair,
    /// Whose network it is.
    pub system: System,
    /// Bits of weights and activations.
    pub bits: u32,
    /// The row's network.
    pub network: String,
    /// The network whose parameters and operations the row prints, as far as there is one.
    pub counts_network: String,
    /// The network whose energy and latency the row prints.
    pub hardware_network: String,
    /// Printed BLEU; higher is better.
    pub printed_bleu: Printed,
    /// Printed parameters in millions, of 32 bits each.
    pub printed_params_m: Printed,
    /// Printed operations in 10^9, of 32 bits each.
    pub printed_flops_g: Printed,
    /// Printed latency, ms.
    pub printed_latency_ms: Printed,
    /// Printed energy, mJ.
    pub printed_energy_mj: Printed,
    /// Parameters of `network` in millions of 32 bits.
    pub params_m: Printed,
    /// Operations of `network` in 10^9 of 32 bits.
    pub flops_g: Printed,
    /// Latency of `hardware_network` with one source per decoder layer, ms.
    pub latency_one_ms: Printed,
    /// Latency of `hardware_network` with own sources, ms.
    pub latency_own_ms: Printed,
    /// Energy of `hardware_network` with one source per decoder layer, mJ.
    pub energy_one_mj: Printed,
    /// Energy of `hardware_network` with own sources, mJ.
    pub energy_own_mj: Printed,
    /// What is wrong with the printed numbers; empty if nothing.
    pub remark: String,
}

/// Languages of a translation task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LanguagePair {
    /// WMT'14 English to German.
    EnDe,
    /// WMT'14 English to French.
    EnFr,
}

/// Whose network a row of Table 3 shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum System {
    /// Vaswani et al., big.
    Transformer,
    /// Hardware-aware Transformers (arXiv 2005.14187).
    Hat,
    /// ShiftAddNAS.
    ShiftAddNas,
}

impl Table3Row {
    /// Returns the parameters as the row states them: millions, in units of 32 bits.
    pub fn stated_params_m(&self, official: Official) -> f64 {
        official.params as f64 * self.bit_share() / 1e6
    }

    /// Returns the operations as the row states them: 10^9, one of 8 bits counting as (8 / 32)^2.
    pub fn stated_flops_g(&self, official: Official) -> f64 {
        official.flops as f64 * self.bit_share().powi(2) / 1e9
    }

    fn bit_share(&self) -> f64 {
        f64::from(self.bits) / FULL_BITS
    }
}

/// Returns the rows of Table 3 whose network is known.
pub fn table3() -> &'static [Table3Row] {
    &TABLE
}

#[cfg(test)]
mod tests;
