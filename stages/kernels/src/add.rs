//! Forward and backward of the add layer (formulas in [`crate::reference`]).
//!
//! The forward pass uses Σ|x − w| = Σx + Σw − 2 Σmin(x, w): one minimum and one fused multiply-add per term, where the
//! direct form has three operations. What it loses when x and w share an offset is given back by taking the offset of
//! each channel away first ([`Centred`]), which changes no distance. The error of an output is then at most
//! 3 (K + 4) u (Σ|x − c| + Σ|w − c|), u = 2⁻²⁴, c the channel's centre, and Σ|w − c| over all filters is at most
//! four times what it is with the channels' means.
//!
//! Every sum is made by one thread in a fixed order, so the number of threads never changes a result.

use std::hint::black_box;

use pulp::{Arch, Simd};

use crate::tile::{Law, Product, Rows};
use crate::{Window, depthwise, dots, layer, matrix};
use centre::Centred;

mod centre;
mod clip;

/// Returns y = −Σ |x − w|, `[B, O, Y, X]`. A tap on the padding contributes −|0 − w|.
///
/// # Panics
/// If a slice's length is not that of the window.
pub fn forward(window: &Window, input: &[f32], weight: &[f32]) -> Vec<f32> {
    window.check(input.len(), weight.len(), window.output_len());
    forward_on(Arch::new(), window, input, weight)
}

/// Returns dX = Σ G · clip(W − X, −1, 1), `[B, C, H, W]`.
///
/// # Panics
/// If a slice's length is not that of the window.
pub fn input_gradient(window: &Window, input: &[f32], weight: &[f32], upstream: &[f32]) -> Vec<f32> {
    window.check(input.len(), weight.len(), upstream.len());
    input_gradient_on(Arch::new(), window, input, weight, upstream)
}

/// Returns dW = Σ G · (X − W), `[O, C / G, kernel, kernel]`, X = 0 on the padding.
///
/// # Panics
/// If a slice's length is not that of the window.
pub fn weight_gradient(window: &Window, input: &[f32], weight: &[f32], upstream: &[f32]) -> Vec<f32> {
    window.check(input.len(), weight.len(), upstream.len());
    weight_gradient_on(Arch::new(), window, input, weight, upstream)
}

fn forward_on(arch: Arch, window: &Window, input: &[f32], weight: &[f32]) -> Vec<f32> {
    if window.is_depthwise() {
        return depthwise::forward(arch, Distance::default(), window, input, weight);
    }
    let centred = Centred::of(arch, window, weight);
    let of_weights = centre::row_sums(arch, &centred.weight, window.taps());
    if !window.is_matrix() {
        let (weight, centre) = (&*centred.weight, centred.centre.as_deref());
        return layer::Forward { arch, window, law: Minimum, weight, centre, shares: Some(&of_weights) }.output(input);
    }
    let (depth, input) = (window.in_channels, centred.rows(input));
    let of_inputs = centre::row_sums(arch, &input, depth);
    let panels = matrix::transposed(&centred.weight, depth, 0.0);
    let (left, right) = (Rows::dense(&input, depth), matrix::Right::Panels(&panels));
    let shares = Some((&*of_inputs, &*of_weights));
    let product = matrix::Product { arch, law: Minimum, left, right, held: None, shares, depth };
    product.compute(window.batch, window.out_channels)
}

fn input_gradient_on(arch: Arch, window: &Window, input: &[f32], weight: &[f32], upstream: &[f32]) -> Vec<f32> {
    if window.is_depthwise() {
        return depthwise::input_gradient(arch, Distance::default(), window, Some(input), weight, upstream);
    }
    if !window.is_matrix() {
        let law = ClippedLeft(Distance::default());
        return layer::InputGradient { arch, window, law, weight }.gradient(input, upstream);
    }
    let (depth, law) = (window.out_channels, ClippedRight(Distance::default()));
    let (left, right) = (Rows::dense(upstream, depth), matrix::Right::Plain(weight));
    let product = matrix::Product { arch, law, left, right, held: Some(input), shares: None, depth };
    product.compute(window.batch, window.in_channels)
}

