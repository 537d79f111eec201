//! The file format: writing nodes and tensors, what a model says about itself, and reading it back.

mod builder;
mod check;
mod int8;
mod layers;
mod metadata;
mod seal;
mod translation;

pub(crate) use builder::{Attribute, Body, Builder, IMAGES, Kind, LOGITS, Size};
pub(crate) use check::{Checked, check_model};
pub use check::{OPSET, Summary, check};
pub(crate) use int8::{Codes, codes, dequantized, powers_of_two, restored, scales};
pub use layers::{LayersError, OnnxLayer, OnnxWindow, OnnxWork, layers};
pub use metadata::{Metadata, Normalization};
pub(crate) use seal::digest;
pub use translation::TranslationMetadata;
pub(crate) use translation::{TranslationFile, TranslationPart, check_translation};
