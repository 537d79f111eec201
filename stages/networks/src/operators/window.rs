use burn::Tensor;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::Device;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn_flex::FlexTensor;
use kernels::Window;
use spaces::{Arithmetic, Linear};

use super::host;
use crate::device::is_host;

/// Norm of the add layers' weight gradient: dW is rescaled to `eta · √k`, k the number of weights of the layer
/// (AdderNet Eq. 8 and 9, η = 0.2 in its code). `None` leaves the gradient as it is.
pub type GradientScale = Option<f32>;

/// What a layer computes from an input patch and a filter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Law {
    /// Σ x·w with its true gradients.
    Multiply,
    /// −Σ |x − w| with the surrogate gradients dX = Σ G · clip(W − X, −1, 1) and dW = Σ G · (X − W).
    Add(GradientScale),
}

/// Returns the output of a convolution, shift or add layer without its bias. Weights of shift layers come in rounded
/// to powers of two; taps on the padding of an add layer contribute −|0 − w|.
///
/// # Shapes
/// - `input`: `[B, C, H, W]`
/// - `weight`: `[O, C / groups, K, K]`
/// - returns: `[B, O, Y, X]`
pub fn window_layer(input: Tensor<4>, weight: Tensor<4>, linear: &Linear, scale: GradientScale) -> Tensor<4> {
    let law = match linear.arithmetic {
        Arithmetic::Multiply | Arithmetic::Shift => Law::Multiply,
        Arithmetic::Add => Law::Add(scale),
    };
    // Off the host burn's convolution is the better one. Of LibTorch's on the CPU only the depth-wise one is worse, whose
    // gradients burn computes in a loop over the channels.
    let device = input.device().inner();
    let is_depth_wise = linear.groups > 1 && weight.dims()[1] == 1;
    let ours = device == Device::flex() || (is_depth_wise && is_host(&device));
    if law == Law::Multiply && !ours {
        let (stride, padding) = ([linear.stride; 2], [linear.padding; 2]);
        return conv2d(input, weight, None, ConvOptions::new(stride, padding, [1, 1], linear.groups));
    }
    let [batch, in_channels, height, width] = input.dims();
    let window = Window {
        batch,
        in_channels,
        out_channels: weight.dims()[0],
        height,
        width,
        kernel: linear.kernel,
        stride: linear.stride,
        padding: linear.padding,
        groups: linear.groups,
    };
    let output = Dispatch::slide(input.into_dispatch(), weight.into_dispatch(), window, law);
    Tensor::from_dispatch(output)
}

/// A layer and its two gradients as backend operations. The default bodies compute on the host with the `kernels`
/// crate, which is right on every device; a backend may override them with kernels of its own.
#[backend_extension(
    Flex,
    LibTorch: cfg(feature = "tch"),
    Cube: cfg(any(feature = "cuda", feature = "vulkan")),
    Autodiff
)]
pub(super) trait WindowLayer: Backend {
    fn slide(input: FloatTensor<Self>, weight: FloatTensor<Self>, window: Window, law: Law) -> FloatTensor<Self> {
        let device = input.device();
        let output = law.output(&window, &host::values::<Self>(input), &host::values::<Self>(weight));
        host::tensor::<Self>(output, &window.output_shape(), &device)
    }

    /// The raw gradient: not rescaled.
    fn slide_input_gradient(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        upstream: FloatTensor<Self>,
        window: Window,
        law: Law,
    ) -> FloatTensor<Self> {
        let device = input.device();
        let [input, weight, upstream] = [input, weight, upstream].map(host::values::<Self>);
        let gradient = law.input_gradient(&window, &input, &weight, &upstream);
        host::tensor::<Self>(gradient, &window.input_shape(), &device)
    }

    /// The raw gradient: not rescaled.
    fn slide_weight_gradient(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        upstream: FloatTensor<Self>,
        window: Window,
        law: Law,
    ) -> FloatTensor<Self> {
        let device = input.device();
        let [input, weight, upstream] = [input, weight, upstream].map(host::values::<Self>);
        let gradient = law.weight_gradient(&window, &input, &weight, &upstream);
        host::tensor::<Self>(gradient, &window.weight_shape(), &device)
    }
}

impl Law {
    pub(super) fn output(self, window: &Window, input: &[f32], weight: &[f32]) -> Vec<f32> {
        match self {
            Law::Multiply => kernels::multiply::forward(window, input, weight),
            Law::Add(_) => kernels::add::forward(window, input, weight),
        }
    }

    pub(super) fn input_gradient(self, window: &Window, input: &[f32], weight: &[f32], upstream: &[f32]) -> Vec<f32> {
        match self {
            Law::Multiply => kernels::multiply::input_gradient(window, weight, upstream),
            Law::Add(_) => kernels::add::input_gradient(window, input, weight, upstream),
        }
    }

