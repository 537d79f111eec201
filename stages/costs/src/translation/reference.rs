use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::Printed;
use super::rows::rows;

const FILE: &str = include_str!("../../data/translation_reference.csv");

static REFERENCES: LazyLock<Vec<TranslationReference>> =
    LazyLock::new(|| rows(FILE).expect("the file is part of the program and a test reads it"));

/// What is known of the counts and costs of one network for 30 source and 30 target tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TranslationReference {
    /// Name of the network.
    pub network: String,
    /// Official parameters, recorded by the authors.
    pub recorded_params: Option<u64>,
    /// Official operations, recorded by the authors.
    pub recorded_flops: Option<u64>,
    /// Official parameters in millions.
    pub params_m: Option<Printed>,
    /// Official operations in 10^9.
    pub flops_g: Option<Printed>,
    /// Energy with own sources, mJ.
    pub energy_own_mj: Option<Printed>,
    /// Latency with own sources, ms.
    pub latency_own_ms: Option<Printed>,
    /// Energy with one source, mJ.
    pub energy_one_mj: Option<Printed>,
    /// Latency with one source, ms.
    pub latency_one_ms: Option<Printed>,
}

/// Returns what is known of the counts and costs of published networks; energy and latency by the authors' model.
pub fn translation_references() -> &'static [TranslationReference] {
    &REFERENCES
}

#[cfg(test)]
mod tests;
