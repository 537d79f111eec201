use proptest::prelude::*;

use super::*;
use crate::reference;
use crate::samples::{archs, assert_close, depthwise_windows, matrices, values, windows, with_threads};

fn check(window: &Window, seed: u32) -> Result<(), TestCaseError> {
    let (x, w) = (values(window.input_len(), seed), values(window.weight_len(), seed ^ 1));
    let g = values(window.output_len(), seed ^ 2);
    for arch in archs() {
        assert_close(&forward_on(arch, window, &x, &w), &reference::product(window, &x, &w))?;
        let wanted = reference::product_input_gradient(window, &w, &g);
        assert_close(&input_gradient_on(arch, window, &w, &g), &wanted)?;
        let wanted = reference::product_weight_gradient(window, &x, &g);
        assert_close(&weight_gradient_on(arch, window, &x, &g), &wanted)?;
    }
    Ok(())
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

    /// y is linear in x and in w, so Σ G·y = Σ x·dX = Σ w·dW: what finite differences of any step would give.
    #[test]
    fn gradients_are_those_of_a_form_linear_in_both(
        window in prop_oneof![windows(), depthwise_windows(), matrices()],
        seed in any::<u32>(),
    ) {
        let (x, w) = (values(window.input_len(), seed), values(window.weight_len(), seed ^ 1));
        let g = values(window.output_len(), seed ^ 2);
        let dot = |left: &[f32], right: &[f32]| -> f64 {
            left.iter().zip(right).map(|(&left, &right)| f64::from(left) * f64::from(right)).sum()
        };
        let wanted = dot(&g, &forward(&window, &x, &w));
        let found = [dot(&x, &input_gradient(&window, &w, &g)), dot(&w, &weight_gradient(&window, &x, &g))];
        let scale = dot(&g, &g).sqrt() * dot(&x, &x).sqrt() * dot(&w, &w).sqrt();
        prop_assert!(found.iter().all(|found| (found - wanted).abs() <= 1e-5 * scale), "{found:?} for {wanted}");
    }

    #[test]
    fn threads_do_not_change_a_bit(window in prop_oneof![windows(), depthwise_windows(), matrices()], seed in any::<u32>()) {
        let (x, w) = (values(window.input_len(), seed), values(window.weight_len(), seed ^ 1));
        let g = values(window.output_len(), seed ^ 2);
        let [one, three] = with_threads(|| {
            (forward(&window, &x, &w), input_gradient(&window, &w, &g), weight_gradient(&window, &x, &g))
        });
        prop_assert!(one == three);
    }
}
