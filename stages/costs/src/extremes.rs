use std::ops::Add;

use spaces::{Edge, Genome, Graph, Trellis};

/// The cheapest and the dearest architecture of a whole space in one cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extremes<T> {
    /// No architecture costs less.
    pub least: Extreme<T>,
    /// No architecture costs more.
    pub most: Extreme<T>,
}

/// A cost with an architecture that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extreme<T> {
    /// The cost, in the unit of the cost function.
    pub cost: T,
    /// The first architecture that has it, in the order of the trellis's edges.
    pub genome: Genome,
}

/// Returns the smallest and largest cost that a network of the space has, exactly, without looking at each network.
///
/// The cost of a network must be the sum of its pieces' costs, which holds for all that is counted node by node: scalars,
/// multiply-accumulates, bytes, and energy and latency of an accelerator that runs layer after layer. What two networks
/// have in common up to a state of the trellis is then compared once (dynamic programming), so the time grows with the
/// number of edges and not with that of networks. `cost` is asked once per piece. Integers are exact; sums of floats
/// differ from those of whole networks by the order of summation alone.
///
/// # Errors
/// The first error of `cost`.
///
/// # Panics
/// If no way leads through the trellis; that of a validated space has one.
pub fn extremes<T, E>(trellis: &Trellis, cost: impl FnMut(&Graph) -> Result<T, E>) -> Result<Extremes<T>, E>
where
    T: Copy + Default + PartialOrd + Add<Output = T>,
{
    let costs = trellis.pieces.iter().map(cost).collect::<Result<Vec<T>, E>>()?;
    let least = extreme(trellis, &costs, |left, right| left < right);
    let most = extreme(trellis, &costs, |left, right| left > right);
    Ok(Extremes { least, most })
}

/// The best way to a state: its cost and its last edge.
type Reached<'a, T> = Option<(T, &'a Edge)>;

fn extreme<T>(trellis: &Trellis, costs: &[T], better: impl Fn(T, T) -> bool) -> Extreme<T>
where
    T: Copy + Default + Add<Output = T>,
{
    let mut reached = vec![Some(T::default())];
    let mut boundaries = Vec::with_capacity(trellis.choices.len());
    for edges in &trellis.choices {
        let states = edges.iter().map(|edge| edge.to + 1).max().unwrap_or_default();
        let mut next: Vec<Reached<'_, T>> = vec![None; states];
        for edge in edges {
            let Some(before) = reached[edge.from] else { continue };
            let cost = edge.pieces.iter().fold(before, |sum, &piece| sum + costs[piece]);
            if next[edge.to].is_none_or(|(best, _)| better(cost, best)) {
                next[edge.to] = Some((cost, edge));
            }
        }
        reached = next.iter().map(|way| way.map(|(cost, _)| cost)).collect();
        boundaries.push(next);
    }
    let cost = reached.iter().flatten().copied().reduce(|best, cost| if better(cost, best) { cost } else { best });
    Extreme { cost: cost.expect("a validated space has a point"), genome: back(&boundaries, &better) }
}

/// Follows the best ways from the best end to the start.
fn back<T: Copy>(boundaries: &[Vec<Reached<'_, T>>], better: &impl Fn(T, T) -> bool) -> Genome {
    let ends = boundaries.last().into_iter().flatten().flatten();
    let end = ends.reduce(|best, end| if better(end.0, best.0) { end } else { best });
    let mut edge = end.map(|(_, edge)| *edge);
    let mut choices = Vec::with_capacity(boundaries.len());
    for boundary in (0..boundaries.len()).rev() {
        let last = edge.expect("every state on a way was reached by an edge");
        choices.push(last.choice);
        let before = boundary.checked_sub(1).and_then(|boundary| boundaries[boundary][last.from]);
        edge = before.map(|(_, edge)| edge);
    }
    choices.reverse();
    Genome(choices)
}

#[cfg(test)]
mod tests;
