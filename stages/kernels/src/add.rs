//! Forward and backward of the add layer (formulas in [`crate::reference`]).
//!
//! Every picture and group is laid out as rows of taps, so the inner loops run over neighbouring positions and
//! the compiler vectorises them; on x86 they are compiled for AVX-512 and AVX2 too and chosen at run time.
//! Pictures are spread over the threads of rayon's pool; sums over pictures are made in a fixed order, so the
//! number of threads never changes a result.

use rayon::prelude::*;

use crate::Window;
use crate::columns::Columns;

mod rows;

/// Pictures whose weight gradients are summed by one worker. Part of the result's rounding, hence fixed.
const PICTURES_PER_SUM: usize = 8;

/// Returns y = −Σ |x − w|, `[B, O, Y, X]`. A tap on the padding contributes −|0 − w|.
///
/// # Panics
/// If a slice's length is not that of the window.
pub fn forward(window: &Window, input: &[f32], weight: &[f32]) -> Vec<f32> {
    window.check(input.len(), weight.len(), window.output_len());
    let mut output = vec![0.0; window.output_len()];
    let columns = Columns { window };
    let pictures = output.par_chunks_mut(group_outputs(window)).zip(input.par_chunks(group_inputs(window)));
    pictures.enumerate().for_each_init(
        || vec![0.0; columns.len()],
        |taps, (at, (output, picture))| {
            columns.gather(picture, taps);
            rows::distances(taps, group_weights(window, weight, at), window.positions(), output);
        },
    );
    output
}

/// Returns dX = Σ G · clip(W − X, −1, 1), `[B, C, H, W]`.
///
/// # Panics
/// If a slice's length is not that of the window.
pub fn input_gradient(window: &Window, input: &[f32], weight: &[f32], upstream: &[f32]) -> Vec<f32> {
    window.check(input.len(), weight.len(), upstream.len());
    let mut gradient = vec![0.0; window.input_len()];
    let columns = Columns { window };
    let pictures = gradient.par_chunks_mut(group_inputs(window)).zip(input.par_chunks(group_inputs(window)));
    let pictures = pictures.zip(upstream.par_chunks(group_outputs(window)));
    pictures.enumerate().for_each_init(
        || (vec![0.0; columns.len()], vec![0.0; columns.len()]),
        |(taps, sums), (at, ((gradient, picture), upstream))| {
            columns.gather(picture, taps);
            sums.fill(0.0);
            rows::clipped(taps, group_weights(window, weight, at), window.positions(), upstream, sums);
            columns.scatter(sums, gradient);
        },
    );
    gradient
}

/// Returns dW = Σ G · (X − W), `[O, C / G, kernel, kernel]`, X = 0 on the padding.
///
/// # Panics
/// If a slice's length is not that of the window.
pub fn weight_gradient(window: &Window, input: &[f32], weight: &[f32], upstream: &[f32]) -> Vec<f32> {
    window.check(input.len(), weight.len(), upstream.len());
    let inputs = input.par_chunks(PICTURES_PER_SUM * window.groups * group_inputs(window));
    let upstreams = upstream.par_chunks(PICTURES_PER_SUM * window.groups * group_outputs(window));
    let sums: Vec<Vec<f32>> =
        inputs.zip(upstreams).map(|(input, upstream)| weight_gradient_of(window, input, weight, upstream)).collect();
    let mut gradient = vec![0.0; weight.len()];
    for sum in sums {
        gradient.iter_mut().zip(sum).for_each(|(total, part)| *total += part);
    }
    gradient
}

fn weight_gradient_of(window: &Window, input: &[f32], weight: &[f32], upstream: &[f32]) -> Vec<f32> {
    let columns = Columns { window };
    let mut taps = vec![0.0; columns.len()];
    let mut gradient = vec![0.0; weight.len()];
    let per_group = weight.len() / window.groups;
    let pictures = input.chunks(group_inputs(window)).zip(upstream.chunks(group_outputs(window)));
    for (at, (picture, upstream)) in pictures.enumerate() {
        let group = at % window.groups * per_group..(at % window.groups + 1) * per_group;
        columns.gather(picture, &mut taps);
        rows::differences(&taps, &weight[group.clone()], window.positions(), upstream, &mut gradient[group]);
    }
    gradient
}

fn group_inputs(window: &Window) -> usize {
    window.in_channels / window.groups * window.height * window.width
}

fn group_outputs(window: &Window) -> usize {
    window.out_channels / window.groups * window.positions()
}

/// Weights of the group that the `at`-th (picture, group) pair belongs to.
fn group_weights<'a>(window: &Window, weight: &'a [f32], at: usize) -> &'a [f32] {
    let per_group = weight.len() / window.groups;
    &weight[at % window.groups * per_group..][..per_group]
}

#[cfg(test)]
mod tests;