/// Σ G · (X − W) = Σ G·X − W Σ G, a product of matrices.
fn weight_gradient_on(arch: Arch, window: &Window, input: &[f32], weight: &[f32], upstream: &[f32]) -> Vec<f32> {
    if window.batch == 0 {
        return vec![0.0; window.weight_len()];
    }
    if window.is_depthwise() {
        return depthwise::weight_gradient(arch, Distance::default(), window, input, weight, upstream);
    }
    let centred = Centred::of(arch, window, weight);
    let (mut gradient, totals) = match window.is_matrix() {
        true => {
            let turned = matrix::transpose(upstream, window.out_channels);
            let (input, depth) = (centred.rows(input), window.batch);
            let (left, right) = (Rows::dense(&turned, depth), matrix::Right::Plain(&input));
            let product = matrix::Product { arch, law: Product, left, right, held: None, shares: None, depth };
            (product.compute(window.out_channels, window.in_channels), centre::row_sums(arch, &turned, depth))
        }
        false => {
            let centre = centred.centre.as_deref();
            let gradient = dots::weight_gradient(arch, window, input, centre, upstream);
            (gradient, centre::output_sums(arch, window, upstream))
        }
    };
    let filters = gradient.chunks_exact_mut(window.taps()).zip(centred.weight.chunks_exact(window.taps()));
    for ((gradient, weight), total) in filters.zip(totals) {
        gradient.iter_mut().zip(weight).for_each(|(gradient, weight)| *gradient -= weight * total);
    }
    gradient
}

/// sum + 2 min(left, right).
#[derive(Clone, Copy)]
pub(crate) struct Minimum;

impl Law for Minimum {
    const HOLDS: bool = false;

    #[inline(always)]
    fn step<S: Simd>(self, simd: S, sum: S::f32s, _held: S::f32s, left: S::f32s, right: S::f32s) -> S::f32s {
        simd.mul_add_e_f32s(simd.min_f32s(left, right), simd.splat_f32s(2.0), sum)
    }
}

/// −|x − w| of one tap and its surrogate gradients.
#[derive(Clone, Copy)]
pub(crate) struct Distance {
    /// −1, of which the compiler does not know it: it would turn the fused x · (−1) + w into a subtraction, which waits
    /// for the same ports as the minimum and the maximum after it, while those of the multiply-add idle.
    minus_one: f32,
}

impl Default for Distance {
    fn default() -> Self {
        Self { minus_one: black_box(-1.0) }
    }
}

impl Distance {
    /// Returns clip(w − x, −1, 1).
    #[inline(always)]
    fn clipped<S: Simd>(self, simd: S, input: S::f32s, weight: S::f32s) -> S::f32s {
        clip::clipped(simd, simd.mul_add_e_f32s(input, simd.splat_f32s(self.minus_one), weight))
    }
}

impl depthwise::Tap for Distance {
    #[inline(always)]
    fn output<S: Simd>(self, simd: S, input: S::f32s, weight: S::f32s) -> S::f32s {
        simd.neg_f32s(simd.abs_f32s(simd.sub_f32s(input, weight)))
    }

    #[inline(always)]
    fn input_slope<S: Simd>(self, simd: S, input: S::f32s, weight: S::f32s) -> S::f32s {
        self.clipped(simd, input, weight)
    }

    #[inline(always)]
    fn weight_slope<S: Simd>(self, simd: S, input: S::f32s, weight: S::f32s) -> S::f32s {
        simd.sub_f32s(input, weight)
    }
}

/// sum + right · clip(left − held, −1, 1): weights left, inputs held, upstream gradients right.
#[derive(Clone, Copy)]
struct ClippedLeft(Distance);

impl Law for ClippedLeft {
    const HOLDS: bool = true;

    #[inline(always)]
    fn step<S: Simd>(self, simd: S, sum: S::f32s, held: S::f32s, left: S::f32s, right: S::f32s) -> S::f32s {
        simd.mul_add_e_f32s(self.0.clipped(simd, held, left), right, sum)
    }
}

/// sum + left · clip(right − held, −1, 1): upstream gradients left, inputs held, weights right.
#[derive(Clone, Copy)]
struct ClippedRight(Distance);

impl Law for ClippedRight {
    const HOLDS: bool = true;

    #[inline(always)]
    fn step<S: Simd>(self, simd: S, sum: S::f32s, held: S::f32s, left: S::f32s, right: S::f32s) -> S::f32s {
        simd.mul_add_e_f32s(self.0.clipped(simd, held, right), left, sum)
    }
}

#[cfg(test)]
mod tests;
