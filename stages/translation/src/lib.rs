//! What translation needs that is no tensor: text to tokens and back, beam search, scores. Pure: no files, no threads.
//!
//! The nouns:
//!
//! - [`special`]: the ids that every dictionary begins with.
//! - [`TextCodec`]: sentences to token ids and back, by way of [`Normalizer`], [`Tokenizer`], [`BytePairs`],
//!   [`Dictionary`] and [`Detokenizer`].
//! - [`StepModel`] and [`beam_search`]: a decoder, one step at a time, and the search that drives it.
//! - [`CorpusBleu`] and [`CorpusChrF`]: a text against its reference, as a score and as its 95 % interval.
//!
//! What it deliberately does not do: read files, train, or know what computes the probabilities. `networks` (training)
//! and `exports` (deployment) both decode through it, so that they can differ in rounding only.

mod beam;
mod bpe;
mod characters;
mod detokenize;
mod dictionary;
mod language;
mod normalize;
mod score;
pub mod special;
mod text_codec;
mod tokenize;

pub use beam::{BeamError, BeamSettings, Hypothesis, StepModel, beam_search};
pub use bpe::{BytePairs, CONTINUED, CodesError, join_pieces, learn as learn_byte_pairs};
pub use detokenize::Detokenizer;
pub use dictionary::{Dictionary, DictionaryError, DictionaryLimits};
pub use language::Language;
pub use normalize::{Normalizer, Punctuation, without_invisible};
pub use score::{Bleu, BleuScheme, Case, CorpusBleu, CorpusChrF, Interval, ScoreError};
pub use text_codec::{Letters, TextCodec, TextSettings, WordCache, WordSplitter, Words};
pub use tokenize::{Escaping, Hyphens, Tokenizer};
