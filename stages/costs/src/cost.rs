use serde::Serialize;
use spaces::Operator;

use crate::energy::{EnergyByData, EnergyByLevel};
use crate::{AcceleratorError, Accesses, Energy, HardwareDigest, RepeatedProblem, Tiling};

/// What one layer costs on an accelerator.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LayerCost {
    /// Constants, switches and bit width it was computed with.
    pub hardware: HardwareDigest,
    /// Energy; lower is better.
    pub energy: Energy,
    /// Latency in ms; lower is better.
    pub latency_ms: f64,
    /// Exact counts.
    pub accesses: Accesses,
    /// What the array computes and how; `None` if the layer costs nothing.
    pub schedule: Option<Schedule>,
}

/// What the array computes for a layer, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Schedule {
    /// The loops, and how often.
    pub repeated: RepeatedProblem,
    /// How they are split.
    pub tiling: Tiling,
}

/// What a network costs on an accelerator: one layer after the other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NetworkCost {
    /// Constants, switches and bit width it was computed with.
    pub hardware: HardwareDigest,
    /// Name of the network.
    pub network: String,
    /// Sum of the layers' energies; lower is better.
    pub energy: Energy,
    /// Sum of the layers' latencies in ms; lower is better.
    pub latency_ms: f64,
    /// One row per layer in execution order.
    pub layers: Vec<LayerRow>,
}

/// A layer of a [`NetworkCost`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerRow {
    /// Name of the layer.
    pub name: String,
    /// Operator of the block that owns it; `None` outside searchable layers.
    pub operator: Option<Operator>,
    /// What it costs.
    pub cost: LayerCost,
}

/// One network's cost over another's, on the same hardware; below 1 is cheaper.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CostRatio {
    /// Energy over the baseline's.
    pub energy: f64,
    /// Latency over the baseline's.
    pub latency: f64,
}

/// Returns the sum of layers' energies and latencies, in mJ and ms; none sum to 0.
///
/// # Errors
/// [`AcceleratorError::DifferentHardware`] if not all were computed with the same hardware and bit width.
pub fn total(costs: &[LayerCost]) -> Result<(Energy, f64), AcceleratorError> {
    let mut sum = (Energy::default(), 0.0);
    for cost in costs {
        same(costs[0].hardware, cost.hardware)?;
        sum = (sum.0.plus(cost.energy), sum.1 + cost.latency_ms);
    }
    Ok(sum)
}

impl NetworkCost {
    /// Returns this network's cost over that of a baseline.
    ///
    /// # Errors
    /// [`AcceleratorError::DifferentHardware`] if they were not computed with the same hardware and bit width.
    pub fn relative_to(&self, baseline: &Self) -> Result<CostRatio, AcceleratorError> {
        same(self.hardware, baseline.hardware)?;
        Ok(CostRatio {
            energy: self.energy.total_mj / baseline.energy.total_mj,
            latency: self.latency_ms / baseline.latency_ms,
        })
    }
}

impl Energy {
    fn plus(self, other: Self) -> Self {
        let (a, b) = (self.by_level, other.by_level);
        let (c, d) = (self.by_data, other.by_data);
        Self {
            total_mj: self.total_mj + other.total_mj,
            by_level: EnergyByLevel {
                arithmetic_mj: a.arithmetic_mj + b.arithmetic_mj,
                dram_mj: a.dram_mj + b.dram_mj,
                buffer_mj: a.buffer_mj + b.buffer_mj,
                network_mj: a.network_mj + b.network_mj,
                register_file_mj: a.register_file_mj + b.register_file_mj,
            },
            by_data: EnergyByData {
                input_mj: c.input_mj + d.input_mj,
                weight_mj: c.weight_mj + d.weight_mj,
                output_mj: c.output_mj + d.output_mj,
            },
        }
    }
}

fn same(left: HardwareDigest, right: HardwareDigest) -> Result<(), AcceleratorError> {
    if left == right { Ok(()) } else { Err(AcceleratorError::DifferentHardware { left, right }) }
}
