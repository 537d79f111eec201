use burn::Tensor;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, TensorData};

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
    let (rows, classes) = (targets.len(), logits.dims()[1]);
    let device = logits.device();
    let best: Vec<i64> = host(logits.clone().without_autodiff().argmax(1));
    let indices: Vec<i64> = targets.iter().map(|&target| i64::from(target)).collect();
    let correct = best.iter().zip(&indices).filter(|(best, target)| best == target).count();
    let indices = Tensor::<2, Int>::from_data(TensorData::new(indices, [rows, 1]), &device);
    let logs = log_softmax(logits, 1);
    let nll = -logs.clone().gather(1, indices).sum();
    let loss = nll.clone() * (1.0 - smoothing) - logs.sum() * (smoothing / classes as f64);
    CrossEntropy { loss, nll: f64::from(nll.into_scalar::<f32>()), correct }
}

fn host(tensor: Tensor<2, Int>) -> Vec<i64> {
    tensor.into_data().convert::<i64>().try_into_vec().expect("the data was just converted to i64")
}
