//! The arithmetic of blocks on tensors, one file per operator.

pub mod attention;
pub mod batch_norm;
pub(crate) mod byte_rounding;
#[cfg(any(feature = "cuda", feature = "vulkan"))]
mod cube;
pub(crate) mod dropout;
mod host;
pub(crate) mod label_smoothing;
pub(crate) mod layer_norm;
#[cfg(feature = "tch")]
mod libtorch;
pub(crate) mod linear_form;
pub(crate) mod local_mix;
pub(crate) mod multi_head;
pub mod shift;
pub mod transform;
pub mod window;
