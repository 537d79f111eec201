//! Translation networks: tensors, training and decoding.
//!
//! Letters in shapes: B sentences, T target and S source positions, V vocabulary, C width of encoder or decoder, q inner
//! width of attention, N rows of any kind.
//!
//! Sentences of a batch are padded on the right, and what a sentence gives does not depend on its batch.

mod average;
mod error;
mod forward;
mod frame;
mod inference;
mod keys;
mod network;
mod noise;
mod piece;
mod quantization;
mod resolve;
mod settings;
mod sharing;
mod step;
mod tap;
mod tensors;
mod trainer;
mod training;
mod translate;

pub use average::average;
pub use error::TranslationError;
pub use inference::{BatchLoss, TranslationInference};
pub use network::TranslationNetwork;
pub use quantization::{
    EightBitTraining, InputRanges, LargestInput, TranslationQuantizationError, quantize_translation,
    quantize_translation_within,
};
pub use settings::{DropoutRates, FirstDropout, KernelSoftmax, NetworkSettings};
pub use sharing::{MlpSharing, TranslationPrior, TranslationSharing};
pub use trainer::{TranslationSnapshot, TranslationTrainer, UpdateSummary};
pub use training::{Decline, TranslationTraining};

#[cfg(test)]
mod tests;
