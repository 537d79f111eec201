use burn::Tensor;
use burn::tensor::TensorData;

/// Smallest exponent of a DeepShift-PS weight; one code of the five bits is spent on zero.
const SMALLEST_PS_EXPONENT: f32 = -14.0;

/// Returns DeepShift-Q weights: sign(w) · 2^round(log2 |w|) with |w| clamped to [2^−15, 1]; 0 stays 0. The gradient
/// passes unchanged (straight-through).
pub fn power_of_two(weight: Tensor<1>) -> Tensor<1> {
    let rounded = on_host(weight.clone().without_autodiff(), kernels::shift::round_to_power_of_two);
    straight_through(weight, rounded)
}

/// Returns DeepShift-PS weights: sign · 2^round(P), P clamped to [−14, 0], sign = sgn(round(S)), so that
/// |S| ≤ 0.5 gives 0. Gradients with g = dL/dW: dP = g · sign · 2^round(P) · ln 2, dS = g.
pub fn sign_and_power(exponent: Tensor<1>, sign: Tensor<1>) -> Tensor<1> {
    let clamped = exponent.clone().without_autodiff().clamp(SMALLEST_PS_EXPONENT, 0.0);
    let magnitude = on_host(clamped, |exponent| exponent.round_ties_even().exp2());
    let signs = on_host(sign.clone().without_autodiff(), |sign| match sign.round_ties_even() {
        0.0 => 0.0,
        rounded => rounded.signum(),
    });
    let weight = magnitude.clone() * signs;
    // The two summands are exactly zero and carry the two gradients.
    let slope = weight.clone() * std::f32::consts::LN_2;
    let through_exponent = zero_with_gradient(exponent) * Tensor::from_inner(slope);
    Tensor::from_inner(weight) + through_exponent + zero_with_gradient(sign)
}

/// Returns `value` with the gradient of `tensor`: x − x is exactly zero, so no rounding creeps in.
fn straight_through(tensor: Tensor<1>, value: Tensor<1>) -> Tensor<1> {
    match tensor.is_autodiff() {
        true => zero_with_gradient(tensor) + Tensor::from_inner(value),
        false => value,
    }
}

fn zero_with_gradient(tensor: Tensor<1>) -> Tensor<1> {
    tensor.clone() - tensor.detach()
}

fn on_host(tensor: Tensor<1>, function: impl Fn(f32) -> f32) -> Tensor<1> {
    let (device, length) = (tensor.device(), tensor.dims()[0]);
    let values: Vec<f32> = tensor.into_data().convert::<f32>().try_into_vec().expect("converted to f32");
    let mapped: Vec<f32> = values.into_iter().map(function).collect();
    Tensor::from_data(TensorData::new(mapped, [length]), &device)
}
