use std::f32::consts::LN_2;

use burn::Tensor;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn_flex::FlexTensor;

use super::host;

/// Returns DeepShift-Q weights: sign(w) · 2^round(log2 |w|) with |w| clamped to [2^−15, 1]; 0 stays 0. The gradient
/// passes unchanged (straight-through).
pub fn power_of_two(weight: Tensor<1>) -> Tensor<1> {
    Tensor::from_dispatch(Dispatch::round_weights(weight.into_dispatch()))
}

/// Returns DeepShift-PS weights: sign · 2^round(P), P clamped to [−14, 0], sign = sgn(round(S)), so that
/// |S| ≤ 0.5 gives 0. Gradients with g = dL/dW: dP = g · sign · 2^round(P) · ln 2, dS = g.
pub fn sign_and_power(exponent: Tensor<1>, sign: Tensor<1>) -> Tensor<1> {
    Tensor::from_dispatch(Dispatch::compose_weights(exponent.into_dispatch(), sign.into_dispatch()))
}

/// The two roundings as backend operations; the default bodies compute on the host.
#[backend_extension(
    Flex,
    LibTorch: cfg(feature = "tch"),
    Cube: cfg(any(feature = "cuda", feature = "vulkan")),
    Autodiff
)]
pub(super) trait Shift: Backend {
    fn round_weights(weight: FloatTensor<Self>) -> FloatTensor<Self> {
        let device = weight.device();
        let rounded = kernels::shift::rounded(&host::values::<Self>(weight));
        let length = rounded.len();
        host::tensor::<Self>(rounded, &[length], &device)
    }

    fn compose_weights(exponent: FloatTensor<Self>, sign: FloatTensor<Self>) -> FloatTensor<Self> {
        let device = sign.device();
        let weights = kernels::shift::composed(&host::values::<Self>(exponent), &host::values::<Self>(sign));
        let length = weights.len();
        host::tensor::<Self>(weights, &[length], &device)
    }
}

/// Reads tensors where they are.
impl Shift for Flex {
    fn round_weights(weight: FlexTensor) -> FlexTensor {
        let weight = weight.to_contiguous();
        let rounded = kernels::shift::rounded(host::slice(&weight));
        let length = rounded.len();
        host::flex(rounded, &[length])
    }

    fn compose_weights(exponent: FlexTensor, sign: FlexTensor) -> FlexTensor {
        let [exponent, sign] = [exponent, sign].map(|tensor| tensor.to_contiguous());
        let weights = kernels::shift::composed(host::slice(&exponent), host::slice(&sign));
        let length = weights.len();
        host::flex(weights, &[length])
    }
}

#[cfg(feature = "tch")]
impl Shift for burn::backend::LibTorch {}

#[cfg(any(feature = "cuda", feature = "vulkan"))]
impl Shift for burn::backend::Cube {}

impl<B: Shift, C: CheckpointStrategy> Shift for Autodiff<B, C> {
    fn round_weights(weight: FloatTensor<Self>) -> FloatTensor<Self> {
        match StraightThrough.prepare::<C>([weight.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((), B::round_weights(weight.into_primitive())),
            OpsKind::UnTracked(prepared) => prepared.finish(B::round_weights(weight.into_primitive())),
        }
    }

    fn compose_weights(exponent: FloatTensor<Self>, sign: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [exponent.node(), sign.node()];
        let weight = B::compose_weights(exponent.into_primitive(), sign.into_primitive());
        match Composition.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(weight.clone(), weight),
            OpsKind::UnTracked(prepared) => prepared.finish(weight),
        }
    }
}

#[derive(Debug)]
pub(super) struct StraightThrough;

impl<B: Backend> Backward<B, 1> for StraightThrough {
    type State = ();

    fn backward(self, ops: Ops<(), 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let upstream = grads.consume::<B>(&ops.node);
        if let [Some(node)] = ops.parents {
            grads.register::<B>(node.id, upstream);
        }
    }
}

#[derive(Debug)]
struct Composition;

impl<B: Backend> Backward<B, 2> for Composition {
    /// The composed weights.
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<FloatTensor<B>, 2>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let upstream = grads.consume::<B>(&ops.node);
        let [exponent, sign] = ops.parents;
        if let Some(node) = exponent {
            let slope = B::float_mul_scalar(ops.state, LN_2.into());
            grads.register::<B>(node.id, B::float_mul(upstream.clone(), slope));
        }
        if let Some(node) = sign {
            grads.register::<B>(node.id, upstream);
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn values(tensor: Tensor<1>) -> Vec<f32> {
        tensor.into_data().try_into_vec().unwrap()
    }

    #[test]
    fn rounding_passes_the_gradient_unchanged() {
        let device = Device::flex().autodiff();
        let weight = Tensor::<1>::from_floats([0.3, -3.0, 0.0, 1e-6], &device).require_grad();
        let rounded = power_of_two(weight.clone());
        assert_eq!(values(rounded.clone()), [0.25, -1.0, 0.0, 2.0_f32.powi(-15)]);
        let upstream = Tensor::<1>::from_floats([1.0, -2.0, 3.0, -4.0], &device);
        let gradients = (rounded * upstream).sum().backward();
        assert_eq!(values(weight.grad(&gradients).unwrap()), [1.0, -2.0, 3.0, -4.0]);
    }

    #[test]
    fn exponents_and_signs_get_the_gradients_of_the_paper() {
        let device = Device::flex().autodiff();
        let exponent = Tensor::<1>::from_floats([-2.2, -20.0, -1.0], &device).require_grad();
        let sign = Tensor::<1>::from_floats([0.9, -0.8, 0.2], &device).require_grad();
        let weight = sign_and_power(exponent.clone(), sign.clone());
        let wanted = [0.25, -2.0_f32.powi(-14), 0.0];
        assert_eq!(values(weight.clone()), wanted);
        let gradients = (weight * 2.0).sum().backward();
        assert_eq!(values(sign.grad(&gradients).unwrap()), [2.0; 3]);
        assert_eq!(values(exponent.grad(&gradients).unwrap()), wanted.map(|w| 2.0 * (w * LN_2)));
    }
}
