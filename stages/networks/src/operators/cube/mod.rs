//! The add layer on CubeCL devices: forward and both gradients as tiled kernels of our own, f32 throughout.
//!
//! All three are one computation, [`tiling`]: every (row, column) of a matrix is a sum over a third index, and a cube
//! computes one tile of the matrix from strips of two operands in its shared memory. They differ in what the rows,
//! columns and terms are, and in the term:
//!
//! | kernel | rows | columns | sum over | term |
//! |---|---|---|---|---|
//! | [`forward`] | output channels | (picture, position) | taps | −\|X − W\| |
//! | [`input_gradient`] | input channels | (picture, pixel) | (output channel, tap) | G · clip(W − X, −1, 1) |
//! | [`weight_gradient`] | output channels | taps | (picture, position) | G · (X − W) |
//!
//! Patches are addressed where they lie in the input and never copied out. No sum is shared between units that race:
//! the same values give the same bits on the same device. Multiplying layers take burn's convolution.
//!
//! Limits: a tensor has fewer than 2³² values, and a Vulkan device needs VK_KHR_workgroup_memory_explicit_layout, without
//! which cubecl-spirv 0.11.3 translates shared memory wrongly.

mod forward;
mod input_gradient;
mod patches;
mod phase;
mod tiling;
mod weight_gradient;

use burn::backend::Cube;
use burn::backend::ops::ModuleOps;
use burn::tensor::DType;
use burn::tensor::ops::ConvOptions;
use burn_cubecl::kernel::{cast, into_contiguous};
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;
use kernels::Window;

use super::window::{Law, WindowLayer};

impl WindowLayer for Cube {
    fn slide(input: CubeTensor, weight: CubeTensor, window: Window, law: Law) -> CubeTensor {
        match law {
            Law::Multiply => Self::conv2d(input, weight, None, options(&window)),
            Law::Add(_) => forward::launch(&window, rows(input), rows(weight)),
        }
    }

    fn slide_input_gradient(
        input: CubeTensor,
        weight: CubeTensor,
        upstream: CubeTensor,
        window: Window,
        law: Law,
    ) -> CubeTensor {
        match law {
            Law::Multiply => Self::conv2d_x_backward(input, weight, upstream, options(&window)),
            Law::Add(_) => input_gradient::launch(&window, rows(input), rows(weight), rows(upstream)),
        }
    }

    fn slide_weight_gradient(
        input: CubeTensor,
        weight: CubeTensor,
        upstream: CubeTensor,
        window: Window,
        law: Law,
    ) -> CubeTensor {
        match law {
            Law::Multiply => Self::conv2d_weight_backward(input, weight, upstream, options(&window)),
            Law::Add(_) => weight_gradient::launch(&window, rows(input), rows(weight), rows(upstream)),
        }
    }
}

fn options(window: &Window) -> ConvOptions<2> {
    ConvOptions::new([window.stride; 2], [window.padding; 2], [1, 1], window.groups)
}

/// Returns the tensor as f32 in row-major order, as the kernels read it.
fn rows(tensor: CubeTensor) -> CubeTensor {
    into_contiguous(cast(tensor, DType::F32))
}

/// Returns an f32 tensor in row-major order on the device of `like`, its values not set.
fn empty(like: &CubeTensor, shape: &[usize]) -> CubeTensor {
    empty_device_contiguous_dtype(like.client.clone(), like.device.clone(), shape.into(), DType::F32)
}

#[cfg(test)]
mod tests;
