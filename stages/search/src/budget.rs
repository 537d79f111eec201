use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use spaces::{Genome, SearchSpace};

/// Costs of a candidate by name.
pub type Costs = BTreeMap<String, f64>;

/// A cost of a genome and the most it may be.
pub trait Budget {
    /// Returns the name of the cost with its unit, for example `macs` or `energy_mj`; unique within a search.
    fn cost_name(&self) -> &str;

    /// Returns the largest cost allowed; infinite where the cost is only recorded.
    fn limit(&self) -> f64;

    /// Returns the cost of a point of the space. The same genome always costs the same.
    fn cost(&self, genome: &Genome) -> f64;
}

/// What is searched: a space, the budgets every candidate keeps, and the seed of all randomness.
#[derive(Clone, Copy)]
pub struct Problem<'a> {
    /// The allowed architectures.
    pub space: &'a dyn SearchSpace,
    /// Upper limits; a candidate keeps all of them.
    pub budgets: &'a [&'a dyn Budget],
    /// Seed of every draw.
    pub seed: u64,
}

impl Problem<'_> {
    /// Returns every cost of the genome, or the first budget that it breaks.
    ///
    /// # Errors
    /// If a cost is above its limit, or is no finite number.
    pub fn costs(&self, genome: &Genome) -> Result<Costs, Rejection> {
        let mut costs = Costs::new();
        for budget in self.budgets {
            let (cost, limit, found) = (budget.cost_name().to_owned(), budget.limit(), budget.cost(genome));
            if !found.is_finite() || found > limit {
                return Err(Rejection::OverBudget { cost, limit, found });
            }
            costs.insert(cost, found);
        }
        Ok(costs)
    }
}

impl fmt::Debug for Problem<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let budgets: Vec<_> = self.budgets.iter().map(|budget| (budget.cost_name(), budget.limit())).collect();
        formatter.debug_struct("Problem").field("budgets", &budgets).field("seed", &self.seed).finish_non_exhaustive()
    }
}

/// Why a proposed genome was not evaluated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Rejection {
    /// A cost is above its limit, or is no finite number.
    OverBudget {
        /// Name of the cost.
        cost: String,
        /// Its limit.
        limit: f64,
        /// The cost of the genome.
        found: f64,
    },
    /// The genome was proposed before.
    Repeated,
    /// A mutation or crossover left the space.
    OutsideSpace,
}

impl fmt::Display for Rejection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rejection::OverBudget { cost, limit, found } => {
                write!(formatter, "{cost} is {found}, the limit is {limit}")
            }
            Rejection::Repeated => formatter.write_str("the genome was proposed before"),
            Rejection::OutsideSpace => formatter.write_str("the genome is no point of the space"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toy::{GeneSum, Toy};

    #[test]
    fn the_first_broken_budget_says_by_how_much() {
        let (loose, tight) = (GeneSum { name: "energy_mj", limit: 9.0 }, GeneSum { name: "macs", limit: 3.0 });
        let problem = Problem { space: &Toy::default(), budgets: &[&loose, &tight], seed: 0 };
        let rejection = problem.costs(&Genome(vec![2, 2])).unwrap_err();
        assert_eq!(rejection.to_string(), "macs is 4, the limit is 3");
        let costs = problem.costs(&Genome(vec![2, 1])).unwrap();
        assert_eq!(costs, Costs::from([("energy_mj".to_owned(), 3.0), ("macs".to_owned(), 3.0)]));
    }

    #[test]
    fn a_cost_that_is_no_finite_number_is_over_every_budget() {
        struct Broken(f64);
        impl Budget for Broken {
            fn cost_name(&self) -> &str {
                "latency_ms"
            }
            fn limit(&self) -> f64 {
                f64::INFINITY
            }
            fn cost(&self, _: &Genome) -> f64 {
                self.0
            }
        }
        for cost in [f64::NAN, f64::INFINITY] {
            let problem = Problem { space: &Toy::default(), budgets: &[&Broken(cost)], seed: 0 };
            assert!(matches!(problem.costs(&Genome(vec![0])), Err(Rejection::OverBudget { .. })));
        }
    }
}
