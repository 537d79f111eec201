use proptest::prelude::*;

use super::*;
use crate::reference;
use crate::samples::{assert_close, values, windows};

proptest! {
    #[test]
    fn every_shape_agrees_with_the_plain_loops(window in windows(), seed in any::<u32>()) {
        let (x, w) = (values(window.input_len(), seed), values(window.weight_len(), seed ^ 1));
        let g = values(window.output_len(), seed ^ 2);
        assert_close(&forward(&window, &x, &w), &reference::product(&window, &x, &w))?;
        assert_close(&input_gradient(&window, &w, &g), &reference::product_input_gradient(&window, &w, &g))?;
        assert_close(&weight_gradient(&window, &x, &g), &reference::product_weight_gradient(&window, &x, &g))?;
    }

    #[test]
    fn depthwise_layers_agree_with_the_plain_loops(window in windows(), channels in 1..5_usize, seed in any::<u32>()) {
        let window = Window { in_channels: channels, out_channels: channels, groups: channels, ..window };
        prop_assert!(depthwise::applies(&window));
        let (x, w) = (values(window.input_len(), seed), values(window.weight_len(), seed ^ 1));
        let g = values(window.output_len(), seed ^ 2);
        assert_close(&forward(&window, &x, &w), &reference::product(&window, &x, &w))?;
        assert_close(&input_gradient(&window, &w, &g), &reference::product_input_gradient(&window, &w, &g))?;
        assert_close(&weight_gradient(&window, &x, &g), &reference::product_weight_gradient(&window, &x, &g))?;
    }
}
