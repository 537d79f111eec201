//! The formulas of the layers as plain loops, one line per sum. Slow, and obviously right.
//!
//! Eq. 4 of ShiftAddNAS and the surrogate gradients of AdderNet (arXiv 1912.13200): full-precision difference
//! for the weight (its Eq. 5) and clipped difference for the input (its Eq. 6).

use crate::Window;

/// Calls `visit(input index or None on the padding, weight index, output index)` for every tap of the layer.
fn each_tap(window: &Window, mut visit: impl FnMut(Option<usize>, usize, usize)) {
    let (rows, columns) = (window.out_height(), window.out_width());
    let group_inputs = window.in_channels / window.groups;
    let group_outputs = window.out_channels / window.groups;
    for batch in 0..window.batch {
        for out in 0..window.out_channels {
            for (y, x) in (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x))) {
                let output = ((batch * window.out_channels + out) * rows + y) * columns + x;
                for tap in 0..window.taps() {
                    let (channel, within) = (tap / window.kernel.pow(2), tap % window.kernel.pow(2));
                    let row = (y * window.stride + within / window.kernel).checked_sub(window.padding);
                    let column = (x * window.stride + within % window.kernel).checked_sub(window.padding);
                    let inside = row.zip(column).filter(|&(row, column)| row < window.height && column < window.width);
                    let channel = batch * window.in_channels + out / group_outputs * group_inputs + channel;
                    let input = inside.map(|(row, column)| (channel * window.height + row) * window.width + column);
                    visit(input, out * window.taps() + tap, output);
                }
            }
        }
    }
}

/// Returns y = Σ x·w.
pub fn product(window: &Window, input: &[f32], weight: &[f32]) -> Vec<f32> {
    let mut sums = vec![0.0_f64; window.output_len()];
    each_tap(window, |at, tap, output| sums[output] += at.map_or(0.0, |at| f64::from(input[at] * weight[tap])));
    sums.into_iter().map(|sum| sum as f32).collect()
}

/// Returns dX = Σ G·W of the product.
pub fn product_input_gradient(window: &Window, weight: &[f32], upstream: &[f32]) -> Vec<f32> {
    let mut sums = vec![0.0_f64; window.input_len()];
    each_tap(window, |at, tap, output| {
        if let Some(at) = at {
            sums[at] += f64::from(upstream[output] * weight[tap]);
        }
    });
    sums.into_iter().map(|sum| sum as f32).collect()
}

/// Returns dW = Σ G·X of the product.
pub fn product_weight_gradient(window: &Window, input: &[f32], upstream: &[f32]) -> Vec<f32> {
    let mut sums = vec![0.0_f64; window.weight_len()];
    each_tap(window, |at, tap, output| {
        sums[tap] += at.map_or(0.0, |at| f64::from(upstream[output] * input[at]));
    });
    sums.into_iter().map(|sum| sum as f32).collect()
}

/// Returns y = −Σ |x − w|; a tap on the padding contributes −|0 − w|.
pub fn forward(window: &Window, input: &[f32], weight: &[f32]) -> Vec<f32> {
    let mut sums = vec![0.0_f64; window.output_len()];
    each_tap(window, |at, tap, output| {
        let x = at.map_or(0.0, |at| input[at]);
        sums[output] -= f64::from((x - weight[tap]).abs());
    });
    sums.into_iter().map(|sum| sum as f32).collect()
}

/// Returns dX = Σ G · clip(W − X, −1, 1); taps on the padding receive nothing.
pub fn input_gradient(window: &Window, input: &[f32], weight: &[f32], upstream: &[f32]) -> Vec<f32> {
    let mut sums = vec![0.0_f64; window.input_len()];
    each_tap(window, |at, tap, output| {
        if let Some(at) = at {
            sums[at] += f64::from(upstream[output] * (weight[tap] - input[at]).clamp(-1.0, 1.0));
        }
    });
    sums.into_iter().map(|sum| sum as f32).collect()
}

/// Returns dW = Σ G · (X − W), X = 0 on the padding.
pub fn weight_gradient(window: &Window, input: &[f32], weight: &[f32], upstream: &[f32]) -> Vec<f32> {
    let mut sums = vec![0.0_f64; window.weight_len()];
    each_tap(window, |at, tap, output| {
        let x = at.map_or(0.0, |at| input[at]);
        sums[tap] += f64::from(upstream[output] * (x - weight[tap]));
    });
    sums.into_iter().map(|sum| sum as f32).collect()
}

/// Returns y = −Σ |x − w| of bytes; a tap on the padding contributes −|zero − w|.
pub fn add_bytes(window: &Window, input: &[u8], weight: &[u8], zero: u8) -> Vec<i32> {
    let mut sums = vec![0; window.output_len()];
    each_tap(window, |at, tap, output| {
        sums[output] -= i32::from(at.map_or(zero, |at| input[at]).abs_diff(weight[tap]));
    });
    sums
}
