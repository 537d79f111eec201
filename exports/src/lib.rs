//! Out of here: a network becomes an ONNX file, and the file runs in tract.
//!
//! The nouns, in the order in which they are met:
//!
//! - [`export`]: lowers a `spaces::Graph` with its `spaces::Weights` to the bytes of a [`Form::Float`] or
//!   [`Form::Int8`] model. Only operators of the ONNX standard are written, so any runtime can read the file.
//! - [`Metadata`]: what the file says about itself besides its arithmetic.
//! - [`check`] and [`Summary`]: what a file holds, read back by tract's own parser.
//! - [`layers`] and [`OnnxLayer`]: what any ONNX file computes, of other tools too, for whoever counts its costs.
//! - [`Runner`]: a loaded model that answers batches of pictures with logits or with classes.
//! - [`Parity`] and [`Latency`]: how close the answers are to reference logits and how long they take.
//! - [`export_translation`] and [`TranslationModel`]: a translation network as an encoder and one step of a decoder.
//! - [`TranslationRunner`] and [`Translator`]: such a model at run time, tokens to tokens and lines to lines.
//!
//! What it deliberately does not do: train, quantize, or run models that this crate did not write.

mod error;
mod lowering;
mod onnx;
mod tract;

pub use error::{LoweringError, RunError};
pub use lowering::translation::{TranslationModel, export_translation};
pub use lowering::{Form, export};
pub use onnx::{
    LayersError, Metadata, Normalization, OPSET, OnnxLayer, OnnxWindow, OnnxWork, Summary, TranslationMetadata, check,
    layers,
};
pub use tract::{
    Batching, Decoding, FLOAT_TOLERANCE, INT8_TOLERANCE, Latency, Parity, Prediction, Runner, TranslationError,
    TranslationRunner, Translator, latency, parity, warm_latency,
};
