//! The arithmetic of blocks on tensors, one file per operator.

pub mod attention;
pub mod batch_norm;
#[cfg(any(feature = "cuda", feature = "vulkan"))]
mod cube;
mod host;
#[cfg(feature = "tch")]
mod libtorch;
pub mod shift;
pub mod transform;
pub mod window;
