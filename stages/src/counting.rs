//! Counts of architectures as budgets and headlines.

use costs::Counts;
use engine::Context;
use schemars::JsonSchema;
use search::Budget;
use serde::{Deserialize, Serialize};
use spaces::{Genome, Graph, SearchSpace, Space, Task};

/// A cost that an architecture can be limited in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cost {
    /// Multiply-accumulates of all arithmetics.
    Macs,
    /// Those with a multiplication.
    MultiplyMacs,
    /// Trained scalars.
    Params,
}

impl Cost {
    /// All costs.
    pub const ALL: [Cost; 3] = [Cost::Macs, Cost::MultiplyMacs, Cost::Params];

    /// Returns the column and parameter name.
    pub const fn name(self) -> &'static str {
        match self {
            Cost::Macs => "macs",
            Cost::MultiplyMacs => "multiply_macs",
            Cost::Params => "params",
        }
    }

    fn of(self, counts: &Counts) -> u64 {
        match self {
            Cost::Macs => counts.macs.total(),
            Cost::MultiplyMacs => counts.macs.multiply,
            Cost::Params => counts.params.total(),
        }
    }
}

/// One cost of the architectures of a space, with an upper limit.
pub struct CountBudget<'a> {
    /// The space.
    pub space: &'a Space,
    /// Picture size and classes.
    pub task: Task,
    /// Which cost.
    pub cost: Cost,
    /// Largest allowed value; infinite to only record it.
    pub limit: f64,
}

impl Budget for CountBudget<'_> {
    fn cost_name(&self) -> &str {
        self.cost.name()
    }

    fn limit(&self) -> f64 {
        self.limit
    }

    fn cost(&self, genome: &Genome) -> f64 {
        self.cost.of(&costs::counts(&self.space.graph(genome, self.task))) as f64
    }
}

/// Reports the counts of a network.
pub fn report(context: &mut Context<'_>, graph: &Graph) {
    let counts = costs::counts(graph);
    context.headline("params", counts.params.total(), "");
    context.headline("macs_multiply", counts.macs.multiply, "");
    context.headline("macs_shift", counts.macs.shift, "");
    context.headline("macs_add", counts.macs.add, "");
}
