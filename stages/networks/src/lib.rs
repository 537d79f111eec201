//! Tensors: the only crate that names burn.
//!
//! The nouns:
//!
//! - [`Network`]: the trained tensors of a subnet or of a supernet, and how a node of a graph finds its own.
//! - [`Sharing`]: how operators of a supernet share weights; [`Prior`]: the loss that keeps shared weights apart.
//! - [`training::Trainer`]: a network in training, one epoch at a time, with snapshots.
//! - [`translation::TranslationNetwork`]: the same for translation, with [`translation::TranslationTrainer`] and
//!   [`translation::TranslationInference`].
//! - [`regression()`]: a small network that learns a number from numbers.
//! - [`Inference`] and [`QuantizedInference`]: a network with fixed tensors, in floats and in bytes.
//!
//! What it deliberately does not do: know files, stages, searches or export formats. A network leaves as
//! [`spaces::Weights`].
//!
//! Letters in shapes: B batch, C input channels, O output channels, H W input map, Y X output map, K window edge,
//! G channel groups.

#![cfg_attr(
    feature = "tch",
    expect(deprecated, reason = "burn-tch is deprecated upstream, and wanted until it is gone")
)]

pub mod device;
mod evaluation;
mod forward;
mod initialization;
mod network;
mod operators;
mod parameters;
mod prior;
mod quantization;
mod regression;
#[cfg(test)]
mod samples;
mod sharing;
mod statistics;
pub mod training;
pub mod translation;
pub mod trials;
mod weights;

pub use burn::tensor::Device;
pub use evaluation::{Inference, accuracy};
pub use network::Network;
pub use parameters::{NamedTensor, Parameter, Parameters};
pub use prior::Prior;
pub use quantization::{QuantizedInference, quantize};
pub use regression::{RegressionLayer, RegressionRows, RegressionSettings, regression};
pub use sharing::{Sharing, SharingError, SharingMode, ShiftForm};
pub use statistics::{Moments, Statistics};
