use burn::Tensor;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn_flex::FlexTensor;
use kernels::layer_norm as kernel;

use super::host;

/// Returns γ (x − μ) / √(σ² + ε) + β with the mean and biased variance of each row, ε = 1e-5.
///
/// # Shapes
/// - `input`, returns: `[N, C]`
/// - `gamma`, `beta`: `[C]`
pub(crate) fn layer_norm(input: Tensor<2>, gamma: Tensor<1>, beta: Tensor<1>) -> Tensor<2> {
    if !host::is_own(&input.device()) {
        return composed(input, gamma, beta);
    }
    let output = Dispatch::normalize_rows(input.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch());
    Tensor::from_dispatch(output)
}

/// Returns (x − μ) / √(σ² + ε) of each row, as [`layer_norm`].
pub(crate) fn standardized(input: Tensor<2>) -> Tensor<2> {
    let (columns, device) = (input.dims()[1], input.device());
    layer_norm(input, Tensor::ones([columns], &device), Tensor::zeros([columns], &device))
}

/// As [`layer_norm`], in the backend's own operations.
fn composed(input: Tensor<2>, gamma: Tensor<1>, beta: Tensor<1>) -> Tensor<2> {
    let centred = input.clone() - input.mean_dim(1);
    let variance = centred.clone().square().mean_dim(1);
    centred / (variance + kernel::EPSILON).sqrt() * gamma.unsqueeze() + beta.unsqueeze()
}

/// Layer normalisation and its gradients as backend operations; the default bodies compute on the host.
#[backend_extension(
    Flex,
    LibTorch: cfg(feature = "tch"),
    Cube: cfg(any(feature = "cuda", feature = "vulkan")),
    Autodiff
)]
pub(super) trait LayerNorm: Backend {
    fn normalize_rows(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let (device, shape) = (input.device(), input.shape());
        let [input, gamma, beta] = [input, gamma, beta].map(host::values::<Self>);
        host::tensor::<Self>(kernel::forward(&input, &gamma, &beta), &shape, &device)
    }

    /// Returns the gradients of input, γ and β.
    fn normalize_rows_gradients(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        upstream: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (device, shape) = (input.device(), input.shape());
        let [input, gamma, mut upstream] = [input, gamma, upstream].map(host::values::<Self>);
        let vectors = kernel::backward(&input, &gamma, &mut upstream);
        let [of_gamma, of_beta] = vectors.map(|values| host::tensor::<Self>(values, &[gamma.len()], &device));
        (host::tensor::<Self>(upstream, &shape, &device), of_gamma, of_beta)
    }
}

/// Reads tensors where they are.
impl LayerNorm for Flex {
    fn normalize_rows(input: FlexTensor, gamma: FlexTensor, beta: FlexTensor) -> FlexTensor {
        let [input, gamma, beta] = [input, gamma, beta].map(|tensor| tensor.to_contiguous());
        let output = kernel::forward(host::slice(&input), host::slice(&gamma), host::slice(&beta));
        host::flex(output, &input.shape())
    }

    fn normalize_rows_gradients(
        input: FlexTensor,
        gamma: FlexTensor,
        upstream: FlexTensor,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let [input, gamma, mut upstream] = [input, gamma, upstream].map(host::owned);
        let vectors = kernel::backward(host::slice(&input), host::slice(&gamma), upstream.storage_mut());
        let [of_gamma, of_beta] = vectors.map(|values| host::flex(values, &gamma.shape()));
        (upstream, of_gamma, of_beta)
    }
}

#[cfg(feature = "tch")]
impl LayerNorm for burn::backend::LibTorch {}

#[cfg(any(feature = "cuda", feature = "vulkan"))]
impl LayerNorm for burn::backend::Cube {}

impl<B: LayerNorm, C: CheckpointStrategy> LayerNorm for Autodiff<B, C> {
    fn normalize_rows(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let nodes = [input.node(), gamma.node(), beta.node()];
        match LayerNormBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let state = (prepared.checkpoint(&input), prepared.checkpoint(&gamma));
                let (input, gamma, beta) = (input.into_primitive(), gamma.into_primitive(), beta.into_primitive());
                prepared.finish(state, B::normalize_rows(input, gamma, beta))
            }
            OpsKind::UnTracked(prepared) => {
                let (input, gamma, beta) = (input.into_primitive(), gamma.into_primitive(), beta.into_primitive());
                prepared.finish(B::normalize_rows(input, gamma, beta))
            }
        }
    }
}

#[derive(Debug)]
struct LayerNormBackward;

impl<B: LayerNorm> Backward<B, 3> for LayerNormBackward {
    type State = (NodeId, NodeId);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let (input, gamma) = ops.state;
        let upstream = grads.consume::<B>(&ops.node);
        let input = checkpointer.retrieve_node_output::<FloatTensor<B>>(input);
        let gamma = checkpointer.retrieve_node_output::<FloatTensor<B>>(gamma);
        let (of_input, of_gamma, of_beta) = B::normalize_rows_gradients(input, gamma, upstream);
        for (node, gradient) in ops.parents.into_iter().zip([of_input, of_gamma, of_beta]) {
            if let Some(node) = node {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_into_vec().unwrap()
    }

    /// Both ways on the same numbers: output and gradients of a loss whose upstream gradient is no constant.
    #[test]
    fn the_kernel_and_the_backends_operations_agree() {
        let device = Device::flex().autodiff();
        let wave = |length: usize, step: f32| (0..length).map(|at| (at as f32 * step).sin()).collect::<Vec<_>>();
        let leaf =
            |values, shape: [usize; 2]| Tensor::<2>::from_data(TensorData::new(values, shape), &device).require_grad();
        let run = |norm: fn(Tensor<2>, Tensor<1>, Tensor<1>) -> Tensor<2>| {
            let parts = [leaf(wave(7 * 12, 0.7), [12, 7]), leaf(wave(12, 1.3), [1, 12]), leaf(wave(12, 2.1), [1, 12])];
            // A turned input: the kernel must not read it as it lies.
            let input = parts[0].clone().transpose();
            let output = norm(input, parts[1].clone().squeeze(), parts[2].clone().squeeze());
            let gradients = output.clone().powi_scalar(3).sum().backward();
            let mut all = vec![read(output)];
            all.extend(parts.iter().map(|part| read(part.grad(&gradients).unwrap())));
            all
        };
        for (found, wanted) in run(layer_norm).iter().zip(run(composed)) {
            for (found, wanted) in found.iter().zip(wanted) {
                // Single-precision sums of 12 terms, cubed.
                assert!((found - wanted).abs() <= 1e-4 * (1.0 + wanted.abs()), "{found} instead of {wanted}");
            }
        }
    }
}
