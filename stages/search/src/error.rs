use std::fmt;

/// The smallest cost among proposals that broke its limit.
#[derive(Clone, Debug, PartialEq)]
pub struct SmallestCost {
    /// Name of the cost.
    pub cost: String,
    /// Its limit.
    pub limit: f64,
    /// Smallest value that was above the limit.
    pub found: f64,
}

impl fmt::Display for SmallestCost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` is limited to {} but {} was the smallest found", self.cost, self.limit, self.found)
    }
}

/// Why a search has no result.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SearchError<E: std::error::Error + 'static> {
    /// A setting makes no sense.
    #[error("search setting `{setting}` is {found}, wanted {wanted}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// What it is.
        found: String,
        /// What would do.
        wanted: &'static str,
    },
    /// Nothing that the space offers is within the budgets, as far as drawing at random can tell.
    #[error("none of {attempts} random genomes is within the budgets: {}; raise the limit or shrink the space", listed(.smallest))]
    Infeasible {
        /// Genomes drawn.
        attempts: usize,
        /// Every broken budget, in name order.
        smallest: Vec<SmallestCost>,
    },
    /// The evaluator failed.
    #[error("evaluating generation {generation} failed")]
    Evaluator {
        /// The generation.
        generation: usize,
        /// Why.
        #[source]
        source: E,
    },
    /// The evaluator returned another number of evaluations.
    #[error("the evaluator returned {found} evaluations for the {wanted} candidates of generation {generation}")]
    EvaluationCount {
        /// The generation.
        generation: usize,
        /// Candidates it was given.
        wanted: usize,
        /// Evaluations it returned.
        found: usize,
    },
    /// A score is no finite number.
    #[error("candidate {candidate} of generation {generation} has score {score}, wanted a finite number")]
    Score {
        /// The generation.
        generation: usize,
        /// Position within the generation.
        candidate: usize,
        /// What the evaluator returned.
        score: f64,
    },
    /// The history to go on from belongs to a search with another seed.
    #[error("the history to resume has seed {found}, this search has seed {wanted}; start afresh or use that seed")]
    ResumeSeed {
        /// Seed of this search.
        wanted: u64,
        /// Seed of the history.
        found: u64,
    },
    /// The history to go on from does not add up.
    #[error("the history to resume holds {found} candidates, its generations add up to {wanted}; start afresh")]
    ResumeCandidates {
        /// Sum over the generations.
        wanted: usize,
        /// Candidates held.
        found: usize,
    },
}

fn listed(smallest: &[SmallestCost]) -> String {
    smallest.iter().map(SmallestCost::to_string).collect::<Vec<_>>().join(", ")
}
