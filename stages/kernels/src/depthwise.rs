//! Layers with one filter per channel: every tap is one pass over a plane.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::Window;
use crate::grid::{Grid, Run};

/// What a channel's filter does with one tap.
pub(crate) trait Tap: Copy + Send + Sync {
    /// Returns what a tap adds to an output.
    fn output<S: Simd>(self, simd: S, input: S::f32s, weight: S::f32s) -> S::f32s;

    /// Returns the factor of the upstream gradient in that of the input.
    fn input_slope<S: Simd>(self, simd: S, input: S::f32s, weight: S::f32s) -> S::f32s;

    /// Returns the factor of the upstream gradient in that of the weight.
    fn weight_slope<S: Simd>(self, simd: S, input: S::f32s, weight: S::f32s) -> S::f32s;
}

/// Returns `[B, C, Y, X]`.
pub(crate) fn forward(arch: Arch, tap: impl Tap, window: &Window, input: &[f32], weight: &[f32]) -> Vec<f32> {
    let mut output = vec![0.0; window.output_len()];
    let grid = Grid::new(window);
    let (taps, positions) = (grid.taps(), grid.positions());
    let planes = output.par_chunks_mut(window.positions()).zip(input.par_chunks(window.group_inputs()));
    planes.enumerate().for_each_init(<(Vec<f32>, Vec<f32>)>::default, |(buffer, sums), (at, (output, input))| {
        let cells = grid.cells_of(input, None, buffer);
        sums.clear();
        sums.resize(grid.cells(), 0.0);
        for (&offset, &weight) in taps.iter().zip(window.group_weights(weight, at)) {
            arch.dispatch(Outputs { tap, weight, cells: &cells[offset..][..grid.cells()], sums });
        }
        for &Run { cell, at, length } in &positions {
            output[at..][..length].copy_from_slice(&sums[cell..][..length]);
        }
    });
    output
}

/// Returns `[B, C, H, W]`. Without an input the slope is that at 0.
pub(crate) fn input_gradient(
    arch: Arch,
    tap: impl Tap,
    window: &Window,
    input: Option<&[f32]>,
    weight: &[f32],
    upstream: &[f32],
) -> Vec<f32> {
    let mut gradient = vec![0.0; window.input_len()];
    let grid = Grid::new(window);
    let (taps, plane) = (grid.taps(), window.group_inputs());
    let planes = gradient.par_chunks_mut(plane).zip(upstream.par_chunks(window.positions()));
    let buffers = || (vec![0.0; grid.len()], vec![0.0; grid.len()]);
    planes.enumerate().for_each_init(buffers, |(buffer, sums), (at, (gradient, upstream))| {
        let cells = match input {
            Some(input) => grid.cells_of(&input[at * plane..][..plane], None, buffer),
            None => buffer,
        };
        let upstream = grid.by_cell(upstream);
        sums.fill(0.0);
        for (&offset, &weight) in taps.iter().zip(window.group_weights(weight, at)) {
            let cells = &cells[offset..][..grid.cells()];
            arch.dispatch(InputSlopes { tap, weight, cells, upstream: &upstream, sums: &mut sums[offset..] });
        }
        grid.collect(sums, gradient);
    });
    gradient
}

/// Returns `[C, 1, kernel, kernel]`, the pictures summed in their order.
pub(crate) fn weight_gradient(
    arch: Arch,
    tap: impl Tap,
    window: &Window,
    input: &[f32],
    weight: &[f32],
    upstream: &[f32],
) -> Vec<f32> {
    let mut gradient = vec![0.0; window.weight_len()];
    let grid = Grid::new(window);
    let (taps, plane) = (grid.taps(), window.group_inputs());
    let channels = gradient.par_chunks_mut(taps.len()).zip(weight.par_chunks(taps.len())).enumerate();
    channels.for_each_init(Vec::new, |buffer, (channel, (gradient, weight))| {
        for at in (channel..window.batch * window.groups).step_by(window.groups) {
            let cells = grid.cells_of(&input[at * plane..][..plane], None, buffer);
            let upstream = grid.by_cell(&upstream[at * window.positions()..][..window.positions()]);
            for ((&offset, &weight), total) in taps.iter().zip(weight).zip(&mut *gradient) {
                let cells = &cells[offset..][..grid.cells()];
                *total += arch.dispatch(WeightSlopes { tap, weight, cells, upstream: &upstream });
            }
        }
    });
    gradient
}

