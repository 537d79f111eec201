//! What translation needs that is no tensor: text to tokens and back, beam search, scores. Pure: no files, no threads.
//!
//! The nouns:
//!
//! - [`special`]: the ids that every dictionary begins with.
//! - [`StepModel`] and [`beam_search`]: a decoder, one step at a time, and the search that drives it.
//! - [`CorpusBleu`] and [`CorpusChrF`]: a text against its reference, as a score and as its 95 % interval.
//!
//! What it deliberately does not do: read files, train, or know what computes the probabilities. `networks` (training)
//! and `exports` (deployment) both decode through it, so that they can differ in rounding only.

mod beam;
mod score;
pub mod special;

pub use beam::{BeamError, BeamSettings, Hypothesis, StepModel, beam_search};
pub use score::{Bleu, BleuScheme, Case, CorpusBleu, CorpusChrF, Interval, ScoreError};
