//! What a latency predictor is told of a network of a search space.

use std::collections::{BTreeMap, BTreeSet};

use costs::latency::{Estimate, LatencyError, LatencyPredictor, LatencyQuery};
use search::Budget;
use spaces::{Genome, Graph, Space, Task};

/// Returns numbers that tell networks apart: layers by operator and level, multiply-accumulates by arithmetic, params.
pub fn features(graph: &Graph) -> BTreeMap<String, f64> {
    let counts = costs::counts(graph);
    let mut features = BTreeMap::from([
        ("macs_multiply".to_owned(), counts.macs.multiply as f64),
        ("macs_shift".to_owned(), counts.macs.shift as f64),
        ("macs_add".to_owned(), counts.macs.add as f64),
        ("params".to_owned(), counts.params.total() as f64),
    ]);
    let sites = graph.nodes.iter().filter_map(|node| node.site.as_ref());
    let layers: BTreeSet<_> = sites.map(|site| (site.cell.as_str(), site.operator)).collect();
    for (cell, operator) in layers {
        let level = cell.rsplit_once('.').map_or(cell, |(_, level)| level);
        *features.entry(format!("{operator}_{level}")).or_default() += 1.0;
    }
    features
}

/// Returns the latency that a predictor, fitted to rows of `measure-latency`, expects of a network.
///
/// # Errors
/// If the predictor was fitted to rows of another form.
pub fn estimate(predictor: &LatencyPredictor, graph: &Graph) -> Result<Estimate, LatencyError> {
    let found = features(graph);
    let names = predictor.encoding.features.iter();
    let numbers = names.map(|feature| found.get(&feature.name).copied().unwrap_or(0.0)).collect();
    predictor.estimate(&LatencyQuery { numbers, stacks: None })
}

/// The predicted latency of the architectures of a space, with an upper limit.
pub struct PredictedLatency<'a> {
    /// The predictor.
    pub predictor: &'a LatencyPredictor,
    /// The space.
    pub space: &'a Space,
    /// Picture size and classes.
    pub task: Task,
    /// Largest allowed latency in ms; infinite to only record it.
    pub limit_ms: f64,
}

impl PredictedLatency<'_> {
    /// Name of the cost.
    pub const NAME: &'static str = "predicted_latency_ms";
}

impl Budget for PredictedLatency<'_> {
    fn cost_name(&self) -> &str {
        Self::NAME
    }

    fn limit(&self) -> f64 {
        self.limit_ms
    }

    /// What cannot be predicted is no number, and so over every budget.
    fn cost(&self, genome: &Genome) -> f64 {
        let estimate = estimate(self.predictor, &self.space.graph(genome, self.task));
        estimate.map_or(f64::NAN, |estimate| estimate.latency_ms)
    }
}
