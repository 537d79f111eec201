use burn::Tensor;

/// Added to the variance.
pub(crate) const LAYER_NORM_EPSILON: f32 = 1e-5;

/// Returns γ (x − μ) / √(σ² + ε) + β with the mean and biased variance of each row.
///
/// # Shapes
/// - `input`, returns: `[N, C]`
/// - `gamma`, `beta`: `[C]`
pub(crate) fn layer_norm(input: Tensor<2>, gamma: Tensor<1>, beta: Tensor<1>) -> Tensor<2> {
    let centred = input.clone() - input.mean_dim(1);
    let variance = centred.clone().square().mean_dim(1);
    centred / (variance + LAYER_NORM_EPSILON).sqrt() * gamma.unsqueeze() + beta.unsqueeze()
}
