use proptest::prelude::*;

use super::*;
use crate::reference;
use crate::samples::{archs, assert_close, depthwise_windows, matrices, matrix, values, windows, with_threads};

/// Golden values of a 2x2 by 3x2 example: y[0][0] = −(|0.5 − 1| + |−1 − 0|) = −1.5, and so on.
#[test]
fn a_hand_sized_layer_has_the_published_outputs_and_gradients() {
    let window = matrix(2, 2, 3);
    let (x, w) = ([0.5, -1.0, 2.0, 0.25], [1.0, 0.0, -0.5, 0.75, 0.0, -2.0]);
    let g = [1.0, -0.5, 0.25, 0.5, 1.0, -1.0];
    assert_eq!(forward(&window, &x, &w), [-1.5, -2.75, -1.5, -1.25, -3.0, -4.25]);
    assert_eq!(input_gradient(&window, &x, &w, &g), [0.875, 0.25, -0.5, 1.375]);
    assert_eq!(weight_gradient(&window, &x, &w, &g), [0.0, -0.875, 2.0, 0.375, -1.875, -2.0]);
}

#[test]
fn a_tap_on_the_padding_costs_the_weights_magnitude() {
    let window = Window { kernel: 3, padding: 1, ..matrix(1, 1, 1) };
    // Only the centre tap sees the pixel: −(|5 − 1| + 8 · |0 − 1|).
    assert_eq!(forward(&window, &[5.0], &[1.0; 9]), [-12.0]);
    assert_eq!(input_gradient(&window, &[5.0], &[1.0; 9], &[1.0]), [-1.0]);
}

#[test]
fn a_layer_of_no_pictures_has_no_outputs() {
    for window in
        [Window { batch: 0, ..matrix(1, 3, 2) }, Window { batch: 0, kernel: 3, padding: 1, ..matrix(1, 3, 2) }]
    {
        let w = values(window.weight_len(), 1);
        assert_eq!(forward(&window, &[], &w), []);
        assert_eq!(input_gradient(&window, &[], &w, &[]), []);
        assert_eq!(weight_gradient(&window, &[], &w, &[]), vec![0.0; w.len()]);
    }
}

fn check(window: &Window, seed: u32) -> Result<(), TestCaseError> {
    let (x, w) = (values(window.input_len(), seed), values(window.weight_len(), seed ^ 1));
    let g = values(window.output_len(), seed ^ 2);
    for arch in archs() {
        assert_close(&forward_on(arch, window, &x, &w), &reference::forward(window, &x, &w))?;
        let wanted = reference::input_gradient(window, &x, &w, &g);
        assert_close(&input_gradient_on(arch, window, &x, &w, &g), &wanted)?;
        let wanted = reference::weight_gradient(window, &x, &w, &g);
        assert_close(&weight_gradient_on(arch, window, &x, &w, &g), &wanted)?;
    }
    Ok(())
}

/// Checks the documented bound 3 (K + 4) u (Σ|x − c| + Σ|w − c|) of every output.
fn check_bound(window: &Window, x: &[f32], w: &[f32]) -> Result<(), TestCaseError> {
    let centred = Centred::of(Arch::new(), window, w);
    let zeros = vec![0.0; window.in_channels];
    let centre = centred.centre.as_deref().unwrap_or(&zeros);
    // A filter of centres measures Σ|x − c| over the taps of a position, and |0 − c| on its padding.
    let flat: Vec<f32> = (0..window.weight_len())
        .map(|at| {
            let (filter, channel) = (at / window.taps(), at % window.taps() / window.kernel.pow(2));
            let group = filter / (window.out_channels / window.groups);
            centre[group * (window.in_channels / window.groups) + channel]
        })
        .collect();
    let of_inputs = reference::forward(window, x, &flat);
    let of_weights: Vec<f32> = centred.weight.chunks(window.taps()).map(|w| w.iter().map(|w| w.abs()).sum()).collect();
    let (found, wanted) = (forward(window, x, w), reference::forward(window, x, w));
    for (at, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        let filter = at / window.positions() % window.out_channels;
        let magnitude = -of_inputs[at] + of_weights[filter];
        let bound = 3.0 * (window.taps() + 4) as f32 * 2.0_f32.powi(-24) * magnitude;
        // The reference itself is rounded once.
        let bound = bound + wanted.abs() * f32::EPSILON;
        prop_assert!((found - wanted).abs() <= bound, "{found} instead of {wanted}, bound {bound}");
    }
    Ok(())
}

#[test]
fn an_offset_that_inputs_and_weights_share_costs_no_digits() {
    let window = matrix(8, 576, 8);
    let error = |offset: f32| {
        let shifted = |values: Vec<f32>| values.into_iter().map(|v| v + offset).collect::<Vec<_>>();
        let (x, w) = (shifted(values(window.input_len(), 1)), shifted(values(window.weight_len(), 2)));
        let (found, wanted) = (forward(&window, &x, &w), reference::forward(&window, &x, &w));
        found.iter().zip(wanted).map(|(found, wanted)| ((found - wanted) / wanted).abs()).fold(0.0, f32::max)
    };
    for offset in [0.0, 10.0, 100.0, -1e4] {
        assert!(error(offset) < 4e-6, "relative error {} at offset {offset}", error(offset));
    }
}

proptest! {
    #[test]
    fn every_window_agrees_with_the_plain_loops(window in windows(), seed in any::<u32>()) {
        check(&window, seed)?;
    }

    #[test]
    fn depthwise_layers_agree_with_the_plain_loops(window in depthwise_windows(), seed in any::<u32>()) {
        check(&window, seed)?;
    }

    #[test]
    fn products_of_matrices_agree_with_the_plain_loops(window in matrices(), seed in any::<u32>()) {
        check(&window, seed)?;
    }

    #[test]
    fn errors_stay_within_the_documented_bound(
        window in prop_oneof![windows(), matrices()],
        seed in any::<u32>(),
        offset in prop_oneof![Just(0.0_f32), -1e6_f32..1e6],
        spread in prop_oneof![Just(1.0_f32), 1e-3_f32..1e3],
    ) {
        prop_assume!(!window.is_depthwise());
        let shifted = |values: Vec<f32>| values.into_iter().map(|v| v * spread + offset).collect::<Vec<_>>();
        let (x, w) = (shifted(values(window.input_len(), seed)), shifted(values(window.weight_len(), seed ^ 1)));
        check_bound(&window, &x, &w)?;
    }

    #[test]
    fn threads_do_not_change_a_bit(window in prop_oneof![windows(), depthwise_windows(), matrices()], seed in any::<u32>()) {
        let (x, w) = (values(window.input_len(), seed), values(window.weight_len(), seed ^ 1));
        let g = values(window.output_len(), seed ^ 2);
        let [one, three] = with_threads(|| {
            (forward(&window, &x, &w), input_gradient(&window, &x, &w, &g), weight_gradient(&window, &x, &w, &g))
        });
        prop_assert!(one == three);
    }
}
