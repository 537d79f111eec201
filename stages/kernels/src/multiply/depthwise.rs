//! One filter per channel: every tap is one pass over a plane.

use rayon::prelude::*;

use crate::Window;
use crate::columns::{Columns, PICTURES_PER_SUM, Run};

/// Returns whether every channel has a filter and an output of its own.
pub(super) fn applies(window: &Window) -> bool {
    window.groups == window.in_channels && window.out_channels == window.in_channels
}

pub(super) fn forward(window: &Window, input: &[f32], weight: &[f32]) -> Vec<f32> {
    let mut output = vec![0.0; window.output_len()];
    let runs = Columns::new(window).runs;
    let planes = output.par_chunks_mut(window.positions()).zip(input.par_chunks(window.group_inputs()));
    planes.enumerate().for_each(|(at, (output, input))| {
        let weight = window.group_weights(weight, at);
        for run in &runs {
            let w = weight[run.tap];
            let inputs = input[run.input..].iter().step_by(window.stride);
            output[run.output..][..run.length].iter_mut().zip(inputs).for_each(|(y, x)| *y += w * x);
        }
    });
    output
}

pub(super) fn input_gradient(window: &Window, weight: &[f32], upstream: &[f32]) -> Vec<f32> {
    let mut gradient = vec![0.0; window.input_len()];
    let runs = Columns::new(window).runs;
    let planes = gradient.par_chunks_mut(window.group_inputs()).zip(upstream.par_chunks(window.positions()));
    planes.enumerate().for_each(|(at, (gradient, upstream))| {
        let weight = window.group_weights(weight, at);
        for run in &runs {
            let w = weight[run.tap];
            let inputs = gradient[run.input..].iter_mut().step_by(window.stride);
            inputs.zip(&upstream[run.output..][..run.length]).for_each(|(x, g)| *x += w * g);
        }
    });
    gradient
}

pub(super) fn weight_gradient(window: &Window, input: &[f32], upstream: &[f32]) -> Vec<f32> {
    let runs = Columns::new(window).runs;
    let inputs = input.par_chunks(PICTURES_PER_SUM * window.groups * window.group_inputs());
    let upstreams = upstream.par_chunks(PICTURES_PER_SUM * window.groups * window.positions());
    let sums: Vec<Vec<f32>> =
        inputs.zip(upstreams).map(|(input, upstream)| weight_gradient_of(window, &runs, input, upstream)).collect();
    crate::columns::total(sums, window.weight_len())
}

fn weight_gradient_of(window: &Window, runs: &[Run], input: &[f32], upstream: &[f32]) -> Vec<f32> {
    let mut gradient = vec![0.0; window.weight_len()];
    let planes = input.chunks(window.group_inputs()).zip(upstream.chunks(window.positions()));
    for (at, (input, upstream)) in planes.enumerate() {
        let gradient = &mut gradient[at % window.groups * window.taps()..][..window.taps()];
        for run in runs {
            let inputs = input[run.input..].iter().step_by(window.stride);
            let products = inputs.zip(&upstream[run.output..][..run.length]).map(|(x, g)| x * g);
            gradient[run.tap] += products.sum::<f32>();
        }
    }
    gradient
}
