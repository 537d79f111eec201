use burn::Tensor;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::{Device, TensorData};
use burn_flex::FlexTensor;
use kernels::{Mask, masked};

use super::host;

/// Returns the input with every value dropped with the mask's rate, and the others divided by the share that stays.
pub(crate) fn dropout<const D: usize>(input: Tensor<D>, mask: Mask) -> Tensor<D> {
    if !host::is_own(&input.device()) {
        let factors = factors(input.dims(), mask, &input.device().inner());
        return input * factors;
    }
    Tensor::from_dispatch(Dispatch::drop_values(input.into_dispatch(), mask))
}

/// Returns what a mask multiplies values by: 0, or 1 / (1 − rate).
pub(super) fn factors<const D: usize>(shape: [usize; D], mask: Mask, device: &Device) -> Tensor<D> {
    let factors: Vec<f32> = (0..shape.iter().product()).map(|at| mask.factor(at)).collect();
    Tensor::from_data(TensorData::new(factors, shape), device)
}

/// Dropout as a backend operation, which is its own gradient; the default body computes on the host.
#[backend_extension(
    Flex,
    LibTorch: cfg(feature = "tch"),
    Cube: cfg(any(feature = "cuda", feature = "vulkan")),
    Autodiff
)]
pub(super) trait Dropout: Backend {
    fn drop_values(input: FloatTensor<Self>, mask: Mask) -> FloatTensor<Self> {
        let (device, shape) = (input.device(), input.shape());
        host::tensor::<Self>(masked(&host::values::<Self>(input), mask), &shape, &device)
    }
}

/// Reads tensors where they are.
impl Dropout for Flex {
    fn drop_values(input: FlexTensor, mask: Mask) -> FlexTensor {
        let input = input.to_contiguous();
        host::flex(masked(host::slice(&input), mask), &input.shape())
    }
}

#[cfg(feature = "tch")]
impl Dropout for burn::backend::LibTorch {}

#[cfg(any(feature = "cuda", feature = "vulkan"))]
impl Dropout for burn::backend::Cube {}

impl<B: Dropout, C: CheckpointStrategy> Dropout for Autodiff<B, C> {
    fn drop_values(input: FloatTensor<Self>, mask: Mask) -> FloatTensor<Self> {
        match DropoutBackward.prepare::<C>([input.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(mask, B::drop_values(input.into_primitive(), mask)),
            OpsKind::UnTracked(prepared) => prepared.finish(B::drop_values(input.into_primitive(), mask)),
        }
    }
}

#[derive(Debug)]
struct DropoutBackward;

impl<B: Dropout> Backward<B, 1> for DropoutBackward {
    type State = Mask;

    fn backward(self, ops: Ops<Mask, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let upstream = grads.consume::<B>(&ops.node);
        if let [Some(node)] = ops.parents {
            grads.register::<B>(node.id, B::drop_values(upstream, ops.state));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_has_no_gradient_and_the_rest_is_scaled() {
        let (device, mask) = (Device::flex().autodiff(), Mask::new(0.25, 7));
        let input = Tensor::<2>::ones([40, 50], &device).require_grad();
        let output = dropout(input.clone(), mask);
        let gradient = input.grad(&output.clone().sum().backward()).unwrap();
        let output: Vec<f32> = output.into_data().try_into_vec().unwrap();
        assert_eq!(output, gradient.into_data().try_into_vec::<f32>().unwrap());
        assert_eq!(output, factors([40, 50], mask, &device).into_data().try_into_vec::<f32>().unwrap());
        assert!(output.iter().all(|&value| value == 0.0 || value == 1.0 / 0.75));
    }
}
