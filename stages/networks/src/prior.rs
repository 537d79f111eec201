use burn::Tensor;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spaces::Operator;

/// Weights of the prior loss (Eq. 7 of ShiftAddNAS): divergence of shared weights from the distribution their
/// operator prefers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prior {
    /// Factor of the divergence of conv weights from N(0, 1).
    #[serde(default = "one")]
    pub conv: f64,
    /// Factor of the divergence of transformed add weights from Laplace(0, 1).
    #[serde(default = "one")]
    pub add: f64,
}

const fn one() -> f64 {
    1.0
}

impl Default for Prior {
    fn default() -> Self {
        Self { conv: 1.0, add: 1.0 }
    }
}

impl Prior {
    /// Returns the weighted divergences summed over the tensors of a path, or `None` if nothing is shared.
    pub(crate) fn loss(self, weights: Vec<(Operator, Tensor<1>)>) -> Option<Tensor<1>> {
        let terms = weights.into_iter().filter_map(|(operator, weight)| match operator {
            Operator::Conv if self.conv > 0.0 => Some(gaussian_divergence(weight) * self.conv),
            Operator::Add if self.add > 0.0 => Some(laplace_divergence(weight) * self.add),
            Operator::Conv | Operator::Add | Operator::Shift | Operator::Attention => None,
        });
        terms.reduce(|total, term| total + term)
    }
}

/// Smallest deviation, so that constant weights have a finite divergence.
const SMALLEST_SCALE: f64 = 1e-6;

/// KL(N(μ, σ²) ‖ N(0, 1)) = ½ (μ² + σ² − 1 − ln σ²), μ and σ² of the weights.
fn gaussian_divergence(weight: Tensor<1>) -> Tensor<1> {
    let mean = weight.clone().mean();
    let variance = (weight - mean.clone()).square().mean() + SMALLEST_SCALE;
    (mean.square() + variance.clone() - 1.0 - variance.log()) * 0.5
}

/// KL(Laplace(m, b) ‖ Laplace(0, 1)) = −ln b + |m| + b · exp(−|m| / b) − 1, m the mean of the weights and b their mean
/// absolute deviation.
fn laplace_divergence(weight: Tensor<1>) -> Tensor<1> {
    let location = weight.clone().mean();
    let scale = (weight - location.clone()).abs().mean() + SMALLEST_SCALE;
    let distance = location.abs();
    let overlap = scale.clone() * (distance.clone() / scale.clone()).neg().exp();
    distance - scale.log() + overlap - 1.0
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn value(tensor: Tensor<1>) -> f32 {
        tensor.into_scalar::<f32>()
    }

    fn weights(values: &[f32]) -> Tensor<1> {
        Tensor::from_floats(values, &Device::flex())
    }

    #[test]
    fn weights_that_follow_their_prior_cost_nothing() {
        // Mean 0 and variance 1; mean 0 and mean absolute deviation 1.
        assert!(value(gaussian_divergence(weights(&[-1.0, 1.0]))).abs() < 1e-5);
        assert!(value(laplace_divergence(weights(&[-1.0, 1.0]))).abs() < 1e-5);
    }

    #[test]
    fn divergences_have_their_closed_form() {
        // μ = 2, σ² = 4: ½ (4 + 4 − 1 − ln 4) = 2.806853.
        assert!((value(gaussian_divergence(weights(&[0.0, 4.0]))) - 2.806_853).abs() < 1e-4);
        // m = 2, b = 2: −ln 2 + 2 + 2 e⁻¹ − 1 = 1.042612.
        assert!((value(laplace_divergence(weights(&[0.0, 4.0]))) - 1.042_612).abs() < 1e-4);
    }
}
