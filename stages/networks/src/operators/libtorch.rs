//! Window layers on LibTorch's tensors: the project's kernels read the memory of CPU tensors where it is.

use std::borrow::Cow;
use std::slice;

use burn::backend::{LibTorch, TensorMetadata};
use burn_tch::TchTensor;
use kernels::Window;
use tch::{Kind, Tensor};

use super::host;
use super::window::{Law, WindowLayer};

/// On the CPU LibTorch's own `cdist` takes many times what the kernels do. CUDA tensors go to the host and back, but
/// for the output of ungrouped add layers.
impl WindowLayer for LibTorch {
    fn slide(input: TchTensor, weight: TchTensor, window: Window, law: Law) -> TchTensor {
        if matches!(law, Law::Add(_)) && window.groups == 1 && input.tensor.device().is_cuda() {
            return TchTensor::new(distances(&window, &input.tensor, &weight.tensor).neg());
        }
        let output = law.output(&window, &values(&input), &values(&weight));
        host::tensor::<LibTorch>(output, &window.output_shape(), &input.device())
    }

    fn slide_input_gradient(
        input: TchTensor,
        weight: TchTensor,
        upstream: TchTensor,
        window: Window,
        law: Law,
    ) -> TchTensor {
        let gradient = law.input_gradient(&window, &values(&input), &values(&weight), &values(&upstream));
        host::tensor::<LibTorch>(gradient, &window.input_shape(), &input.device())
    }

    fn slide_weight_gradient(
        input: TchTensor,
        weight: TchTensor,
        upstream: TchTensor,
        window: Window,
        law: Law,
    ) -> TchTensor {
        let gradient = law.weight_gradient(&window, &values(&input), &values(&weight), &values(&upstream));
        host::tensor::<LibTorch>(gradient, &window.weight_shape(), &input.device())
    }
}

/// Returns the values of a tensor in row-major order: its own memory where that is what it holds, else a copy.
fn values(tensor: &TchTensor) -> Cow<'_, [f32]> {
    let raw = &tensor.tensor;
    let is_slice = raw.device() == tch::Device::Cpu && raw.kind() == Kind::Float && raw.is_contiguous();
    // An empty tensor has no memory, which a slice must have.
    if !is_slice || raw.numel() == 0 {
        return Cow::Owned(host::values::<LibTorch>(tensor.clone()));
    }
    // SAFETY: a contiguous CPU tensor of 32-bit floats has `numel` of them at `data_ptr`. They live as long as the
    // borrowed tensor, and nobody writes to them meanwhile: burn changes a tensor's memory only where no second
    // tensor, as is the borrowed one, counts as its user.
    Cow::Borrowed(unsafe { slice::from_raw_parts(raw.data_ptr().cast::<f32>(), raw.numel()) })
}

/// Returns Σ |x − w| of an ungrouped window, as the distance of every filter to every patch.
///
/// # Shapes
/// - `input`: `[B, C, H, W]`
/// - `weight`: `[O, C, K, K]`
/// - returns: `[B, O, Y, X]`
fn distances(window: &Window, input: &Tensor, weight: &Tensor) -> Tensor {
    let [kernel, stride, padding] = [window.kernel, window.stride, window.padding].map(|size| [size as i64; 2]);
    let patches = input.im2col(kernel, [1, 1], padding, stride).transpose(1, 2);
    let filters = weight.reshape([1, window.out_channels as i64, window.taps() as i64]);
    Tensor::cdist(&filters, &patches, 1.0, None).reshape(window.output_shape().map(|size| size as i64))
}

#[cfg(test)]
mod tests;
