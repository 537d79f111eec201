use std::sync::Arc;

use burn::Tensor;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn_flex::FlexTensor;

use super::host;

/// The segment of every weight of a pool, kept until the weights are sorted anew.
pub type Segments = Arc<kernels::transform::Segments>;

/// Returns the segments of a weight: see [`kernels::transform::segments`].
pub fn segments(weight: Tensor<1>, count: usize) -> Segments {
    let data = weight.without_autodiff().into_data().convert::<f32>();
    Arc::new(kernels::transform::segments(data.as_slice().expect("converted to f32"), count))
}

/// Returns the weight transform T (Eq. 8 of ShiftAddNAS): every weight times the learned factor of its segment.
///
/// Gradients reach both: dα_i = Σ over segment i of w · g, dw = α · g. Segments are constants.
///
/// # Shapes
/// - `weight`, `segments`, returns: `[N]`
/// - `factors`: `[D]`, D segments
pub fn transform(weight: Tensor<1>, factors: Tensor<1>, segments: Segments) -> Tensor<1> {
    Tensor::from_dispatch(Dispatch::scale_segments(weight.into_dispatch(), factors.into_dispatch(), segments))
}

/// T and the gradient of its factors as backend operations; the default bodies compute on the host.
#[backend_extension(
    Flex,
    LibTorch: cfg(feature = "tch"),
    Cube: cfg(any(feature = "cuda", feature = "vulkan")),
    Autodiff
)]
pub(super) trait Transform: Backend {
    fn scale_segments(weight: FloatTensor<Self>, factors: FloatTensor<Self>, segments: Segments) -> FloatTensor<Self> {
        let device = weight.device();
        let (weight, factors) = (host::values::<Self>(weight), host::values::<Self>(factors));
        let scaled = kernels::transform::scaled(&weight, &factors, &segments);
        host::tensor::<Self>(scaled, &[segments.of_weights().len()], &device)
    }

    fn segment_sums(
        weight: FloatTensor<Self>,
        upstream: FloatTensor<Self>,
        factors: usize,
        segments: Segments,
    ) -> FloatTensor<Self> {
        let device = weight.device();
        let (weight, upstream) = (host::values::<Self>(weight), host::values::<Self>(upstream));
        let sums = kernels::transform::factor_gradient(&weight, factors, &segments, &upstream);
        host::tensor::<Self>(sums, &[factors], &device)
    }
}

/// Reads tensors where they are.
impl Transform for Flex {
    fn scale_segments(weight: FlexTensor, factors: FlexTensor, segments: Segments) -> FlexTensor {
        let [weight, factors] = [weight, factors].map(|tensor| tensor.to_contiguous());
        host::flex(
            kernels::transform::scaled(host::slice(&weight), host::slice(&factors), &segments),
            &[segments.of_weights().len()],
        )
    }

    fn segment_sums(weight: FlexTensor, upstream: FlexTensor, factors: usize, segments: Segments) -> FlexTensor {
        let [weight, upstream] = [weight, upstream].map(|tensor| tensor.to_contiguous());
        let (weight, upstream) = (host::slice(&weight), host::slice(&upstream));
        host::flex(kernels::transform::factor_gradient(weight, factors, &segments, upstream), &[factors])
    }
}

#[cfg(feature = "tch")]
impl Transform for burn::backend::LibTorch {}

#[cfg(any(feature = "cuda", feature = "vulkan"))]
impl Transform for burn::backend::Cube {}

impl<B: Transform, C: CheckpointStrategy> Transform for Autodiff<B, C> {
    fn scale_segments(weight: FloatTensor<Self>, factors: FloatTensor<Self>, segments: Segments) -> FloatTensor<Self> {
        match TransformBackward.prepare::<C>([weight.node(), factors.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let state = (prepared.checkpoint(&weight), prepared.checkpoint(&factors), Arc::clone(&segments));
                let output = B::scale_segments(weight.into_primitive(), factors.into_primitive(), segments);
                prepared.finish(state, output)
            }
            OpsKind::UnTracked(prepared) => {
                prepared.finish(B::scale_segments(weight.into_primitive(), factors.into_primitive(), segments))
            }
        }
    }
}

#[derive(Debug)]
struct TransformBackward;

impl<B: Transform> Backward<B, 2> for TransformBackward {
    type State = (NodeId, NodeId, Segments);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let (weight, factors, segments) = ops.state;
        let upstream = grads.consume::<B>(&ops.node);
        let factors = checkpointer.retrieve_node_output::<FloatTensor<B>>(factors);
        let [weight_node, factors_node] = ops.parents;
        if let Some(node) = factors_node {
            let weight = checkpointer.retrieve_node_output::<FloatTensor<B>>(weight);
            let count = factors.shape()[0];
            let gradient = B::segment_sums(weight, upstream.clone(), count, Arc::clone(&segments));
            grads.register::<B>(node.id, gradient);
        }
        if let Some(node) = weight_node {
            grads.register::<B>(node.id, B::scale_segments(upstream, factors, segments));
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    const WEIGHTS: [f32; 8] = [1.2, -0.3, 0.05, 2.4, -1.9, 0.7, -0.8, 0.0];

    #[test]
    fn every_weight_is_scaled_by_its_segment_and_gradients_reach_both() {
        let device = Device::flex().autodiff();
        let weight = Tensor::<1>::from_floats(WEIGHTS, &device).require_grad();
        let factors = Tensor::<1>::from_floats([0.5, -1.0, 2.0], &device).require_grad();
        let output = transform(weight.clone(), factors.clone(), segments(weight.clone(), 3));
        let values: Vec<f32> = output.to_data().try_into_vec().unwrap();
        assert_eq!(values, [0.6, 0.3, -0.05, 1.2, -3.8, 0.35, -1.6, -0.0]);
        let gradients = output.sum().backward();
        let of_factors: Vec<f32> = factors.grad(&gradients).unwrap().into_data().try_into_vec().unwrap();
        let sums = [1.2 + 2.4 + 0.7, -0.3 + 0.05 + 0.0, -1.9 - 0.8];
        for (found, wanted) in of_factors.iter().zip(sums) {
            assert!((found - wanted).abs() < 1e-6, "{of_factors:?}");
        }
        let of_weight: Vec<f32> = weight.grad(&gradients).unwrap().into_data().try_into_vec().unwrap();
        assert_eq!(of_weight, [0.5, -1.0, -1.0, 0.5, 2.0, 0.5, 2.0, -1.0]);
    }
}
