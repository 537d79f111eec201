use std::ops::ControlFlow;

use spaces::Genome;

use crate::History;

/// What evaluating a candidate says of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// Accuracy, BLEU or the like; finite, higher is better.
    pub score: f64,
}

/// Gives candidates their scores.
pub trait Evaluator {
    /// Why candidates could not be evaluated.
    type Error: std::error::Error + 'static;

    /// Returns one evaluation per candidate in their order; the candidates of one generation are independent
    /// of each other and may be evaluated in parallel. The slice is never empty.
    ///
    /// # Errors
    /// If a candidate could not be evaluated; the search ends with this error.
    fn evaluate(&mut self, generation: usize, candidates: &[Genome]) -> Result<Vec<Evaluation>, Self::Error>;
}

/// Called after every generation with everything evaluated so far: the place to store a checkpoint, to report
/// progress, and to stop the search early with [`ControlFlow::Break`].
pub type Observer<'a> = &'a mut dyn FnMut(&History) -> ControlFlow<()>;
