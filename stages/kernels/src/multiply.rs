//! Forward and backward of the multiplying layer: an ordinary convolution, y = Σ x·w.
//!
//! Depth-wise layers run over planes. All others lay every picture and group out as rows of taps and are matrix
//! products; a 1x1 layer of stride 1 is one already. As in [`crate::add`], pictures are spread over rayon's
//! threads and sums over pictures are made in a fixed order.

use rayon::prelude::*;

use crate::Window;
use crate::columns::{Columns, PICTURES_PER_SUM};
use matrix::{Matrix, product};

mod depthwise;
mod matrix;

/// Returns y = Σ x·w, `[B, O, Y, X]`.
///
/// # Panics
/// If a slice's length is not that of the window.
pub fn forward(window: &Window, input: &[f32], weight: &[f32]) -> Vec<f32> {
    window.check(input.len(), weight.len(), window.output_len());
    if depthwise::applies(window) {
        return depthwise::forward(window, input, weight);
    }
    let mut output = vec![0.0; window.output_len()];
    let columns = Columns::new(window);
    let pictures = output.par_chunks_mut(window.group_outputs()).zip(input.par_chunks(window.group_inputs()));
    pictures.enumerate().for_each_init(
        || columns.buffer(),
        |buffer, (at, (output, picture))| {
            let taps = columns.rows(picture, buffer);
            let weight = window.group_weights(weight, at);
            let rows = weight.len() / window.taps();
            let weight = Matrix::row_major(weight, rows, window.taps());
            product(weight, Matrix::row_major(taps, window.taps(), window.positions()), output, 0.0);
        },
    );
    output
}

/// Returns dX, the gradient of the input, `[B, C, H, W]`.
///
/// # Panics
/// If a slice's length is not that of the window.
pub fn input_gradient(window: &Window, weight: &[f32], upstream: &[f32]) -> Vec<f32> {
    window.check(window.input_len(), weight.len(), upstream.len());
    if depthwise::applies(window) {
        return depthwise::input_gradient(window, weight, upstream);
    }
    let mut gradient = vec![0.0; window.input_len()];
    let columns = Columns::new(window);
    let pictures = gradient.par_chunks_mut(window.group_inputs()).zip(upstream.par_chunks(window.group_outputs()));
    pictures.enumerate().for_each_init(
        || columns.buffer(),
        |buffer, (at, (gradient, upstream))| {
            let weight = window.group_weights(weight, at);
            let rows = weight.len() / window.taps();
            let weight = Matrix::row_major(weight, rows, window.taps()).transposed();
            let upstream = Matrix::row_major(upstream, rows, window.positions());
            if columns.is_picture() {
                product(weight, upstream, gradient, 0.0);
            } else {
                product(weight, upstream, buffer, 0.0);
                columns.scatter(buffer, gradient);
            }
        },
    );
    gradient
}

/// Returns dW, the gradient of the weight, `[O, C / G, kernel, kernel]`.
///
/// # Panics
/// If a slice's length is not that of the window.
pub fn weight_gradient(window: &Window, input: &[f32], upstream: &[f32]) -> Vec<f32> {
    window.check(input.len(), window.weight_len(), upstream.len());
    if depthwise::applies(window) {
        return depthwise::weight_gradient(window, input, upstream);
    }
    let inputs = input.par_chunks(PICTURES_PER_SUM * window.groups * window.group_inputs());
    let upstreams = upstream.par_chunks(PICTURES_PER_SUM * window.groups * window.group_outputs());
    let sums: Vec<Vec<f32>> =
        inputs.zip(upstreams).map(|(input, upstream)| weight_gradient_of(window, input, upstream)).collect();
    crate::columns::total(sums, window.weight_len())
}

fn weight_gradient_of(window: &Window, input: &[f32], upstream: &[f32]) -> Vec<f32> {
    let columns = Columns::new(window);
    let mut buffer = columns.buffer();
    let mut gradient = vec![0.0; window.weight_len()];
    let per_group = gradient.len() / window.groups;
    let rows = per_group / window.taps();
    let pictures = input.chunks(window.group_inputs()).zip(upstream.chunks(window.group_outputs()));
    for (at, (picture, upstream)) in pictures.enumerate() {
        let taps = Matrix::row_major(columns.rows(picture, &mut buffer), window.taps(), window.positions());
        let upstream = Matrix::row_major(upstream, rows, window.positions());
        let group = &mut gradient[at % window.groups * per_group..][..per_group];
        product(upstream, taps.transposed(), group, 1.0);
    }
    gradient
}

#[cfg(test)]
mod tests;
