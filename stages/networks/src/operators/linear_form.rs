use burn::Tensor;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn_flex::FlexTensor;
use kernels::linear as kernel;
use kernels::product::Matrix;
use spaces::{Arithmetic, Linear};

use super::host;
use super::layer_norm::layer_norm;
use super::window::{GradientScale, window_layer};

/// Returns x Wᵀ + b. Weights of shift layers come in rounded to powers of two.
///
/// # Shapes
/// - `input`: `[N, I]`
/// - `weight`: `[O, I]`, `bias`: `[O]`
/// - returns: `[N, O]`
pub(crate) fn linear(input: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    if !host::is_own(&input.device()) {
        return input.matmul(weight.transpose()) + bias.unsqueeze();
    }
    let output = Dispatch::multiply_rows(input.into_dispatch(), weight.into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(output)
}

/// Returns LN(−Σ |x − w|) · γ + β, with the surrogate gradients of the add layer.
///
/// # Shapes
/// - `input`: `[N, I]`
/// - `weight`: `[O, I]`, `gamma`, `beta`: `[O]`
/// - returns: `[N, O]`
pub(crate) fn add_linear(
    input: Tensor<2>,
    weight: Tensor<2>,
    [gamma, beta]: [Tensor<1>; 2],
    scale: GradientScale,
) -> Tensor<2> {
    let ([rows, inputs], outputs) = (input.dims(), weight.dims()[0]);
    let layer = Linear { arithmetic: Arithmetic::Add, kernel: 1, stride: 1, padding: 0, groups: 1, bias: false };
    let (input, weight) = (input.reshape([rows, inputs, 1, 1]), weight.reshape([outputs, inputs, 1, 1]));
    let distances = window_layer(input, weight, &layer, scale).reshape([rows, outputs]);
    layer_norm(distances, gamma, beta)
}

/// The multiplying layer and its gradients as backend operations; the default bodies compute on the host.
#[backend_extension(
    Flex,
    LibTorch: cfg(feature = "tch"),
    Cube: cfg(any(feature = "cuda", feature = "vulkan")),
    Autodiff
)]
pub(super) trait LinearRows: Backend {
    fn multiply_rows(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let (device, [rows, inputs, outputs]) = (input.device(), sizes(&input.shape(), &weight.shape()));
        let [input, weight, bias] = [input, weight, bias].map(host::values::<Self>);
        let (input, weight) = (Matrix::dense(&input, rows, inputs), Matrix::dense(&weight, outputs, inputs));
        host::tensor::<Self>(kernel::forward(input, weight, &bias), &[rows, outputs], &device)
    }

    /// Returns the gradients of input, weight and bias.
    fn multiply_rows_gradients(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        upstream: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (device, [rows, inputs, outputs]) = (input.device(), sizes(&input.shape(), &weight.shape()));
        let [input, weight, upstream] = [input, weight, upstream].map(host::values::<Self>);
        let (input, weight) = (Matrix::dense(&input, rows, inputs), Matrix::dense(&weight, outputs, inputs));
        let [of_input, of_weight, of_bias] = kernel::backward(input, weight, &upstream);
        let tensor = |values, shape: &[usize]| host::tensor::<Self>(values, shape, &device);
        (tensor(of_input, &[rows, inputs]), tensor(of_weight, &[outputs, inputs]), tensor(of_bias, &[outputs]))
    }
}

/// Returns N, I and O.
fn sizes(input: &[usize], weight: &[usize]) -> [usize; 3] {
    [input[0], input[1], weight[0]]
}

/// Reads tensors where they are, cut or turned as they may be.
impl LinearRows for Flex {
    fn multiply_rows(input: FlexTensor, weight: FlexTensor, bias: FlexTensor) -> FlexTensor {
        let [rows, _, outputs] = sizes(&input.shape(), &weight.shape());
        let output = kernel::forward(host::matrix(&input), host::matrix(&weight), host::slice(&bias.to_contiguous()));
        host::flex(output, &[rows, outputs])
    }

    fn multiply_rows_gradients(
        input: FlexTensor,
        weight: FlexTensor,
        upstream: FlexTensor,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let [rows, inputs, outputs] = sizes(&input.shape(), &weight.shape());
        let upstream = upstream.to_contiguous();
        let [of_input, of_weight, of_bias] =
            kernel::backward(host::matrix(&input), host::matrix(&weight), host::slice(&upstream));
        let (of_input, of_weight) = (host::flex(of_input, &[rows, inputs]), host::flex(of_weight, &[outputs, inputs]));
        (of_input, of_weight, host::flex(of_bias, &[outputs]))
    }
}

