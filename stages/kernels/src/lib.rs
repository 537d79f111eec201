//! The arithmetic of convolution, shift and add layers on plain slices.
//!
//! The nouns:
//!
//! - [`Window`]: the geometry of one convolution-like layer.
//! - [`add`]: forward and backward of the add layer, y = −Σ |x − w|.
//! - [`multiply`]: forward and backward of an ordinary convolution, which shift layers use with rounded weights.
//! - [`shift`]: rounding of weights to signed powers of two.
//! - [`transform`]: the weight transform T of heterogeneous weight sharing.
//! - [`local`]: light convolutions over time, multiplying or adding.
//! - [`attention`], [`layer_norm`], [`linear`], [`cross_entropy`]: what else a network on sequences computes; [`Mask`]: what
//!   dropout drops; [`product`]: products of matrices.
//! - [`rounding`]: rounding to 256 values, for training with 8 bits.
//! - [`bytes`]: the add layer on 8-bit integers.
//! - [`Ceiling`]: what the machine gives the loop under all of them.
//! - [`reference`]: the plain loops that every fast path is tested against.
//!
//! What it deliberately does not do: know tensors, graphs or files. It depends on nothing of ours.
//!
//! Letters in shapes: B batch, C input channels, O output channels, H W input map, Y X output map, G groups,
//! K = C / G · kernel² taps, P = Y · X positions. All tensors are row-major.

pub mod add;
pub mod attention;
pub mod bytes;
mod ceiling;
pub mod cross_entropy;
mod depthwise;
mod dots;
mod grid;
mod lanes;
mod layer;
pub mod layer_norm;
pub mod linear;
mod lines;
pub mod local;
mod mask;
mod matrix;
pub mod multiply;
pub mod product;
pub mod reference;
pub mod rounding;
#[cfg(test)]
mod samples;
pub mod shift;
mod tile;
pub mod transform;
mod window;

pub use ceiling::Ceiling;
pub use mask::{Mask, masked};
pub use window::Window;
