use std::sync::Arc;

use burn::Tensor;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, TensorData};
use burn_flex::FlexTensor;
use kernels::cross_entropy as kernel;

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

/// Returns the label-smoothed cross entropy in nats, summed over rows.
///
/// # Shapes
/// - `logits`: `[N, V]`, a target below V for every row
pub(crate) fn smoothed_cross_entropy(logits: Tensor<2>, targets: &[u32], smoothing: f64) -> CrossEntropy {
    if !host::is_own(&logits.device()) {
        return composed(logits, targets, smoothing);
    }
    let rows = measured(logits.clone().without_autodiff(), targets);
    let nll = rows.iter().map(|(_, row)| row.nll()).sum();
    let correct = rows.iter().filter(|(_, row)| row.is_right()).count();
    let loss = Dispatch::smoothed_loss(logits.into_dispatch(), rows, smoothing);
    CrossEntropy { loss: Tensor::from_dispatch(loss), nll, correct }
}

/// As [`smoothed_cross_entropy`], in the backend's own operations.
pub(super) fn composed(logits: Tensor<2>, targets: &[u32], smoothing: f64) -> CrossEntropy {
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

/// What the losses of some rows of logits are made of.
type Rows = Arc<[(u32, kernel::Row)]>;

/// Returns the rows with their targets.
fn measured(logits: Tensor<2>, targets: &[u32]) -> Rows {
    let table = Dispatch::measure_rows(logits.into_dispatch(), Arc::from(targets));
    let table = Tensor::<2>::from_dispatch(table).into_data();
    let table: &[f32] = table.as_slice().expect("the host's own backend holds f32");
    let (rows, _) = table.as_chunks();
    targets.iter().copied().zip(rows.iter().copied().map(kernel::Row::from)).collect()
}

/// The loss by what is known of its rows, which the backward pass takes as functions of the logits; the default bodies
/// compute on the host.
#[backend_extension(
    Flex,
    LibTorch: cfg(feature = "tch"),
    Cube: cfg(any(feature = "cuda", feature = "vulkan")),
    Autodiff
)]
pub(super) trait SmoothedLoss: Backend {
    /// Returns a [`kernel::Row`] for each row.
    fn measure_rows(logits: FloatTensor<Self>, targets: Arc<[u32]>) -> FloatTensor<Self> {
        let device = logits.device();
        let rows = table(kernel::rows(&host::values::<Self>(logits), &targets));
        host::tensor::<Self>(rows, &[targets.len(), FIELDS], &device)
    }

    /// Returns the summed loss, one value.
    fn smoothed_loss(logits: FloatTensor<Self>, rows: Rows, smoothing: f64) -> FloatTensor<Self> {
        let loss: f64 = rows.iter().map(|(_, row)| row.loss(smoothing)).sum();
        host::tensor::<Self>(vec![loss as f32], &[1], &logits.device())
    }

    /// Returns the gradient of the logits.
    fn smoothed_loss_gradient(
        logits: FloatTensor<Self>,
        upstream: FloatTensor<Self>,
        rows: Rows,
        smoothing: f64,
    ) -> FloatTensor<Self> {
        let (device, shape) = (logits.device(), logits.shape());
        let (mut logits, scale) = (host::values::<Self>(logits), host::values::<Self>(upstream)[0]);
        kernel::gradient(&mut logits, &rows, smoothing, scale);
        host::tensor::<Self>(logits, &shape, &device)
    }
}

/// Values of a [`kernel::Row`].
const FIELDS: usize = 4;

fn table(rows: Vec<kernel::Row>) -> Vec<f32> {
    rows.into_iter().flat_map(<[f32; FIELDS]>::from).collect()
}

/// Reads tensors where they are.
impl SmoothedLoss for Flex {
    fn measure_rows(logits: FlexTensor, targets: Arc<[u32]>) -> FlexTensor {
        let logits = logits.to_contiguous();
        host::flex(table(kernel::rows(host::slice(&logits), &targets)), &[targets.len(), FIELDS])
    }

    fn smoothed_loss_gradient(logits: FlexTensor, upstream: FlexTensor, rows: Rows, smoothing: f64) -> FlexTensor {
        let (mut logits, upstream) = (host::owned(logits), upstream.to_contiguous());
        kernel::gradient(logits.storage_mut(), &rows, smoothing, host::slice(&upstream)[0]);
        logits
    }
}

#[cfg(feature = "tch")]
impl SmoothedLoss for burn::backend::LibTorch {}

#[cfg(any(feature = "cuda", feature = "vulkan"))]
impl SmoothedLoss for burn::backend::Cube {}

impl<B: SmoothedLoss, C: CheckpointStrategy> SmoothedLoss for Autodiff<B, C> {
    fn smoothed_loss(logits: FloatTensor<Self>, rows: Rows, smoothing: f64) -> FloatTensor<Self> {
        match SmoothedLossBackward.prepare::<C>([logits.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let logits = logits.into_primitive();
                let loss = B::smoothed_loss(logits.clone(), Arc::clone(&rows), smoothing);
                prepared.finish((logits, rows, smoothing), loss)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::smoothed_loss(logits.into_primitive(), rows, smoothing)),
        }
    }
}

#[derive(Debug)]
struct SmoothedLossBackward;

impl<B: SmoothedLoss> Backward<B, 1> for SmoothedLossBackward {
    /// The logits, held here alone if nobody else has them, so that their memory becomes their gradient's.
    type State = (FloatTensor<B>, Rows, f64);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let (logits, rows, smoothing) = ops.state;
        let upstream = grads.consume::<B>(&ops.node);
        if let [Some(node)] = ops.parents {
            grads.register::<B>(node.id, B::smoothed_loss_gradient(logits, upstream, rows, smoothing));
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

    #[test]
    fn the_kernel_and_the_backends_operations_agree() {
        let device = Device::flex().autodiff();
        let values: Vec<f32> = (0..5 * 37).map(|at| 4.0 * (at as f32 * 0.7).sin()).collect();
        let run = |loss: fn(Tensor<2>, &[u32], f64) -> CrossEntropy| {
            let logits = Tensor::<2>::from_data(TensorData::new(values.clone(), [5, 37]), &device).require_grad();
            let found = loss(logits.clone(), &[0, 36, 11, 2, 2], 0.1);
            let gradients = (found.loss.clone() * 3.0).backward();
            (read(found.loss)[0], found.nll, found.correct, read(logits.grad(&gradients).unwrap()), read(logits))
        };
        let (found, wanted) = (run(smoothed_cross_entropy), run(composed));
        assert!((found.0 - wanted.0).abs() < 1e-4, "{} instead of {}", found.0, wanted.0);
        assert!((found.1 - wanted.1).abs() < 1e-4, "{} instead of {}", found.1, wanted.1);
        assert_eq!(found.2, wanted.2);
        for (found, wanted) in found.3.iter().zip(wanted.3) {
            assert!((found - wanted).abs() < 1e-5, "{found} instead of {wanted}");
        }
        assert_eq!(found.4, values, "a gradient must not take the memory of logits that somebody holds");
    }
}
