use burn::Tensor;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use kernels::Window;
use spaces::Linear;

use super::host;

/// Step of the weight gradient: dW is rescaled to norm `eta · √k`, k the number of weights of the layer
/// (AdderNet Eq. 8 and 9, η = 0.2 in its code). `None` leaves the gradient as it is.
pub type GradientScale = Option<f32>;

/// Returns y = −Σ |x − w| (Eq. 4 of ShiftAddNAS); taps on the padding contribute −|0 − w|.
///
/// The gradients are AdderNet's surrogates: dX = Σ G · clip(W − X, −1, 1) and dW = Σ G · (X − W), the latter
/// rescaled as `scale` says.
///
/// # Shapes
/// - `input`: `[B, C, H, W]`
/// - `weight`: `[O, C / groups, K, K]`
/// - returns: `[B, O, Y, X]`
pub fn add_layer(input: Tensor<4>, weight: Tensor<4>, linear: &Linear, scale: GradientScale) -> Tensor<4> {
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
    let output = Dispatch::add_window(input.into_dispatch(), weight.into_dispatch(), window, scale);
    Tensor::from_dispatch(output)
}

/// The add layer as a backend operation. The default body computes on the host with the `kernels` crate, which
/// is right on every device; a backend may override it with a kernel of its own.
#[backend_extension(
    Flex,
    LibTorch: cfg(feature = "tch"),
    Cube: cfg(any(feature = "cuda", feature = "vulkan")),
    Autodiff
)]
pub(super) trait AddLayer: Backend {
    fn add_window(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        window: Window,
        scale: GradientScale,
    ) -> FloatTensor<Self> {
        let _ = scale;
        let device = input.device();
        let output = kernels::add::forward(&window, &host::values::<Self>(input), &host::values::<Self>(weight));
        let shape = [window.batch, window.out_channels, window.out_height(), window.out_width()];
        host::tensor::<Self>(output, &shape, &device)
    }
}

impl AddLayer for Flex {}

#[cfg(feature = "tch")]
impl AddLayer for burn::backend::LibTorch {}

#[cfg(any(feature = "cuda", feature = "vulkan"))]
impl AddLayer for burn::backend::Cube {}

impl<B: AddLayer, C: CheckpointStrategy> AddLayer for Autodiff<B, C> {
    fn add_window(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        window: Window,
        scale: GradientScale,
    ) -> FloatTensor<Self> {
        match AddBackward.prepare::<C>([input.node(), weight.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let state = AddState {
                    input: prepared.checkpoint(&input),
                    weight: prepared.checkpoint(&weight),
                    window,
                    scale,
                };
                let output = B::add_window(input.into_primitive(), weight.into_primitive(), window, scale);
                prepared.finish(state, output)
            }
            OpsKind::UnTracked(prepared) => {
                prepared.finish(B::add_window(input.into_primitive(), weight.into_primitive(), window, scale))
            }
        }
    }
}

#[derive(Debug)]
struct AddBackward;

#[derive(Clone, Debug)]
struct AddState {
    input: NodeId,
    weight: NodeId,
    window: Window,
    scale: GradientScale,
}

impl<B: AddLayer> Backward<B, 2> for AddBackward {
    type State = AddState;

    fn backward(self, ops: Ops<AddState, 2>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let AddState { input, weight, window, scale } = ops.state;
        let upstream = grads.consume::<B>(&ops.node);
        let device = upstream.device();
        let upstream = host::values::<B>(upstream);
        let input = host::values::<B>(checkpointer.retrieve_node_output(input));
        let weight = host::values::<B>(checkpointer.retrieve_node_output(weight));
        let [input_node, weight_node] = ops.parents;
        if let Some(node) = input_node {
            let gradient = kernels::add::input_gradient(&window, &input, &weight, &upstream);
            let shape = [window.batch, window.in_channels, window.height, window.width];
            grads.register::<B>(node.id, host::tensor::<B>(gradient, &shape, &device));
        }
        if let Some(node) = weight_node {
            let mut gradient = kernels::add::weight_gradient(&window, &input, &weight, &upstream);
            rescale(&mut gradient, scale);
            let inputs = window.in_channels / window.groups;
            let shape = [window.out_channels, inputs, window.kernel, window.kernel];
            grads.register::<B>(node.id, host::tensor::<B>(gradient, &shape, &device));
        }
    }
}

/// Norms below this are taken as this, so that a zero gradient stays zero.
const SMALLEST_NORM: f32 = 1e-12;

fn rescale(gradient: &mut [f32], scale: GradientScale) {
    if let Some(eta) = scale {
        let norm = gradient.iter().map(|g| g * g).sum::<f32>().sqrt().max(SMALLEST_NORM);
        let factor = eta * (gradient.len() as f32).sqrt() / norm;
        gradient.iter_mut().for_each(|g| *g *= factor);
    }
}
