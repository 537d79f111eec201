//! Finding good architectures of a space: what to evaluate next, and what the evaluations say.
//!
//! The nouns:
//!
//! - [`Evaluator`]: gives candidates their scores, a whole generation at a time; the caller's business.
//! - [`Budget`]: a cost of a genome and its upper limit, checked before anything is evaluated.
//! - [`Problem`]: the space, the budgets and the seed of one search.
//! - [`History`]: every [`Candidate`] in the order of evaluation. It is the whole state of a search: a search
//!   resumed from a stored history goes on as if it had never stopped.
//! - [`RankingReport`]: how well one list of scores predicts the ranking of another.
//!
//! [`evolve`] is the search of ShiftAddNAS (arXiv 2205.08119, Appendix E), [`random_search`] its baseline.
//!
//! What it deliberately does not do: train, know tensors, files, clocks or threads. Each genome is drawn by its own
//! generator, derived from seed, generation, slot and attempt, so nothing depends on how the evaluator works.

mod budget;
mod error;
mod evolution;
mod generations;
mod history;
mod objective;
mod pareto;
mod proposals;
mod random_search;
mod ranking;

pub use budget::{Budget, Costs, Problem, Rejection};
pub use error::{SearchError, SmallestCost};
pub use evolution::{EvolutionSettings, evolve};
pub use history::{Candidate, GenerationSummary, History, Origin, Rejections};
pub use objective::{Evaluation, Evaluator, Observer};
pub use pareto::{UnknownCost, front};
pub use random_search::{RandomSearchSettings, random_search};
pub use ranking::{Bootstrap, Correlation, RankingError, RankingReport, Subset, correlation, ranking_report};

#[cfg(test)]
mod toy;
