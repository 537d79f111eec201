use std::sync::Arc;

use burn::Tensor;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, TensorData};
use burn_flex::FlexTensor;
use kernels::cross_entropy as kernel;
use kernels::product::Matrix;

use super::host;

/// What a network says of the right tokens.
#[derive(Clone, Debug)]
pub(crate) struct CrossEntropy {
    /// Sum over rows of (1 − ε) · (−ln p_target) + ε / V · Σ_v (−ln p_v), one value.
    pub loss: Tensor<1>,
    /// Sum over rows of −ln p_target.
    pub nll: f64,
    /// Rows whose target has the largest logit.
    pub correct: usize,
}

/// Returns the label-smoothed cross entropy in nats, summed over rows, of the logits x Wᵀ.
///
/// # Shapes
/// - `values`, x: `[N, C]`, a target below V for every row
/// - `weight`, W: `[V, C]`
pub(crate) fn smoothed_cross_entropy(
    values: Tensor<2>,
    weight: Tensor<2>,
    targets: &[u32],
    smoothing: f64,
) -> CrossEntropy {
    if !host::is_own(&values.device()) {
        return composed(values, weight, targets, smoothing);
    }
    let targets = Arc::from(targets);
    let (loss, rows) = Dispatch::project_loss(values.into_dispatch(), weight.into_dispatch(), targets, smoothing);
    let rows = Tensor::<2>::from_dispatch(rows).without_autodiff().into_data();
    let (rows, _) = rows.as_slice::<f32>().expect("the host's own backend holds f32").as_chunks();
    let rows: Vec<kernel::Row> = rows.iter().copied().map(kernel::Row::from).collect();
    CrossEntropy {
        loss: Tensor::from_dispatch(loss),
        nll: rows.iter().map(kernel::Row::nll).sum(),
        correct: rows.iter().filter(|row| row.is_right()).count(),
    }
}

/// As [`smoothed_cross_entropy`], in the backend's own operations.
fn composed(values: Tensor<2>, weight: Tensor<2>, targets: &[u32], smoothing: f64) -> CrossEntropy {
    let logits = values.matmul(weight.transpose());
    let (rows, classes) = (targets.len(), logits.dims()[1]);
    let device = logits.device();
    let best = logits.clone().without_autodiff().argmax(1).into_data().convert::<i64>();
    let best: &[i64] = best.as_slice().expect("the data was just converted to i64");
    let indices: Vec<i64> = targets.iter().map(|&target| i64::from(target)).collect();
    let correct = best.iter().zip(&indices).filter(|(best, target)| best == target).count();
    let indices = Tensor::<2, Int>::from_data(TensorData::new(indices, [rows, 1]), &device);
    let logs = log_softmax(logits, 1);
    let nll = -logs.clone().gather(1, indices).sum();
    let loss = nll.clone() * (1.0 - smoothing) - logs.sum() * (smoothing / classes as f64);
    CrossEntropy { loss, nll: f64::from(nll.into_scalar::<f32>()), correct }
}

/// The loss and its gradients as backend operations; the default bodies compute on the host.
#[backend_extension(
    Flex,
    LibTorch: cfg(feature = "tch"),
    Cube: cfg(any(feature = "cuda", feature = "vulkan")),
    Autodiff
)]
pub(super) trait ProjectedLoss: Backend {
    /// Returns the summed loss, one value, and a [`kernel::Row`] for each row, of which no gradient is taken.
    fn project_loss(
        values: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        targets: Arc<[u32]>,
        smoothing: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let (device, [width, classes]) = (values.device(), [values.shape()[1], weight.shape()[0]]);
        let [values, weight] = [values, weight].map(host::values::<Self>);
        let values = Matrix::dense(&values, targets.len(), width);
        let rows = kernel::projected_rows(values, Matrix::dense(&weight, classes, width), &targets);
        let loss = vec![loss(&rows, smoothing)];
        (host::tensor::<Self>(loss, &[1], &device), host::tensor::<Self>(table(rows), &[targets.len(), 4], &device))
    }

    /// As [`ProjectedLoss::project_loss`], with the gradients of values and weight.
    fn project_loss_gradients(
        values: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        targets: Arc<[u32]>,
        smoothing: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (device, [width, classes]) = (values.device(), [values.shape()[1], weight.shape()[0]]);
        let [values, weight] = [values, weight].map(host::values::<Self>);
        let values = Matrix::dense(&values, targets.len(), width);
        let found = kernel::projected(values, Matrix::dense(&weight, classes, width), &targets, smoothing);
        let tensor = |values, shape: [usize; 2]| host::tensor::<Self>(values, &shape, &device);
        (
            host::tensor::<Self>(vec![loss(&found.rows, smoothing)], &[1], &device),
            tensor(table(found.rows), [targets.len(), 4]),
            tensor(found.of_values, [targets.len(), width]),
            tensor(found.of_weight, [classes, width]),
        )
    }
}

fn loss(rows: &[kernel::Row], smoothing: f64) -> f32 {
    rows.iter().map(|row| row.loss(smoothing)).sum::<f64>() as f32
}

fn table(rows: Vec<kernel::Row>) -> Vec<f32> {
    rows.into_iter().flat_map(<[f32; 4]>::from).collect()
}

