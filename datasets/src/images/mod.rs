//! Pictures: decoding, resizing, holding in memory, augmenting, normalizing and batching.

pub(crate) mod augment;
pub(crate) mod batches;
pub(crate) mod decode;
mod jpeg;
pub(crate) mod normalize;
pub(crate) mod pictures;
pub(crate) mod resize;
