//! The costs that an architecture can be limited in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A cost that an architecture can be limited in; lower is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cost {
    /// Multiply-accumulates of all arithmetics.
    Macs,
    /// Those with a multiplication.
    MultiplyMacs,
    /// Trained scalars.
    Params,
    /// Bytes of the trained scalars: weights at the bit width, those of shift layers at 5 bits, the rest at 32.
    SizeBytes,
    /// Energy of one picture on the hardware, in mJ.
    EnergyMj,
    /// Latency of one picture on the hardware, in ms.
    LatencyMs,
}

impl Cost {
    /// All costs, those that take the least time to compute first.
    pub const ALL: [Cost; 6] =
        [Cost::Macs, Cost::MultiplyMacs, Cost::Params, Cost::SizeBytes, Cost::EnergyMj, Cost::LatencyMs];

    /// Returns the column and parameter name.
    pub const fn name(self) -> &'static str {
        match self {
            Cost::Macs => "macs",
            Cost::MultiplyMacs => "multiply_macs",
            Cost::Params => "params",
            Cost::SizeBytes => "size_bytes",
            Cost::EnergyMj => "energy_mj",
            Cost::LatencyMs => "latency_ms",
        }
    }
}