/// Reads tensors where they are.
impl ProjectedLoss for Flex {
    fn project_loss(
        values: FlexTensor,
        weight: FlexTensor,
        targets: Arc<[u32]>,
        smoothing: f64,
    ) -> (FlexTensor, FlexTensor) {
        let rows = kernel::projected_rows(host::matrix(&values), host::matrix(&weight), &targets);
        (host::flex(vec![loss(&rows, smoothing)], &[1]), host::flex(table(rows), &[targets.len(), 4]))
    }

    fn project_loss_gradients(
        values: FlexTensor,
        weight: FlexTensor,
        targets: Arc<[u32]>,
        smoothing: f64,
    ) -> (FlexTensor, FlexTensor, FlexTensor, FlexTensor) {
        let found = kernel::projected(host::matrix(&values), host::matrix(&weight), &targets, smoothing);
        (
            host::flex(vec![loss(&found.rows, smoothing)], &[1]),
            host::flex(table(found.rows), &[targets.len(), 4]),
            host::flex(found.of_values, &values.shape()),
            host::flex(found.of_weight, &weight.shape()),
        )
    }
}

#[cfg(feature = "tch")]
impl ProjectedLoss for burn::backend::LibTorch {}

#[cfg(any(feature = "cuda", feature = "vulkan"))]
impl ProjectedLoss for burn::backend::Cube {}

/// Gradients are made while the logits are at hand, and only multiplied by that of the loss later.
impl<B: ProjectedLoss, C: CheckpointStrategy> ProjectedLoss for Autodiff<B, C> {
    fn project_loss(
        values: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        targets: Arc<[u32]>,
        smoothing: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        match ProjectedLossBackward.prepare::<C>([values.node(), weight.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let (values, weight) = (values.into_primitive(), weight.into_primitive());
                let (loss, rows, of_values, of_weight) = B::project_loss_gradients(values, weight, targets, smoothing);
                (prepared.finish([of_values, of_weight], loss), Self::from_inner(rows))
            }
            OpsKind::UnTracked(prepared) => {
                let (values, weight) = (values.into_primitive(), weight.into_primitive());
                let (loss, rows) = B::project_loss(values, weight, targets, smoothing);
                (prepared.finish(loss), Self::from_inner(rows))
            }
        }
    }
}

#[derive(Debug)]
struct ProjectedLossBackward;

impl<B: ProjectedLoss> Backward<B, 2> for ProjectedLossBackward {
    /// Gradients of values and weight.
    type State = [FloatTensor<B>; 2];

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let factor = host::values::<B>(grads.consume::<B>(&ops.node))[0];
        for (node, gradient) in ops.parents.into_iter().zip(ops.state) {
            if let Some(node) = node {
                grads.register::<B>(node.id, B::float_mul_scalar(gradient, factor.into()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_into_vec().unwrap()
    }

    type Loss = fn(Tensor<2>, Tensor<2>, &[u32], f64) -> CrossEntropy;

    /// Returns loss, nll and gradients, with a weight that is cut out of a wider one.
    fn run(loss: Loss, device: &Device) -> (Vec<f32>, usize, [Vec<f32>; 2]) {
        let leaf = |shape: [usize; 2], step: f32| {
            let values: Vec<f32> = (0..shape[0] * shape[1]).map(|at| (at as f32 * step).sin()).collect();
            Tensor::<2>::from_data(TensorData::new(values, shape), device).require_grad()
        };
        let (values, weight) = (leaf([5, 6], 0.7), leaf([37, 8], 1.3));
        let found = loss(values.clone(), weight.clone().narrow(1, 0, 6), &[0, 36, 11, 2, 2], 0.1);
        let numbers = vec![read(found.loss.clone())[0], found.nll as f32];
        let gradients = (found.loss * 3.0).backward();
        (numbers, found.correct, [values, weight].map(|leaf| read(leaf.grad(&gradients).unwrap())))
    }

    #[test]
    fn the_kernel_and_the_backends_operations_agree() {
        let device = Device::flex().autodiff();
        let (found, wanted) = (run(smoothed_cross_entropy, &device), run(composed, &device));
        assert_eq!(found.1, wanted.1);
        let numbers = |(numbers, _, [of_values, of_weight]): (Vec<f32>, usize, [Vec<f32>; 2])| {
            [numbers, of_values, of_weight].concat()
        };
        for (found, wanted) in numbers(found).iter().zip(numbers(wanted)) {
            // Single-precision sums of 37 terms of order one.
            assert!((found - wanted).abs() < 1e-5 * (1.0 + wanted.abs()), "{found} instead of {wanted}");
        }
    }

    #[test]
    fn a_loss_without_a_tape_is_the_same() {
        let plain = Tensor::<2>::from_floats([[1.0, -2.0], [0.5, 0.25]], &Device::flex());
        let tracked = Tensor::<2>::from_inner(plain.clone()).require_grad();
        let loss = |values: Tensor<2>| {
            let found = smoothed_cross_entropy(values.clone(), values, &[0, 1], 0.1);
            (read(found.loss), found.nll, found.correct)
        };
        assert_eq!(loss(plain), loss(tracked));
    }
}
