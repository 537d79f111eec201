use std::cmp::Ordering;

use crate::Candidate;

/// A candidate has no cost of the wanted name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("candidate {candidate} has no cost `{wanted}`, it has {}; add a budget for it", listed(.found))]
pub struct UnknownCost {
    /// [`Candidate::index`].
    pub candidate: usize,
    /// Cost that was wanted.
    pub wanted: String,
    /// Costs that the candidate has.
    pub found: Vec<String>,
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Returns the candidates that no other beats in score and all the costs, cheapest in the first cost first, then best
/// score, then the other costs.
///
/// One beats another if it is no worse in any of them and better in one; candidates equal in all stand side by side.
/// Scores count as better when higher, costs when lower. Without costs the front is the best score alone.
///
/// # Errors
/// If a candidate has no cost of one of the names.
pub fn front<'a>(candidates: &'a [Candidate], costs: &[&str]) -> Result<Vec<&'a Candidate>, UnknownCost> {
    let mut points = candidates.iter().map(|candidate| Point::new(candidate, costs)).collect::<Result<Vec<_>, _>>()?;
    points.sort_by(Point::no_later_beats_an_earlier);
    let mut front: Vec<Point<'_>> = Vec::new();
    for point in points {
        if !front.iter().any(|kept| kept.beats(&point)) {
            front.push(point);
        }
    }
    front.sort_by(Point::cheapest_first);
    Ok(front.into_iter().map(|point| point.candidate).collect())
}

/// A candidate with the costs that count, in their order.
struct Point<'a> {
    candidate: &'a Candidate,
    costs: Vec<f64>,
}

impl<'a> Point<'a> {
    fn new(candidate: &'a Candidate, costs: &[&str]) -> Result<Self, UnknownCost> {
        let unknown = |wanted: &str| UnknownCost {
            candidate: candidate.index,
            wanted: wanted.to_owned(),
            found: candidate.costs.keys().cloned().collect(),
        };
        let cost = |&cost: &&str| candidate.costs.get(cost).copied().ok_or_else(|| unknown(cost));
        Ok(Self { candidate, costs: costs.iter().map(cost).collect::<Result<_, _>>()? })
    }

    /// Whether it is no worse in anything and better in something.
    fn beats(&self, other: &Self) -> bool {
        let (score, other_score) = (self.candidate.score, other.candidate.score);
        let pairs = || self.costs.iter().zip(&other.costs);
        let no_worse = score >= other_score && pairs().all(|(cost, other)| cost <= other);
        no_worse && (score > other_score || pairs().any(|(cost, other)| cost < other))
    }

    fn by_score(&self, other: &Self) -> Ordering {
        other.candidate.score.total_cmp(&self.candidate.score)
    }

    /// What beats a point has a better score or, of equal scores, costs that come first in the order of words.
    fn no_later_beats_an_earlier(&self, other: &Self) -> Ordering {
        self.by_score(other).then_with(|| self.by_costs(other, 0))
    }

    fn cheapest_first(&self, other: &Self) -> Ordering {
        let first = self.costs.iter().zip(&other.costs).take(1).map(|(cost, other)| cost.total_cmp(other));
        let first = first.fold(Ordering::Equal, Ordering::then);
        first.then_with(|| self.by_score(other)).then_with(|| self.by_costs(other, 1))
    }

    fn by_costs(&self, other: &Self, from: usize) -> Ordering {
        let pairs = self.costs.iter().zip(&other.costs).skip(from);
        let by_costs = pairs.map(|(cost, other)| cost.total_cmp(other)).fold(Ordering::Equal, Ordering::then);
        by_costs.then(self.candidate.index.cmp(&other.candidate.index))
    }
}

#[cfg(test)]
mod tests;
