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
use kernels::Window;
use spaces::{Arithmetic, Linear};

use super::host;

/// Norm of the add layers' weight gradient: dW is rescaled to `eta · √k`, k the number of weights of the layer
/// (AdderNet Eq. 8 and 9, η = 0.2 in its code). `None` leaves the gradient as it is.
pub type GradientScale = Option<f32>;

/// What a layer computes from an input patch and a filter.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Law {
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
    // burn's convolution is the better one wherever the host is not the device; on the host ours is.
    if law == Law::Multiply && input.device().inner() != Device::flex() {
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

/// A layer as a backend operation. The default body computes on the host with the `kernels` crate, which is right on
/// every device; a backend may override it with a kernel of its own.
#[backend_extension(
    Flex,
    LibTorch: cfg(feature = "tch"),
    Cube: cfg(any(feature = "cuda", feature = "vulkan")),
    Autodiff
)]
trait WindowLayer: Backend {
    fn slide(input: FloatTensor<Self>, weight: FloatTensor<Self>, window: Window, law: Law) -> FloatTensor<Self> {
        let device = input.device();
        let (input, weight) = (host::values::<Self>(input), host::values::<Self>(weight));
        let output = match law {
            Law::Multiply => kernels::multiply::forward(&window, &input, &weight),
            Law::Add(_) => kernels::add::forward(&window, &input, &weight),
        };
        let shape = [window.batch, window.out_channels, window.out_height(), window.out_width()];
        host::tensor::<Self>(output, &shape, &device)
    }
}

impl WindowLayer for Flex {}

#[cfg(feature = "tch")]
impl WindowLayer for burn::backend::LibTorch {}

#[cfg(any(feature = "cuda", feature = "vulkan"))]
impl WindowLayer for burn::backend::Cube {}

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
        let device = upstream.device();
        let upstream = host::values::<B>(upstream);
        let input = host::values::<B>(checkpointer.retrieve_node_output(input));
        let weight = host::values::<B>(checkpointer.retrieve_node_output(weight));
        let [input_node, weight_node] = ops.parents;
        if let Some(node) = input_node {
            let gradient = match law {
                Law::Multiply => kernels::multiply::input_gradient(&window, &weight, &upstream),
                Law::Add(_) => kernels::add::input_gradient(&window, &input, &weight, &upstream),
            };
            let shape = [window.batch, window.in_channels, window.height, window.width];
            grads.register::<B>(node.id, host::tensor::<B>(gradient, &shape, &device));
        }
        if let Some(node) = weight_node {
            let gradient = match law {
                Law::Multiply => kernels::multiply::weight_gradient(&window, &input, &upstream),
                Law::Add(scale) => rescaled(kernels::add::weight_gradient(&window, &input, &weight, &upstream), scale),
            };
            let inputs = window.in_channels / window.groups;
            let shape = [window.out_channels, inputs, window.kernel, window.kernel];
            grads.register::<B>(node.id, host::tensor::<B>(gradient, &shape, &device));
        }
    }
}

/// Norms below this are taken as this, so that a zero gradient stays zero.
const SMALLEST_NORM: f32 = 1e-12;

fn rescaled(mut gradient: Vec<f32>, scale: GradientScale) -> Vec<f32> {
    if let Some(eta) = scale {
        let norm = gradient.iter().map(|g| g * g).sum::<f32>().sqrt().max(SMALLEST_NORM);
        let factor = eta * (gradient.len() as f32).sqrt() / norm;
        gradient.iter_mut().for_each(|g| *g *= factor);
    }
    gradient
}

#[cfg(test)]
mod tests;
