use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spaces::TransformerArchitecture;

use super::{TranslationPass, transformer};
use crate::{Accelerator, AcceleratorError, Macs, Network, Official};

/// A cost that a translation network can be limited in; lower is better. All are of one pass, without embedding matrix
/// and output projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TranslationCost {
    /// Operations as the authors count them, in 10^9. The limits of their searches are in 10^10: 0.2 there is 2 here.
    FlopsG,
    /// Multiply-accumulates of all arithmetics.
    Macs,
    /// Those with a multiplication.
    MultiplyMacs,
    /// Trained scalars, the signs of shift layers included.
    Params,
    /// Bytes of the trained scalars: weights at the bit width, those of shift layers at 5 bits, the rest at 32.
    SizeBytes,
    /// Energy on the accelerator, in mJ.
    EnergyMj,
    /// Latency on the accelerator, in ms.
    LatencyMs,
}

/// All costs of a translation network.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TranslationCosts {
    /// Multiply-accumulates by arithmetic; [`Macs::share`] tells how much is multiplied.
    pub macs: Macs,
    /// Trained scalars.
    pub params: u64,
    /// What the authors' counters say.
    pub official: Official,
    /// Bytes of the trained scalars.
    pub size_bytes: u64,
    /// Energy, mJ.
    pub energy_mj: f64,
    /// Latency, ms.
    pub latency_ms: f64,
}

impl TranslationCost {
    /// All costs, those that take the least time to compute first.
    pub const ALL: [TranslationCost; 7] = [
        TranslationCost::FlopsG,
        TranslationCost::Macs,
        TranslationCost::MultiplyMacs,
        TranslationCost::Params,
        TranslationCost::SizeBytes,
        TranslationCost::EnergyMj,
        TranslationCost::LatencyMs,
    ];

    /// Returns the column and parameter name.
    pub const fn name(self) -> &'static str {
        match self {
            TranslationCost::FlopsG => "flops_g",
            TranslationCost::Macs => "macs",
            TranslationCost::MultiplyMacs => "multiply_macs",
            TranslationCost::Params => "params",
            TranslationCost::SizeBytes => "size_bytes",
            TranslationCost::EnergyMj => "energy_mj",
            TranslationCost::LatencyMs => "latency_ms",
        }
    }

    /// Returns this cost of a network, or of a part of one; counts are whole numbers.
    ///
    /// # Errors
    /// The accelerator cannot run a layer.
    pub fn of(self, network: &Network, accelerator: &Accelerator) -> Result<f64, AcceleratorError> {
        Ok(match self {
            TranslationCost::FlopsG => network.official().flops as f64 / 1e9,
            TranslationCost::Macs => macs(network).total() as f64,
            TranslationCost::MultiplyMacs => macs(network).multiply as f64,
            TranslationCost::Params => network.params() as f64,
            TranslationCost::SizeBytes => network.size_bytes(accelerator.bits()) as f64,
            TranslationCost::EnergyMj => accelerator.network_cost(network)?.energy.total_mj,
            TranslationCost::LatencyMs => accelerator.network_cost(network)?.latency_ms,
        })
    }
}

/// Returns all costs of a translation network for one pass on an accelerator.
///
/// # Errors
/// The accelerator cannot run a layer.
pub fn translation_costs(
    architecture: &TransformerArchitecture,
    pass: TranslationPass,
    accelerator: &Accelerator,
) -> Result<TranslationCosts, AcceleratorError> {
    let network = transformer(&architecture.name(), architecture, pass);
    let cost = accelerator.network_cost(&network)?;
    Ok(TranslationCosts {
        macs: macs(&network),
        params: network.params(),
        official: network.official(),
        size_bytes: network.size_bytes(accelerator.bits()),
        energy_mj: cost.energy.total_mj,
        latency_ms: cost.latency_ms,
    })
}

fn macs(network: &Network) -> Macs {
    network.macs().expect("the largest architecture and pass count within 64 bits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BitWidth, Hardware, Sources, translation_network};

    /// Row 3 of Table 3: 42.55 M parameters, 2.771 G operations, 40.00 ms and 66.18 mJ with one source.
    #[test]
    fn costs_of_a_published_network_are_the_published_ones() {
        let architecture = translation_network("en-de@350ms_update").expect("published");
        let hardware = Hardware::preset("shiftaddnas-nlp").expect("a preset");
        let accelerator = Accelerator::new(hardware, BitWidth::ThirtyTwo);
        let pass = TranslationPass { sources: Sources::One, ..TranslationPass::default() };
        let costs = translation_costs(&architecture, pass, &accelerator).expect("every layer has a tiling");
        let rounded = |value: f64| (value * 100.0).round() / 100.0;
        assert_eq!([costs.energy_mj, costs.latency_ms].map(rounded), [66.18, 40.00]);
        let own = translation_costs(&architecture, TranslationPass::default(), &accelerator).expect("as before");
        assert_eq!([own.official.params as f64 / 1e6, own.official.flops as f64 / 1e9].map(rounded), [42.55, 2.77]);
        assert_eq!(rounded(own.energy_mj), 70.04);
    }

    #[test]
    fn each_cost_by_name_is_the_one_of_all() {
        let architecture = translation_network("en-de@100ms_update").expect("published");
        let accelerator = Accelerator::new(Hardware::preset("corrected").expect("a preset"), BitWidth::Eight);
        let pass = TranslationPass::default();
        let all = translation_costs(&architecture, pass, &accelerator).expect("every layer has a tiling");
        let network = transformer("100 ms", &architecture, pass);
        let wanted = [
            all.official.flops as f64 / 1e9,
            all.macs.total() as f64,
            all.macs.multiply as f64,
            all.params as f64,
            all.size_bytes as f64,
            all.energy_mj,
            all.latency_ms,
        ];
        for (cost, wanted) in TranslationCost::ALL.into_iter().zip(wanted) {
            assert_eq!(cost.of(&network, &accelerator), Ok(wanted), "{}", cost.name());
            let name = serde_json::to_string(&cost).expect("plain data serializes");
            assert_eq!(name, format!("\"{}\"", cost.name()));
        }
    }
}
