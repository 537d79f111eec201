//! Models at run time: answers, their agreement with a reference, and their speed.

mod decode;
mod latency;
mod parity;
mod runner;

pub use latency::{Latency, latency, warm_latency};
pub use parity::{FLOAT_TOLERANCE, INT8_TOLERANCE, Parity, parity};
pub use runner::{Prediction, Runner};