    pub(super) fn weight_gradient(self, window: &Window, input: &[f32], weight: &[f32], upstream: &[f32]) -> Vec<f32> {
        match self {
            Law::Multiply => kernels::multiply::weight_gradient(window, input, upstream),
            Law::Add(_) => kernels::add::weight_gradient(window, input, weight, upstream),
        }
    }
}

/// Reads tensors where they are.
impl WindowLayer for Flex {
    fn slide(input: FlexTensor, weight: FlexTensor, window: Window, law: Law) -> FlexTensor {
        let [input, weight] = [input, weight].map(|tensor| tensor.to_contiguous());
        let output = law.output(&window, host::slice(&input), host::slice(&weight));
        host::flex(output, &window.output_shape())
    }

    fn slide_input_gradient(
        input: FlexTensor,
        weight: FlexTensor,
        upstream: FlexTensor,
        window: Window,
        law: Law,
    ) -> FlexTensor {
        let [input, weight, upstream] = [input, weight, upstream].map(|tensor| tensor.to_contiguous());
        let [input, weight, upstream] = [&input, &weight, &upstream].map(host::slice);
        host::flex(law.input_gradient(&window, input, weight, upstream), &window.input_shape())
    }

    fn slide_weight_gradient(
        input: FlexTensor,
        weight: FlexTensor,
        upstream: FlexTensor,
        window: Window,
        law: Law,
    ) -> FlexTensor {
        let [input, weight, upstream] = [input, weight, upstream].map(|tensor| tensor.to_contiguous());
        let [input, weight, upstream] = [&input, &weight, &upstream].map(host::slice);
        host::flex(law.weight_gradient(&window, input, weight, upstream), &window.weight_shape())
    }
}

impl<B: WindowLayer, C: CheckpointStrategy> WindowLayer for Autodiff<B, C> {
    fn slide(input: FloatTensor<Self>, weight: FloatTensor<Self>, window: Window, law: Law) -> FloatTensor<Self> {
        match WindowBackward.prepare::<C>([input.node(), weight.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let state = WindowState {
                    input: prepared.checkpoint(&input),
                    weight: prepared.checkpoint(&weight),
                    window,
                    law,
                };
                let output = B::slide(input.into_primitive(), weight.into_primitive(), window, law);
                prepared.finish(state, output)
            }
            OpsKind::UnTracked(prepared) => {
                prepared.finish(B::slide(input.into_primitive(), weight.into_primitive(), window, law))
            }
        }
    }
}

#[derive(Debug)]
struct WindowBackward;

#[derive(Clone, Debug)]
struct WindowState {
    input: NodeId,
    weight: NodeId,
    window: Window,
    law: Law,
}

impl<B: WindowLayer> Backward<B, 2> for WindowBackward {
    type State = WindowState;

    fn backward(self, ops: Ops<WindowState, 2>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let WindowState { input, weight, window, law } = ops.state;
        let upstream = grads.consume::<B>(&ops.node);
        let input = checkpointer.retrieve_node_output::<FloatTensor<B>>(input);
        let weight = checkpointer.retrieve_node_output::<FloatTensor<B>>(weight);
        let [input_node, weight_node] = ops.parents;
        if let Some(node) = input_node {
            let gradient = B::slide_input_gradient(input.clone(), weight.clone(), upstream.clone(), window, law);
            grads.register::<B>(node.id, gradient);
        }
        if let Some(node) = weight_node {
            let gradient = B::slide_weight_gradient(input, weight, upstream, window, law);
            let gradient = match law {
                Law::Add(Some(eta)) => rescaled::<B>(gradient, eta),
                Law::Add(None) | Law::Multiply => gradient,
            };
            grads.register::<B>(node.id, gradient);
        }
    }
}

/// Norms below this are taken as this, so that a zero gradient stays zero.
const SMALLEST_NORM: f32 = 1e-12;

/// Returns the gradient with the norm η · √k.
pub(super) fn rescaled<B: Backend>(gradient: FloatTensor<B>, eta: f32) -> FloatTensor<B> {
    let shape = gradient.shape();
    let norm = B::float_sqrt(B::float_sum(B::float_mul(gradient.clone(), gradient.clone())));
    let inverse = B::float_recip(B::float_clamp_min(norm, SMALLEST_NORM.into()));
    let wanted = eta * (shape.num_elements() as f32).sqrt();
    let factor = B::float_mul_scalar(inverse, wanted.into());
    B::float_mul(gradient, B::float_reshape(factor, vec![1; shape.num_dims()].into()))
}

#[cfg(test)]
mod tests;
