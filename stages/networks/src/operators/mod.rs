//! The arithmetic of blocks on tensors, one file per operator.

pub mod attention;
pub mod batch_norm;
#[cfg(any(feature = "cuda", feature = "vulkan"))]
mod cube;
#[cfg_attr(not(test), expect(dead_code, reason = "the translation network is about to use it"))]
pub(crate) mod dropout;
mod host;
#[cfg_attr(not(test), expect(dead_code, reason = "the translation network is about to use it"))]
pub(crate) mod label_smoothing;
pub(crate) mod layer_norm;
#[cfg(feature = "tch")]
mod libtorch;
#[cfg_attr(not(test), expect(dead_code, reason = "the translation network is about to use it"))]
pub(crate) mod linear_form;
#[cfg_attr(not(test), expect(dead_code, reason = "the translation network is about to use it"))]
pub(crate) mod local_mix;
#[cfg_attr(not(test), expect(dead_code, reason = "the translation network is about to use it"))]
pub(crate) mod multi_head;
pub mod shift;
pub mod transform;
pub mod window;
