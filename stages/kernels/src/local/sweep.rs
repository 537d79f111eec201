//! The loops of local operators on a panel of channels: sums of four positions, or taps, are kept in registers.

use pulp::{Simd, WithSimd};

use crate::depthwise::Tap;
use crate::tile::Line;

/// Sums that are made together.
const TOGETHER: usize = 4;

/// sums[t] = Σ_k output(cells[t + k], kernel[k]).
pub(super) struct Outputs<'a, T> {
    pub tap: T,
    pub kernel: &'a [Line],
    pub cells: &'a [Line],
    pub sums: &'a mut [Line],
}

impl<T: Tap> WithSimd for Outputs<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { tap, kernel, cells, sums } = self;
        each_block::<S>(sums, |sums, first, vector| {
            let mut totals = [simd.splat_f32s(0.0); TOGETHER];
            for (tap_at, weight) in kernel.iter().enumerate() {
                let weight = at::<S>(weight, vector);
                let cells = &cells[first + tap_at..];
                for (total, cell) in totals.iter_mut().zip(cells).take(sums.len()) {
                    *total = simd.add_f32s(*total, tap.output(simd, at::<S>(cell, vector), weight));
                }
            }
            store::<S>(sums, vector, totals);
        });
    }
}

/// sums[s] = Σ_k upstream[s + k] · input_slope(inputs[s], kernel[k]).
pub(super) struct InputSlopes<'a, T> {
    pub tap: T,
    pub kernel: &'a [Line],
    pub inputs: &'a [Line],
    pub upstream: &'a [Line],
    pub sums: &'a mut [Line],
}

impl<T: Tap> WithSimd for InputSlopes<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { tap, kernel, inputs, upstream, sums } = self;
        each_block::<S>(sums, |sums, first, vector| {
            let mut totals = [simd.splat_f32s(0.0); TOGETHER];
            let mut held = totals;
            held.iter_mut().zip(&inputs[first..]).for_each(|(held, input)| *held = at::<S>(input, vector));
            for (tap_at, weight) in kernel.iter().enumerate() {
                let weight = at::<S>(weight, vector);
                let upstream = &upstream[first + tap_at..];
                for ((total, held), upstream) in totals.iter_mut().zip(held).zip(upstream).take(sums.len()) {
                    let slope = tap.input_slope(simd, held, weight);
                    *total = simd.mul_add_e_f32s(at::<S>(upstream, vector), slope, *total);
                }
            }
            store::<S>(sums, vector, totals);
        });
    }
}

/// sums[k] += Σ_t upstream[t] · weight_slope(cells[t + k], kernel[k]).
pub(super) struct KernelSlopes<'a, T> {
    pub tap: T,
    pub kernel: &'a [Line],
    pub cells: &'a [Line],
    pub upstream: &'a [Line],
    pub sums: &'a mut [Line],
}

impl<T: Tap> WithSimd for KernelSlopes<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { tap, kernel, cells, upstream, sums } = self;
        each_block::<S>(sums, |sums, first, vector| {
            let [mut totals, mut weights] = [[simd.splat_f32s(0.0); TOGETHER]; 2];
            totals.iter_mut().zip(&*sums).for_each(|(total, sum)| *total = at::<S>(sum, vector));
            weights.iter_mut().zip(&kernel[first..]).for_each(|(held, weight)| *held = at::<S>(weight, vector));
            for (time, upstream) in upstream.iter().enumerate() {
                let upstream = at::<S>(upstream, vector);
                let cells = &cells[first + time..];
                for ((total, weight), cell) in totals.iter_mut().zip(weights).zip(cells).take(sums.len()) {
                    let slope = tap.weight_slope(simd, at::<S>(cell, vector), weight);
                    *total = simd.mul_add_e_f32s(upstream, slope, *total);
                }
            }
            store::<S>(sums, vector, totals);
        });
    }
}

/// Calls the function with up to four neighbouring lines, where they begin, and each vector of them.
#[inline(always)]
fn each_block<S: Simd>(sums: &mut [Line], mut function: impl FnMut(&mut [Line], usize, usize)) {
    let (vectors, _) = S::as_simd_f32s(&Line::ZERO.0);
    let vectors = vectors.len();
    for (block, sums) in sums.chunks_mut(TOGETHER).enumerate() {
        for vector in 0..vectors {
            function(sums, block * TOGETHER, vector);
        }
    }
}

#[inline(always)]
fn at<S: Simd>(line: &Line, vector: usize) -> S::f32s {
    S::as_simd_f32s(&line.0).0[vector]
}

#[inline(always)]
fn store<S: Simd>(lines: &mut [Line], vector: usize, values: [S::f32s; TOGETHER]) {
    for (line, value) in lines.iter_mut().zip(values) {
        S::as_mut_simd_f32s(&mut line.0).0[vector] = value;
    }
}
