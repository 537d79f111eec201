//! Costs of translation networks as limits of a search.

use std::collections::BTreeMap;

use costs::latency::{LatencyPredictor, LatencyQuery};
use costs::{Accelerator, Hardware, TranslationCost, TranslationPass, smallest, transformer};
use engine::Unmet;
use search::Budget;
use spaces::{Genome, HybridTransformer, SearchSpace};

use crate::cost_model::Bits;

/// Computes costs of translation networks for one pass over 30 tokens on either side.
pub struct TranslationCostModel {
    accelerator: Accelerator,
}

impl TranslationCostModel {
    /// Returns a model for this hardware.
    pub fn new(hardware: Hardware, bits: Bits) -> Self {
        Self { accelerator: Accelerator::new(hardware, bits.into()) }
    }
}

/// One cost of the networks of a space, with an upper limit.
pub struct TranslationCostBudget<'a> {
    /// Computes the cost.
    pub model: &'a TranslationCostModel,
    /// The space.
    pub space: &'a HybridTransformer,
    /// Which cost.
    pub cost: TranslationCost,
    /// Largest allowed value; infinite to only record it.
    pub limit: f64,
}

impl Budget for TranslationCostBudget<'_> {
    fn cost_name(&self) -> &str {
        self.cost.name()
    }

    fn limit(&self) -> f64 {
        self.limit
    }

    /// What has no cost is no number, and so over every budget.
    fn cost(&self, genome: &Genome) -> f64 {
        let network = transformer("candidate", &self.space.decode(genome), TranslationPass::default());
        self.cost.of(&network, &self.model.accelerator).unwrap_or(f64::NAN)
    }
}

/// Returns `Ok` if each limit alone can be kept; whether all of them can together is not told.
///
/// # Errors
/// [`Unmet`] names every limit that is below the smallest value of the whole space.
pub fn within(
    model: &TranslationCostModel,
    limits: &BTreeMap<TranslationCost, f64>,
    space: &HybridTransformer,
) -> Result<(), Unmet> {
    let mut broken = Vec::new();
    for (&cost, &limit) in limits {
        let least = smallest(space, cost, TranslationPass::default(), &model.accelerator);
        // A layer that the accelerator cannot run is told by the search: it has no cost there.
        let Ok(least) = least else { continue };
        if least.value > limit {
            let (name, size) = (cost.name(), SearchSpace::size(space));
            let (value, architecture) = (least.value, least.architecture.name());
            broken.push(format!(
                "`limits.{name}` is {limit}, the smallest of {size} architectures is {value}, that of `{architecture}`"
            ));
        }
    }
    match broken.is_empty() {
        true => Ok(()),
        false => Err(Unmet { message: format!("{}; raise the limit or shrink the space", broken.join("; ")) }),
    }
}

/// The predicted latency of the networks of a space, with an upper limit.
pub struct PredictedTranslationLatency<'a> {
    /// The predictor, fitted to rows with HAT's columns.
    pub predictor: &'a LatencyPredictor,
    /// The space.
    pub space: &'a HybridTransformer,
    /// Largest allowed latency in ms; infinite to only record it.
    pub limit_ms: f64,
}

impl Budget for PredictedTranslationLatency<'_> {
    fn cost_name(&self) -> &str {
        "predicted_latency_ms"
    }

    fn limit(&self) -> f64 {
        self.limit_ms
    }

    /// What cannot be predicted is no number, and so over every budget.
    fn cost(&self, genome: &Genome) -> f64 {
        let stacks = self.predictor.encoding.stacks;
        let query = LatencyQuery::of_transformer(&self.space.decode(genome), stacks);
        let estimate = query.and_then(|query| self.predictor.estimate(&query));
        estimate.map_or(f64::NAN, |estimate| estimate.latency_ms)
    }
}
