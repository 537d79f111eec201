//! Whether any architecture of a space is within a limit: told of the whole space, before anything is searched.

use std::collections::BTreeMap;

use costs::AcceleratorError;
use engine::Unmet;
use spaces::{SearchSpace, Space, Task};

use crate::cost::Cost;
use crate::cost_model::CostModel;

/// The smallest cost of a space.
#[derive(Clone, Debug, PartialEq)]
pub struct Least {
    /// Which cost.
    pub cost: Cost,
    /// Its smallest value.
    pub value: f64,
    /// An architecture that has it, as people read it.
    pub architecture: String,
}

/// Returns the smallest value that an architecture of the space has of each limited cost.
///
/// # Errors
/// The accelerator cannot run a layer that some architecture has.
pub fn least(
    model: &CostModel,
    (space, task): (&Space, Task),
    limits: &BTreeMap<Cost, f64>,
) -> Result<Vec<Least>, AcceleratorError> {
    let trellis = space.trellis(task);
    let of = |&cost: &Cost| {
        let genome = model.extremes(cost, &trellis)?.least.genome;
        // The value a search would find: sums of floats depend on their order.
        let value = model.cost(cost, &space.graph(&genome, task))?;
        Ok(Least { cost, value, architecture: space.format(&genome) })
    };
    limits.keys().map(of).collect()
}

/// Returns `Ok` if each limit alone can be kept; whether all of them can together is not told.
///
/// # Errors
/// [`Unmet`] names every limit that is below the smallest value of the whole space.
pub fn within(limits: &BTreeMap<Cost, f64>, least: &[Least], space: &Space) -> Result<(), Unmet> {
    let broken = least.iter().filter(|least| least.value > limits[&least.cost]);
    let size = space.size();
    let told = |Least { cost, value, architecture }: &Least| {
        let (name, limit) = (cost.name(), limits[cost]);
        format!("`limits.{name}` is {limit}, the smallest of {size} architectures is {value}, that of `{architecture}`")
    };
    let broken: Vec<String> = broken.map(told).collect();
    if broken.is_empty() {
        return Ok(());
    }
    let message = format!("{}; raise the limit or shrink the space", broken.join("; "));
    Err(Unmet { message })
}
