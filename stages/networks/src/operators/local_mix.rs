use burn::Tensor;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn_flex::FlexTensor;
use kernels::local;
use kernels::local::Sequence;

use super::host;
use super::window::{GradientScale, rescaled};

/// What a local operator computes from a channel and a kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum LocalLaw {
    /// Σ p · u.
    Conv,
    /// −Σ |u − p| with the surrogate gradients dU = Σ G · clip(P − U, −1, 1) and dP = Σ G · (U − P).
    Add {
        /// Rescaling of the kernel's gradient.
        scale: GradientScale,
    },
}

/// Returns a light convolution over time: every channel with the kernel of its head, ⌊c · H / C⌋. Positions outside
/// of the sequence are 0, which an add kernel still has its distance to.
///
/// # Shapes
/// - `input`, returns: `[B, T, C]`
/// - `kernel`: `[H, K]`, the taps before the first position being `padding`
pub(crate) fn local_mix(input: Tensor<3>, kernel: Tensor<2>, law: LocalLaw, padding: usize) -> Tensor<3> {
    let [batch, time, channels] = input.dims();
    let [heads, taps] = kernel.dims();
    let sequence = Sequence { batch, time, channels, heads, taps, padding };
    Tensor::from_dispatch(Dispatch::mix_locally(input.into_dispatch(), kernel.into_dispatch(), sequence, law))
}

/// A local operator and its two gradients as backend operations; the default bodies compute on the host.
#[backend_extension(
    Flex,
    LibTorch: cfg(feature = "tch"),
    Cube: cfg(any(feature = "cuda", feature = "vulkan")),
    Autodiff
)]
pub(super) trait LocalMix: Backend {
    fn mix_locally(
        input: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        sequence: Sequence,
        law: LocalLaw,
    ) -> FloatTensor<Self> {
        let device = input.device();
        let output =
            local::forward(law.of_kernels(), &sequence, &host::values::<Self>(input), &host::values::<Self>(kernel));
        host::tensor::<Self>(output, &sequence.shape(), &device)
    }

    fn mix_locally_input_gradient(
        input: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        upstream: FloatTensor<Self>,
        sequence: Sequence,
        law: LocalLaw,
    ) -> FloatTensor<Self> {
        let device = input.device();
        let [input, kernel, upstream] = [input, kernel, upstream].map(host::values::<Self>);
        let gradient = local::input_gradient(law.of_kernels(), &sequence, &input, &kernel, &upstream);
        host::tensor::<Self>(gradient, &sequence.shape(), &device)
    }

    /// The raw gradient: not rescaled.
    fn mix_locally_kernel_gradient(
        input: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        upstream: FloatTensor<Self>,
        sequence: Sequence,
        law: LocalLaw,
    ) -> FloatTensor<Self> {
        let device = input.device();
        let [input, kernel, upstream] = [input, kernel, upstream].map(host::values::<Self>);
        let gradient = local::kernel_gradient(law.of_kernels(), &sequence, &input, &kernel, &upstream);
        host::tensor::<Self>(gradient, &[sequence.heads, sequence.taps], &device)
    }
}

impl LocalLaw {
    fn of_kernels(self) -> local::Law {
        match self {
            LocalLaw::Conv => local::Law::Multiply,
            LocalLaw::Add { .. } => local::Law::Add,
        }
    }
}

/// Reads tensors where they are.
impl LocalMix for Flex {
    fn mix_locally(input: FlexTensor, kernel: FlexTensor, sequence: Sequence, law: LocalLaw) -> FlexTensor {
        let [input, kernel] = [input, kernel].map(|tensor| tensor.to_contiguous());
        let output = local::forward(law.of_kernels(), &sequence, host::slice(&input), host::slice(&kernel));
        host::flex(output, &sequence.shape())
    }

    fn mix_locally_input_gradient(
        input: FlexTensor,
        kernel: FlexTensor,
        upstream: FlexTensor,
        sequence: Sequence,
        law: LocalLaw,
    ) -> FlexTensor {
        let [input, kernel, upstream] = [input, kernel, upstream].map(|tensor| tensor.to_contiguous());
        let [input, kernel, upstream] = [&input, &kernel, &upstream].map(host::slice);
        host::flex(local::input_gradient(law.of_kernels(), &sequence, input, kernel, upstream), &sequence.shape())
    }

    fn mix_locally_kernel_gradient(
        input: FlexTensor,
        kernel: FlexTensor,
        upstream: FlexTensor,
        sequence: Sequence,
        law: LocalLaw,
    ) -> FlexTensor {
        let [input, kernel, upstream] = [input, kernel, upstream].map(|tensor| tensor.to_contiguous());
        let [input, kernel, upstream] = [&input, &kernel, &upstream].map(host::slice);
        let gradient = local::kernel_gradient(law.of_kernels(), &sequence, input, kernel, upstream);
        host::flex(gradient, &[sequence.heads, sequence.taps])
    }
}

#[cfg(feature = "tch")]
impl LocalMix for burn::backend::LibTorch {}

#[cfg(any(feature = "cuda", feature = "vulkan"))]
impl LocalMix for burn::backend::Cube {}

impl<B: LocalMix, C: CheckpointStrategy> LocalMix for Autodiff<B, C> {
    fn mix_locally(
        input: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        sequence: Sequence,
        law: LocalLaw,
    ) -> FloatTensor<Self> {
        match LocalMixBackward.prepare::<C>([input.node(), kernel.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let (at_input, at_kernel) = (prepared.checkpoint(&input), prepared.checkpoint(&kernel));
                let output = B::mix_locally(input.into_primitive(), kernel.into_primitive(), sequence, law);
                prepared.finish(LocalMixState { input: at_input, kernel: at_kernel, sequence, law }, output)
            }
            OpsKind::UnTracked(prepared) => {
                prepared.finish(B::mix_locally(input.into_primitive(), kernel.into_primitive(), sequence, law))
            }
        }
    }
}

#[derive(Debug)]
struct LocalMixBackward;

#[derive(Clone, Debug)]
struct LocalMixState {
    input: NodeId,
    kernel: NodeId,
    sequence: Sequence,
    law: LocalLaw,
}

impl<B: LocalMix> Backward<B, 2> for LocalMixBackward {
    type State = LocalMixState;

    fn backward(self, ops: Ops<LocalMixState, 2>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let LocalMixState { input, kernel, sequence, law } = ops.state;
        let upstream = grads.consume::<B>(&ops.node);
        let input = checkpointer.retrieve_node_output::<FloatTensor<B>>(input);
        let kernel = checkpointer.retrieve_node_output::<FloatTensor<B>>(kernel);
        let [input_node, kernel_node] = ops.parents;
        if let Some(node) = input_node {
            let gradient =
                B::mix_locally_input_gradient(input.clone(), kernel.clone(), upstream.clone(), sequence, law);
            grads.register::<B>(node.id, gradient);
        }
        if let Some(node) = kernel_node {
            let gradient = B::mix_locally_kernel_gradient(input, kernel, upstream, sequence, law);
            let gradient = match law {
                LocalLaw::Add { scale: Some(eta) } => rescaled::<B>(gradient, eta),
                LocalLaw::Add { scale: None } | LocalLaw::Conv => gradient,
            };
            grads.register::<B>(node.id, gradient);
        }
    }
}
