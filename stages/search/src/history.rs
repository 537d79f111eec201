use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use spaces::Genome;

use crate::{Costs, Rejection};

/// How a candidate came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Origin {
    /// Drawn for generation 0.
    Initial,
    /// A parent with some choices redrawn.
    Mutation {
        /// [`Candidate::index`] of the parent.
        parent: usize,
    },
    /// A mix of two parents.
    Crossover {
        /// [`Candidate::index`] of one parent.
        left: usize,
        /// [`Candidate::index`] of the other parent; may be the same.
        right: usize,
    },
    /// Drawn afresh after generation 0.
    Random,
}

/// A genome with all that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// The choices.
    pub genome: Genome,
    /// Finite, higher is better.
    pub score: f64,
    /// One cost per budget.
    pub costs: Costs,
    /// Generation that it was evaluated in.
    pub generation: usize,
    /// Position in [`History::candidates`]: the number of evaluations before it.
    pub index: usize,
    /// How it came about.
    pub origin: Origin,
}

/// How many proposals of a generation were rejected, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rejections {
    /// Above a budget.
    pub over_budget: usize,
    /// Proposed before.
    pub repeated: usize,
    /// Mutations and crossovers that left the space.
    pub outside_space: usize,
}

impl Rejections {
    pub(crate) fn record(&mut self, rejection: &Rejection) {
        match rejection {
            Rejection::OverBudget { .. } => self.over_budget += 1,
            Rejection::Repeated => self.repeated += 1,
            Rejection::OutsideSpace => self.outside_space += 1,
        }
    }
}

/// What happened in one generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenerationSummary {
    /// Candidates evaluated; 0 only in the last generation of an exhausted search.
    pub evaluated: usize,
    /// Proposals that were not evaluated.
    pub rejections: Rejections,
}

/// Everything a search has evaluated, and its whole state: a search given its own history goes on from there.
///
/// A stored history must give back every float exactly, or scores that were equal may rank differently after a
/// resume; `serde_json` does so with its feature `float_roundtrip` only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// Seed of the search.
    pub seed: u64,
    /// Candidates in the order of evaluation.
    pub candidates: Vec<Candidate>,
    /// One summary per generation.
    pub generations: Vec<GenerationSummary>,
}

impl History {
    /// Returns the history of a search that has not begun.
    pub const fn new(seed: u64) -> Self {
        Self { seed, candidates: Vec::new(), generations: Vec::new() }
    }

    /// Returns the best `count` candidates of all generations, best first; the earlier one of equal scores.
    pub fn top(&self, count: usize) -> Vec<&Candidate> {
        let mut best: Vec<&Candidate> = self.candidates.iter().collect();
        best.sort_by(|left, right| better_first(left, right));
        best.truncate(count);
        best
    }

    /// Returns the best score after each generation, which never falls.
    pub fn best_scores(&self) -> Vec<f64> {
        let mut scores = Vec::with_capacity(self.generations.len());
        let (mut best, mut end) = (f64::NEG_INFINITY, 0);
        for generation in &self.generations {
            let start = end;
            end += generation.evaluated;
            best = self.candidates[start..end].iter().map(|candidate| candidate.score).fold(best, f64::max);
            scores.push(best);
        }
        scores
    }

    /// Returns whether the last generation found no genome that is new and within the budgets.
    pub fn exhausted(&self) -> bool {
        self.generations.last().is_some_and(|generation| generation.evaluated == 0)
    }
}

fn better_first(left: &Candidate, right: &Candidate) -> Ordering {
    right.score.total_cmp(&left.score).then(left.index.cmp(&right.index))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toy::candidate;

    fn history(scores: &[f64], evaluated: &[usize]) -> History {
        let candidates = scores.iter().enumerate().map(|(index, &score)| candidate(index, score, 0.0)).collect();
        let rejections = Rejections::default();
        let generations = evaluated.iter().map(|&evaluated| GenerationSummary { evaluated, rejections }).collect();
        History { seed: 0, candidates, generations }
    }

    #[test]
    fn of_equal_scores_the_earlier_candidate_is_the_better_one() {
        let history = history(&[1.0, 3.0, 2.0, 3.0], &[4]);
        let order: Vec<usize> = history.top(3).iter().map(|candidate| candidate.index).collect();
        assert_eq!(order, [1, 3, 2]);
        assert_eq!(history.top(9).len(), 4);
    }

    #[test]
    fn the_best_score_after_a_generation_never_falls() {
        let history = history(&[1.0, 3.0, 2.0, 4.0, 0.0], &[2, 1, 2, 0]);
        assert_eq!(history.best_scores(), [3.0, 3.0, 4.0, 4.0]);
        assert!(history.exhausted());
    }

    #[test]
    fn a_stored_history_is_read_back_and_an_unknown_field_is_refused() {
        let history = history(&[0.25, -1e-300, 0.1 + 0.2], &[3]);
        let text = serde_json::to_string(&history).unwrap();
        assert_eq!(serde_json::from_str::<History>(&text).unwrap(), history);
        let newer = text.replacen("\"seed\"", "\"island\":1,\"seed\"", 1);
        assert!(serde_json::from_str::<History>(&newer).is_err());
    }
}
