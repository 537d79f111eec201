//! The file format: writing nodes and tensors, what a model says about itself, and reading it back.

mod builder;
mod check;
mod int8;
mod metadata;

pub(crate) use builder::{Attribute, Builder, IMAGES, LOGITS};
pub(crate) use check::{Checked, check_model};
pub use check::{Summary, check};
pub(crate) use int8::{Activation, dequantized, round_trip, shift_weights};
pub use metadata::{Metadata, Normalization};
