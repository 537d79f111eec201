use burn::Tensor;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn_flex::FlexTensor;
use kernels::rounding;
use kernels::rounding::Range;

use super::host;
use super::shift::StraightThrough;

/// Returns every row rounded to the nearest of 256 values between its smallest and its largest. The gradient passes
/// unchanged (straight-through).
///
/// # Shapes
/// - `weight`, returns: `[O, I]`
pub(crate) fn rounded_rows(weight: Tensor<2>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::round_rows(weight.into_dispatch()))
}

/// Returns values rounded to the nearest of 256 in a range, those beyond it to its ends. The gradient passes unchanged
/// (straight-through).
pub(crate) fn rounded_within(values: Tensor<2>, range: Range) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::round_within(values.into_dispatch(), range))
}

/// Returns the output as it is; its gradient is rounded stochastically to 256 values between its smallest and its
/// largest.
pub(crate) fn with_rounded_gradient(output: Tensor<2>, key: u64) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::pass_back_rounded(output.into_dispatch(), key))
}

/// Returns smallest and largest value of each row.
pub(crate) fn row_ranges(values: Tensor<2>) -> Vec<Range> {
    let ranges = Tensor::<2>::from_dispatch(Dispatch::measure_ranges(values.without_autodiff().into_dispatch()));
    let ranges = ranges.into_data().convert::<f32>();
    let (pairs, _) = ranges.as_slice::<f32>().expect("the data was just converted to f32").as_chunks();
    pairs.iter().map(|&[low, high]| (low, high)).collect()
}

/// Rounding as backend operations; the default bodies compute on the host.
#[backend_extension(
    Flex,
    LibTorch: cfg(feature = "tch"),
    Cube: cfg(any(feature = "cuda", feature = "vulkan")),
    Autodiff
)]
pub(super) trait ByteRounding: Backend {
    fn round_rows(weight: FloatTensor<Self>) -> FloatTensor<Self> {
        let (device, shape) = (weight.device(), weight.shape());
        host::tensor::<Self>(rounding::rounded_rows(&host::values::<Self>(weight), shape[1]), &shape, &device)
    }

    fn round_within(values: FloatTensor<Self>, range: Range) -> FloatTensor<Self> {
        let (device, shape) = (values.device(), values.shape());
        host::tensor::<Self>(rounding::rounded_within(&host::values::<Self>(values), range), &shape, &device)
    }

    fn round_stochastically(values: FloatTensor<Self>, key: u64) -> FloatTensor<Self> {
        let (device, shape) = (values.device(), values.shape());
        host::tensor::<Self>(rounding::rounded_stochastically(&host::values::<Self>(values), key), &shape, &device)
    }

    fn pass_back_rounded(output: FloatTensor<Self>, _key: u64) -> FloatTensor<Self> {
        output
    }

    /// Returns smallest and largest value of each row, `[N, 2]`.
    fn measure_ranges(values: FloatTensor<Self>) -> FloatTensor<Self> {
        let (device, shape) = (values.device(), values.shape());
        let ranges = pairs(rounding::row_ranges(&host::values::<Self>(values), shape[1]));
        host::tensor::<Self>(ranges, &[shape[0], 2], &device)
    }
}

fn pairs(ranges: Vec<Range>) -> Vec<f32> {
    ranges.into_iter().flat_map(|(low, high)| [low, high]).collect()
}

/// Reads tensors where they are.
impl ByteRounding for Flex {
    fn round_rows(weight: FlexTensor) -> FlexTensor {
        let weight = weight.to_contiguous();
        host::flex(rounding::rounded_rows(host::slice(&weight), weight.shape()[1]), &weight.shape())
    }

    fn round_within(values: FlexTensor, range: Range) -> FlexTensor {
        let values = values.to_contiguous();
        host::flex(rounding::rounded_within(host::slice(&values), range), &values.shape())
    }

