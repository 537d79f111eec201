use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::clock::Clock;
use crate::cost::{LayerRow, Schedule, total};
use crate::energy::Prices;
use crate::hardware::BitWidth;
use crate::tiling::best_tiling;
use crate::{
    Accesses, Energy, Hardware, HardwareDigest, Layer, LayerCost, Network, NetworkCost, RepeatedProblem, Work,
};

mod error;

pub use error::AcceleratorError;

/// A row-stationary accelerator at a bit width: what layers cost on it, each problem searched once.
///
/// It models Eyeriss (Chen et al., ISCA 2016) as the release of ShiftAddNAS does: an array of processing elements
/// with register files, a network, a buffer and DRAM, layers one after the other, each under the best tiling of its
/// loops. Costs are remembered by problem, behind a lock, so that workers may share one.
#[derive(Debug)]
pub struct Accelerator {
    hardware: Hardware,
    bits: BitWidth,
    digest: HardwareDigest,
    known: RwLock<HashMap<RepeatedProblem, LayerCost>>,
}

impl Accelerator {
    /// Returns an accelerator that remembers nothing yet.
    pub fn new(hardware: Hardware, bits: BitWidth) -> Self {
        let digest = hardware.digest(bits);
        Self { hardware, bits, digest, known: RwLock::default() }
    }

    /// Returns its constants and switches.
    pub const fn hardware(&self) -> &Hardware {
        &self.hardware
    }

    /// Returns its bit width.
    pub const fn bits(&self) -> BitWidth {
        self.bits
    }

    /// Returns the digest that all its costs carry.
    pub const fn digest(&self) -> HardwareDigest {
        self.digest
    }

    /// Returns what the work of a layer costs.
    ///
    /// # Errors
    /// The work is no problem of this hardware, no tiling fits, or the counts are too large to be exact.
    pub fn cost(&self, work: &Work) -> Result<LayerCost, AcceleratorError> {
        self.hardware.problem(work)?.map_or_else(|| Ok(self.nothing()), |repeated| self.problem_cost(repeated))
    }

    /// Returns what a problem costs.
    ///
    /// # Errors
    /// An extent is too large, no tiling fits, or the counts are too large to be exact.
    pub fn problem_cost(&self, repeated: RepeatedProblem) -> Result<LayerCost, AcceleratorError> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&repeated).copied();
        if let Some(cost) = known {
            return Ok(cost);
        }
        let cost = self.search(repeated)?;
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(repeated, cost);
        Ok(cost)
    }

    /// Returns what a layer costs.
    ///
    /// # Errors
    /// As [`Accelerator::cost`].
    pub fn layer_cost(&self, layer: &Layer) -> Result<LayerCost, AcceleratorError> {
        self.cost(&layer.work)
    }

    /// Returns what a network costs: the sum over its layers, with one row each.
    ///
    /// # Errors
    /// [`AcceleratorError::Layer`] names the first layer without a cost.
    pub fn network_cost(&self, network: &Network) -> Result<NetworkCost, AcceleratorError> {
        let layers = network.layers.iter().map(|layer| self.row(network, layer)).collect::<Result<Vec<_>, _>>()?;
        let costs: Vec<LayerCost> = layers.iter().map(|row| row.cost).collect();
        let (energy, latency_ms) = total(&costs)?;
        Ok(NetworkCost { hardware: self.digest, network: network.name.clone(), energy, latency_ms, layers })
    }

    fn row(&self, network: &Network, layer: &Layer) -> Result<LayerRow, AcceleratorError> {
        let cost = self.layer_cost(layer).map_err(|reason| AcceleratorError::Layer {
            network: network.name.clone(),
            layer: layer.name.clone(),
            reason: Box::new(reason),
        })?;
        Ok(LayerRow { name: layer.name.clone(), operator: layer.operator, cost })
    }

    fn nothing(&self) -> LayerCost {
        LayerCost {
            hardware: self.digest,
            energy: Energy::default(),
            latency_ms: 0.0,
            accesses: Accesses::default(),
            schedule: None,
        }
    }

    fn search(&self, repeated: RepeatedProblem) -> Result<LayerCost, AcceleratorError> {
        let RepeatedProblem { problem, times } = repeated;
        let tiling = best_tiling(&problem, &self.hardware, self.bits)?;
        let once = Accesses::of(&problem, &tiling);
        let clock = Clock::of(&self.hardware, self.bits, &problem);
        let prices = Prices::of(&self.hardware, self.bits, problem.class);
        Ok(LayerCost {
            hardware: self.digest,
            energy: prices.energy(&once, times),
            latency_ms: clock.latency_ms(clock.latency(&problem, &tiling, &once), times),
            accesses: once.times(times).ok_or(AcceleratorError::TooLarge { problem })?,
            schedule: Some(Schedule { repeated, tiling }),
        })
    }
}

#[cfg(test)]
mod tests;
