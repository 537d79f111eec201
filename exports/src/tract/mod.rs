//! Models at run time: answers, their agreement with a reference, and their speed.

mod decode;
mod file;
mod latency;
mod parity;
mod runner;
mod translation;

pub use latency::{Latency, latency, warm_latency};
pub use parity::{FLOAT_TOLERANCE, INT8_TOLERANCE, Parity, parity};
pub use runner::{Prediction, Runner};
pub use translation::{Batching, Decoding, TranslationError, TranslationRunner, Translator};
