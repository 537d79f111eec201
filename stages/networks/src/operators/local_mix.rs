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

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    const SEQUENCE: Sequence = Sequence { batch: 2, time: 5, channels: 6, heads: 3, taps: 3, padding: 2 };

    fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_into_vec().unwrap()
    }

    /// Returns output, input gradient and kernel gradient of a loss whose upstream gradient is the output.
    fn run(law: LocalLaw) -> [Vec<f32>; 3] {
        let device = Device::flex().autodiff();
        let wave = |length: usize, step: f32| (0..length).map(|at| (at as f32 * step).sin()).collect::<Vec<_>>();
        let input = Tensor::<3>::from_data(TensorData::new(wave(60, 0.7), [2, 5, 6]), &device).require_grad();
        let kernel = Tensor::<2>::from_data(TensorData::new(wave(9, 1.3), [3, 3]), &device).require_grad();
        let output = local_mix(input.clone(), kernel.clone(), law, SEQUENCE.padding);
        let gradients = (output.clone().square().sum() * 0.5).backward();
        let upstream = read(output);
        let (u, p) = (read(input.clone()), read(kernel.clone()));
        let wanted = local::input_gradient(law.of_kernels(), &SEQUENCE, &u, &p, &upstream);
        assert_eq!(read(input.grad(&gradients).unwrap()), wanted);
        [upstream, wanted, read(kernel.grad(&gradients).unwrap())]
    }

    #[test]
    fn the_kernels_gradient_of_an_adding_operator_has_the_wanted_norm() {
        let [plain, _, raw] = run(LocalLaw::Add { scale: None });
        let [_, _, scaled] = run(LocalLaw::Add { scale: Some(0.2) });
        let norm = |values: &[f32]| values.iter().map(|value| value * value).sum::<f32>().sqrt();
        let factor = 0.2 * 3.0 / norm(&raw);
        for (scaled, raw) in scaled.iter().zip(&raw) {
            assert!((scaled - raw * factor).abs() < 1e-6, "{scaled} instead of {}", raw * factor);
        }
        assert!(plain.iter().all(|&value| value <= 0.0), "distances are never negative");
    }

    /// The loss is half the squared output, so kernels' gradients are those of a quadratic form.
    #[test]
    fn a_multiplying_operator_has_its_true_gradients() {
        let [output, of_input, of_kernel] = run(LocalLaw::Conv);
        let energy: f32 = output.iter().map(|value| value * value).sum();
        let wave = |length: usize, step: f32| (0..length).map(move |at| (at as f32 * step).sin());
        let along = |gradient: &[f32], values: &mut dyn Iterator<Item = f32>| -> f32 {
            gradient.iter().zip(values).map(|(gradient, value)| gradient * value).sum()
        };
        // Euler: the loss is homogeneous of degree two in the input, and in the kernel.
        assert!((along(&of_input, &mut wave(60, 0.7)) - energy).abs() < 1e-4 * energy);
        assert!((along(&of_kernel, &mut wave(9, 1.3)) - energy).abs() < 1e-4 * energy);
    }
}