    fn round_stochastically(values: FlexTensor, key: u64) -> FlexTensor {
        let values = values.to_contiguous();
        host::flex(rounding::rounded_stochastically(host::slice(&values), key), &values.shape())
    }

    fn measure_ranges(values: FlexTensor) -> FlexTensor {
        let values = values.to_contiguous();
        let [rows, width] = [values.shape()[0], values.shape()[1]];
        host::flex(pairs(rounding::row_ranges(host::slice(&values), width)), &[rows, 2])
    }
}

#[cfg(feature = "tch")]
impl ByteRounding for burn::backend::LibTorch {}

#[cfg(any(feature = "cuda", feature = "vulkan"))]
impl ByteRounding for burn::backend::Cube {}

impl<B: ByteRounding, C: CheckpointStrategy> ByteRounding for Autodiff<B, C> {
    fn round_rows(weight: FloatTensor<Self>) -> FloatTensor<Self> {
        match StraightThrough.prepare::<C>([weight.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((), B::round_rows(weight.into_primitive())),
            OpsKind::UnTracked(prepared) => prepared.finish(B::round_rows(weight.into_primitive())),
        }
    }

    fn round_within(values: FloatTensor<Self>, range: Range) -> FloatTensor<Self> {
        match StraightThrough.prepare::<C>([values.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((), B::round_within(values.into_primitive(), range)),
            OpsKind::UnTracked(prepared) => prepared.finish(B::round_within(values.into_primitive(), range)),
        }
    }

    fn pass_back_rounded(output: FloatTensor<Self>, key: u64) -> FloatTensor<Self> {
        match RoundedBackward.prepare::<C>([output.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(key, output.into_primitive()),
            OpsKind::UnTracked(prepared) => prepared.finish(output.into_primitive()),
        }
    }
}

#[derive(Debug)]
struct RoundedBackward;

impl<B: ByteRounding> Backward<B, 1> for RoundedBackward {
    type State = u64;

    fn backward(self, ops: Ops<u64, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let upstream = grads.consume::<B>(&ops.node);
        if let [Some(node)] = ops.parents {
            grads.register::<B>(node.id, B::round_stochastically(upstream, ops.state));
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn read(tensor: Tensor<2>) -> Vec<f32> {
        tensor.into_data().try_into_vec().unwrap()
    }

    #[test]
    fn forward_rounding_leaves_the_gradient_alone_and_backward_rounding_the_output() {
        let device = Device::flex().autodiff();
        let values = Tensor::<2>::from_floats([[0.0, 1.4, 255.0], [-1.0, 0.2, 254.0]], &device).require_grad();
        let upstream = Tensor::<2>::from_floats([[0.0, 10.5, 255.0], [3.0, 4.0, 5.25]], &device);
        let rounded = [rounded_rows(values.clone()), rounded_within(values.clone(), (0.0, 255.0))];
        assert_eq!(read(rounded[0].clone()), [0.0, 1.0, 255.0, -1.0, 0.0, 254.0]);
        assert_eq!(read(rounded[1].clone()), [0.0, 1.0, 255.0, 0.0, 0.0, 254.0]);
        for rounded in rounded {
            let gradients = (rounded * upstream.clone()).sum().backward();
            assert_eq!(read(values.grad(&gradients).unwrap()), read(upstream.clone()));
        }
        let passed = with_rounded_gradient(values.clone(), 3);
        assert_eq!(read(passed.clone()), read(values.clone()));
        let gradients = (passed * upstream).sum().backward();
        let gradient = read(values.grad(&gradients).unwrap());
        assert_eq!(gradient, rounding::rounded_stochastically(&[0.0, 10.5, 255.0, 3.0, 4.0, 5.25], 3));
        assert!(gradient[1] == 10.0 || gradient[1] == 11.0, "{gradient:?}");
        assert_eq!(row_ranges(values), [(0.0, 255.0), (-1.0, 254.0)]);
    }
}