#[cfg(feature = "tch")]
impl LinearRows for burn::backend::LibTorch {}

#[cfg(any(feature = "cuda", feature = "vulkan"))]
impl LinearRows for burn::backend::Cube {}

impl<B: LinearRows, C: CheckpointStrategy> LinearRows for Autodiff<B, C> {
    fn multiply_rows(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let nodes = [input.node(), weight.node(), bias.node()];
        match LinearBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let state = (prepared.checkpoint(&input), prepared.checkpoint(&weight));
                let (input, weight, bias) = (input.into_primitive(), weight.into_primitive(), bias.into_primitive());
                prepared.finish(state, B::multiply_rows(input, weight, bias))
            }
            OpsKind::UnTracked(prepared) => {
                let (input, weight, bias) = (input.into_primitive(), weight.into_primitive(), bias.into_primitive());
                prepared.finish(B::multiply_rows(input, weight, bias))
            }
        }
    }
}

#[derive(Debug)]
struct LinearBackward;

impl<B: LinearRows> Backward<B, 3> for LinearBackward {
    type State = (NodeId, NodeId);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let (input, weight) = ops.state;
        let upstream = grads.consume::<B>(&ops.node);
        let input = checkpointer.retrieve_node_output::<FloatTensor<B>>(input);
        let weight = checkpointer.retrieve_node_output::<FloatTensor<B>>(weight);
        let (of_input, of_weight, of_bias) = B::multiply_rows_gradients(input, weight, upstream);
        for (node, gradient) in ops.parents.into_iter().zip([of_input, of_weight, of_bias]) {
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

    fn leaf<const D: usize>(shape: [usize; D], step: f32) -> Tensor<D> {
        let values: Vec<f32> = (0..shape.iter().product()).map(|at| (at as f32 * step).sin()).collect();
        Tensor::from_data(TensorData::new(values, shape), &Device::flex().autodiff()).require_grad()
    }

    type Layer = fn(Tensor<2>, Tensor<2>, Tensor<1>) -> Tensor<2>;

    /// A turned input and a weight that is cut out of a larger one, as those of subnets are.
    fn run(layer: Layer) -> [Vec<f32>; 4] {
        let (x, w, b) = (leaf([7, 12], 0.7), leaf([8, 9], 1.3), leaf([5], 2.1));
        let weight = w.clone().narrow(0, 2, 5).narrow(1, 1, 7);
        let output = layer(x.clone().transpose(), weight, b.clone());
        let gradients = output.clone().powi_scalar(3).sum().backward();
        let [of_x, of_w] = [&x, &w].map(|leaf| read(leaf.grad(&gradients).unwrap()));
        [read(output), of_x, of_w, read(b.grad(&gradients).unwrap())]
    }

    #[test]
    fn the_kernel_and_the_backends_operations_agree() {
        let wanted = run(|input, weight, bias| input.matmul(weight.transpose()) + bias.unsqueeze());
        for (found, wanted) in run(linear).iter().zip(&wanted) {
            for (found, wanted) in found.iter().zip(wanted) {
                // Single-precision sums of 12 terms, cubed.
                assert!((found - wanted).abs() <= 1e-4 * (1.0 + wanted.abs()), "{found} instead of {wanted}");
            }
        }
    }

    #[test]
    fn an_adding_layer_normalizes_distances_and_its_weights_gradient_has_the_wanted_norm() {
        let device = Device::flex().autodiff();
        let input = Tensor::<2>::from_floats([[0.5, -1.0], [2.0, 0.25]], &device).require_grad();
        let weight = Tensor::<2>::from_floats([[1.0, 0.0], [-0.5, 0.75], [0.0, -2.0]], &device).require_grad();
        let (gamma, beta) =
            (Tensor::from_floats([1.0, 2.0, 1.0], &device), Tensor::from_floats([0.0, 0.0, 3.0], &device));
        let output = add_linear(input, weight.clone(), [gamma, beta], Some(0.2));
        // The distances of the first row are 1.5, 2.75, 1.5: mean 23 / 12 and deviation 0.589256.
        let first = read(output.clone().narrow(0, 0, 1));
        for (found, wanted) in first.iter().zip([0.707_096, -2.828_386, 3.707_096]) {
            assert!((found - wanted).abs() < 1e-5, "{found} instead of {wanted}");
        }
        let gradients = output.square().sum().backward();
        let norm = read(weight.grad(&gradients).unwrap()).iter().map(|value| value * value).sum::<f32>().sqrt();
        assert!((norm - 0.2 * 6.0_f32.sqrt()).abs() < 1e-6, "a norm of {norm}");
    }
}
