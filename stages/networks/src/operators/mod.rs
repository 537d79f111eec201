//! The arithmetic of blocks on tensors, one file per operator.

pub mod attention;
pub mod batch_norm;
#[cfg(any(feature = "cuda", feature = "vulkan"))]
mod cube;
mod host;
pub mod shift;
pub mod transform;
pub mod window;
