use burn::Tensor;
use spaces::{Arithmetic, Linear};

use super::layer_norm::layer_norm;
use super::window::{GradientScale, window_layer};

/// Returns x Wᵀ + b. Weights of shift layers come in rounded to powers of two.
///
/// # Shapes
/// - `input`: `[N, I]`
/// - `weight`: `[O, I]`, `bias`: `[O]`
/// - returns: `[N, O]`
pub(crate) fn linear(input: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    input.matmul(weight.transpose()) + bias.unsqueeze()
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
