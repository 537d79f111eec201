//! Forward and backward of the add layer (formulas in [`crate::reference`]).
//!
//! Every picture and group is laid out as rows of taps, so the inner loops run over neighbouring positions and
//! the compiler vectorises them; on x86 they are compiled for AVX-512 and AVX2 too and chosen at run time.
//! Pictures are spread over the threads of rayon's pool; sums over pictures are made in a fixed order, so the
//! number of threads never changes a result.

use rayon::prelude::*;

use crate::Window;
use crate::columns::{Columns, PICTURES_PER_SUM};

mod rows;

/// Returns y = −Σ |x − w|, `[B, O, Y, X]`. A tap on the padding contributes −|0 − w|.
///
/// # Panics
/// If a slice's length is not that of the window.
pub fn forward(window: &Window, input: &[f32], weight: &[f32]) -> Vec<f32> {
    window.check(input.len(), weight.len(), window.output_len());
    let mut output = vec![0.0; window.output_len()];
    let columns = Columns::new(window);
    let pictures = output.par_chunks_mut(window.group_outputs()).zip(input.par_chunks(window.group_inputs()));
    pictures.enumerate().for_each_init(
        || columns.buffer(),
        |buffer, (at, (output, picture))| {
            let taps = columns.rows(picture, buffer);
            rows::distances(taps, window.group_weights(weight, at), window.positions(), output);
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
    let columns = Columns::new(window);
    let pictures = gradient.par_chunks_mut(window.group_inputs()).zip(input.par_chunks(window.group_inputs()));
    let pictures = pictures.zip(upstream.par_chunks(window.group_outputs()));
    pictures.enumerate().for_each_init(
        || (columns.buffer(), columns.buffer()),
        |(buffer, sums), (at, ((gradient, picture), upstream))| {
            let taps = columns.rows(picture, buffer);
            let weight = window.group_weights(weight, at);
            if columns.is_picture() {
                return rows::clipped(taps, weight, window.positions(), upstream, gradient);
            }
            sums.fill(0.0);
            rows::clipped(taps, weight, window.positions(), upstream, sums);
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
    let inputs = input.par_chunks(PICTURES_PER_SUM * window.groups * window.group_inputs());
    let upstreams = upstream.par_chunks(PICTURES_PER_SUM * window.groups * window.group_outputs());
    let sums: Vec<Vec<f32>> =
        inputs.zip(upstreams).map(|(input, upstream)| weight_gradient_of(window, input, weight, upstream)).collect();
    crate::columns::total(sums, weight.len())
}

fn weight_gradient_of(window: &Window, input: &[f32], weight: &[f32], upstream: &[f32]) -> Vec<f32> {
    let columns = Columns::new(window);
    let mut buffer = columns.buffer();
    let mut gradient = vec![0.0; weight.len()];
    let per_group = weight.len() / window.groups;
    let pictures = input.chunks(window.group_inputs()).zip(upstream.chunks(window.group_outputs()));
    for (at, (picture, upstream)) in pictures.enumerate() {
        let group = at % window.groups * per_group..(at % window.groups + 1) * per_group;
        let taps = columns.rows(picture, &mut buffer);
        rows::differences(taps, &weight[group.clone()], window.positions(), upstream, &mut gradient[group]);
    }
    gradient
}

#[cfg(test)]
mod tests;
