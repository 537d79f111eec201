//! Random shapes and values for the tests of every kernel.

use proptest::prelude::*;

use crate::Window;

pub(crate) fn windows() -> impl Strategy<Value = Window> {
    let sizes = (1..4_usize, 1..4_usize, 1..4_usize, 1..9_usize, 1..9_usize, 1..4_usize);
    (sizes, 1..4_usize, 0..2_usize, 1..3_usize).prop_filter_map("window fits", |(sizes, stride, padding, groups)| {
        let (batch, inputs, outputs, height, width, kernel) = sizes;
        let fits = height + 2 * padding >= kernel && width + 2 * padding >= kernel;
        fits.then_some(Window {
            batch,
            in_channels: inputs * groups,
            out_channels: outputs * groups,
            height,
            width,
            kernel,
            stride,
            padding,
            groups,
        })
    })
}

/// Values in [−2, 2) that differ from element to element.
pub(crate) fn values(length: usize, seed: u32) -> Vec<f32> {
    let mut state = u64::from(seed) << 1 | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 22) as f32 - 2.0
    };
    (0..length).map(|_| next()).collect()
}

pub(crate) fn assert_close(found: &[f32], wanted: &[f32]) -> Result<(), TestCaseError> {
    prop_assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(wanted) {
        // Sums of at most 27·64 terms of magnitude 8 in single precision.
        prop_assert!((found - wanted).abs() <= 1e-3 * (1.0 + wanted.abs()), "{} instead of {}", found, wanted);
    }
    Ok(())
}
