//! Forward and backward of the multiplying layer: an ordinary convolution, y = Σ x·w.
//!
//! Every sum is made by one thread in a fixed order, so the number of threads never changes a result.

use pulp::{Arch, Simd};

use crate::tile::{Product, Rows};
use crate::{Window, depthwise, dots, layer, matrix};

/// Returns y = Σ x·w, `[B, O, Y, X]`.
///
/// # Panics
/// If a slice's length is not that of the window.
pub fn forward(window: &Window, input: &[f32], weight: &[f32]) -> Vec<f32> {
    window.check(input.len(), weight.len(), window.output_len());
    forward_on(Arch::new(), window, input, weight)
}

/// Returns dX, the gradient of the input, `[B, C, H, W]`.
///
/// # Panics
/// If a slice's length is not that of the window.
pub fn input_gradient(window: &Window, weight: &[f32], upstream: &[f32]) -> Vec<f32> {
    window.check(window.input_len(), weight.len(), upstream.len());
    input_gradient_on(Arch::new(), window, weight, upstream)
}

/// Returns dW, the gradient of the weight, `[O, C / G, kernel, kernel]`.
///
/// # Panics
/// If a slice's length is not that of the window.
pub fn weight_gradient(window: &Window, input: &[f32], upstream: &[f32]) -> Vec<f32> {
    window.check(input.len(), window.weight_len(), upstream.len());
    weight_gradient_on(Arch::new(), window, input, upstream)
}

fn forward_on(arch: Arch, window: &Window, input: &[f32], weight: &[f32]) -> Vec<f32> {
    if window.is_depthwise() {
        return depthwise::forward(arch, Scale, window, input, weight);
    }
    if window.is_matrix() {
        let (depth, panels) = (window.in_channels, matrix::transposed(weight, window.in_channels, 0.0));
        let right = matrix::Right::Panels(&panels);
        return matrix_product(arch, Rows::dense(input, depth), right, depth, window.batch, window.out_channels);
    }
    layer::Forward { arch, window, law: Product, weight, centre: None, shares: None }.output(input)
}

fn input_gradient_on(arch: Arch, window: &Window, weight: &[f32], upstream: &[f32]) -> Vec<f32> {
    if window.is_depthwise() {
        return depthwise::input_gradient(arch, Scale, window, None, weight, upstream);
    }
    if window.is_matrix() {
        let (depth, right) = (window.out_channels, matrix::Right::Plain(weight));
        return matrix_product(arch, Rows::dense(upstream, depth), right, depth, window.batch, window.in_channels);
    }
    layer::InputGradient { arch, window, law: Product, weight }.gradient(&[], upstream)
}

fn weight_gradient_on(arch: Arch, window: &Window, input: &[f32], upstream: &[f32]) -> Vec<f32> {
    if window.batch == 0 {
        return vec![0.0; window.weight_len()];
    }
    if window.is_depthwise() {
        let weight = vec![0.0; window.weight_len()];
        return depthwise::weight_gradient(arch, Scale, window, input, &weight, upstream);
    }
    if window.is_matrix() {
        let turned = matrix::transpose(upstream, window.out_channels);
        let (left, right) = (Rows::dense(&turned, window.batch), matrix::Right::Plain(input));
        return matrix_product(arch, left, right, window.batch, window.out_channels, window.in_channels);
    }
    dots::weight_gradient(arch, window, input, None, upstream)
}

fn matrix_product(
    arch: Arch,
    left: Rows<'_>,
    right: matrix::Right<'_>,
    depth: usize,
    rows: usize,
    columns: usize,
) -> Vec<f32> {
    matrix::Product { arch, law: Product, left, right, held: None, shares: None, depth }.compute(rows, columns)
}

/// x·w of one tap.
#[derive(Clone, Copy)]
pub(crate) struct Scale;

impl depthwise::Tap for Scale {
    #[inline(always)]
    fn output<S: Simd>(self, simd: S, input: S::f32s, weight: S::f32s) -> S::f32s {
        simd.mul_f32s(input, weight)
    }

    #[inline(always)]
    fn input_slope<S: Simd>(self, _simd: S, _input: S::f32s, weight: S::f32s) -> S::f32s {
        weight
    }

    #[inline(always)]
    fn weight_slope<S: Simd>(self, _simd: S, input: S::f32s, _weight: S::f32s) -> S::f32s {
        input
    }
}

#[cfg(test)]
mod tests;