/// sums[q] += output(cells[q], weight).
struct Outputs<'a, T> {
    tap: T,
    weight: f32,
    cells: &'a [f32],
    sums: &'a mut [f32],
}

impl<T: Tap> WithSimd for Outputs<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let weight = simd.splat_f32s(self.weight);
        let (cells, last_cells) = S::as_simd_f32s(self.cells);
        let (sums, last_sums) = S::as_mut_simd_f32s(self.sums);
        for (sum, &cells) in sums.iter_mut().zip(cells) {
            *sum = simd.add_f32s(*sum, self.tap.output(simd, cells, weight));
        }
        let last = self.tap.output(simd, simd.partial_load_f32s(last_cells), weight);
        let sum = simd.add_f32s(simd.partial_load_f32s(last_sums), last);
        simd.partial_store_f32s(last_sums, sum);
    }
}

/// sums[q] += upstream[q] · input_slope(cells[q], weight).
struct InputSlopes<'a, T> {
    tap: T,
    weight: f32,
    cells: &'a [f32],
    upstream: &'a [f32],
    sums: &'a mut [f32],
}

impl<T: Tap> WithSimd for InputSlopes<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let weight = simd.splat_f32s(self.weight);
        let (cells, last_cells) = S::as_simd_f32s(self.cells);
        let (upstream, last_upstream) = S::as_simd_f32s(self.upstream);
        let (sums, last_sums) = S::as_mut_simd_f32s(&mut self.sums[..self.upstream.len()]);
        for ((sum, &cells), &upstream) in sums.iter_mut().zip(cells).zip(upstream) {
            *sum = simd.mul_add_e_f32s(upstream, self.tap.input_slope(simd, cells, weight), *sum);
        }
        let slope = self.tap.input_slope(simd, simd.partial_load_f32s(last_cells), weight);
        let (upstream, sum) = (simd.partial_load_f32s(last_upstream), simd.partial_load_f32s(last_sums));
        simd.partial_store_f32s(last_sums, simd.mul_add_e_f32s(upstream, slope, sum));
    }
}

/// Σ_q upstream[q] · weight_slope(cells[q], weight).
struct WeightSlopes<'a, T> {
    tap: T,
    weight: f32,
    cells: &'a [f32],
    upstream: &'a [f32],
}

impl<T: Tap> WithSimd for WeightSlopes<'_, T> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let weight = simd.splat_f32s(self.weight);
        let slope = |cells| self.tap.weight_slope(simd, cells, weight);
        let (cells, last_cells) = S::as_simd_f32s(self.cells);
        let (upstream, last_upstream) = S::as_simd_f32s(self.upstream);
        let mut sums = [simd.splat_f32s(0.0); 4];
        let (by_four, rest) = cells.as_chunks::<4>();
        let (upstream_by_four, upstream_rest) = upstream.as_chunks::<4>();
        for (cells, upstream) in by_four.iter().zip(upstream_by_four) {
            for (sum, (&cells, &upstream)) in sums.iter_mut().zip(cells.iter().zip(upstream)) {
                *sum = simd.mul_add_e_f32s(upstream, slope(cells), *sum);
            }
        }
        for (sum, (&cells, &upstream)) in sums.iter_mut().zip(rest.iter().zip(upstream_rest)) {
            *sum = simd.mul_add_e_f32s(upstream, slope(cells), *sum);
        }
        let (cells, upstream) = (simd.partial_load_f32s(last_cells), simd.partial_load_f32s(last_upstream));
        let last = simd.mul_add_e_f32s(upstream, slope(cells), sums[3]);
        let pairs = [simd.add_f32s(sums[0], sums[1]), simd.add_f32s(sums[2], last)];
        simd.reduce_sum_f32s(simd.add_f32s(pairs[0], pairs[1]))
    }
}
