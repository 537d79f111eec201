use proptest::prelude::*;

use super::*;
use crate::reference;
use crate::samples::{assert_close, values, windows};

fn linear(batch: usize, inputs: usize, outputs: usize) -> Window {
    Window {
        batch,
        in_channels: inputs,
        out_channels: outputs,
        height: 1,
        width: 1,
        kernel: 1,
        stride: 1,
        padding: 0,
        groups: 1,
    }
}

/// Golden values of a 2x2 by 3x2 example: y[0][0] = −(|0.5 − 1| + |−1 − 0|) = −1.5, and so on.
#[test]
fn a_hand_sized_layer_has_the_published_outputs_and_gradients() {
    let window = linear(2, 2, 3);
    let (x, w) = ([0.5, -1.0, 2.0, 0.25], [1.0, 0.0, -0.5, 0.75, 0.0, -2.0]);
    let g = [1.0, -0.5, 0.25, 0.5, 1.0, -1.0];
    assert_eq!(forward(&window, &x, &w), [-1.5, -2.75, -1.5, -1.25, -3.0, -4.25]);
    assert_eq!(input_gradient(&window, &x, &w, &g), [0.875, 0.25, -0.5, 1.375]);
    assert_eq!(weight_gradient(&window, &x, &w, &g), [0.0, -0.875, 2.0, 0.375, -1.875, -2.0]);
}

#[test]
fn a_tap_on_the_padding_costs_the_weights_magnitude() {
    let window = Window { kernel: 3, padding: 1, ..linear(1, 1, 1) };
    // Only the centre tap sees the pixel: −(|5 − 1| + 8 · |0 − 1|).
    assert_eq!(forward(&window, &[5.0], &[1.0; 9]), [-12.0]);
    assert_eq!(input_gradient(&window, &[5.0], &[1.0; 9], &[1.0]), [-1.0]);
}

proptest! {
    #[test]
    fn every_shape_agrees_with_the_plain_loops(window in windows(), seed in any::<u32>()) {
        let (x, w) = (values(window.input_len(), seed), values(window.weight_len(), seed ^ 1));
        let g = values(window.output_len(), seed ^ 2);
        assert_close(&forward(&window, &x, &w), &reference::forward(&window, &x, &w))?;
        assert_close(&input_gradient(&window, &x, &w, &g), &reference::input_gradient(&window, &x, &w, &g))?;
        assert_close(&weight_gradient(&window, &x, &w, &g), &reference::weight_gradient(&window, &x, &w, &g))?;
    }
}
