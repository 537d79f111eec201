//! The layers of an ONNX file, of this crate or of another tool, read off its nodes and the shapes of its tensors.

mod attribute;
mod call;
mod distances;
mod elementwise;
mod error;
mod integers;
mod layer;
mod matrix;
mod movement;
mod normalization;
mod operators;
mod reader;
mod slice;
mod tensor;
mod value;
mod window;

pub use error::LayersError;
pub use layer::{OnnxLayer, OnnxWindow, OnnxWork};
pub use reader::layers;
