//! Random shapes and values for the tests of every kernel.

use proptest::prelude::*;
use pulp::Arch;

use crate::Window;

/// Returns every instruction set of this machine, the plainest first.
pub(crate) fn archs() -> Vec<Arch> {
    let mut archs = vec![Arch::Scalar];
    #[cfg(target_arch = "x86_64")]
    archs.extend(pulp::x86::V3::try_new().map(Arch::V3));
    #[cfg(target_arch = "x86_64")]
    archs.extend(pulp::x86::V4::try_new().map(Arch::V4));
    archs
}

/// Layers on maps, with tails on every axis.
pub(crate) fn windows() -> impl Strategy<Value = Window> {
    let sizes = (1..4_usize, 1..6_usize, 1..10_usize, 1..20_usize, 1..20_usize, 1..5_usize);
    (sizes, 1..4_usize, 0..3_usize, 1..3_usize).prop_filter_map("window fits", |(sizes, stride, padding, groups)| {
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

/// Layers with one filter per channel.
pub(crate) fn depthwise_windows() -> impl Strategy<Value = Window> {
    windows().prop_map(|window| Window { groups: window.in_channels, out_channels: window.in_channels, ..window })
}

/// Layers that are products of matrices.
pub(crate) fn matrices() -> impl Strategy<Value = Window> {
    (1..70_usize, 1..90_usize, 1..140_usize).prop_map(|(rows, depth, columns)| matrix(rows, depth, columns))
}

/// Returns the layer `[rows, inputs]` by `[outputs, inputs]`.
pub(crate) fn matrix(rows: usize, inputs: usize, outputs: usize) -> Window {
    Window {
        batch: rows,
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

/// Values in [−2, 2) that differ from element to element.
pub(crate) fn values(length: usize, seed: u32) -> Vec<f32> {
    let mut state = u64::from(seed) << 1 | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 22) as f32 - 2.0
    };
    (0..length).map(|_| next()).collect()
}

/// Checks sums of some thousand terms of magnitude 8 at most.
pub(crate) fn assert_close(found: &[f32], wanted: &[f32]) -> Result<(), TestCaseError> {
    prop_assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(wanted) {
        prop_assert!((found - wanted).abs() <= 1e-3 * (1.0 + wanted.abs()), "{} instead of {}", found, wanted);
    }
    Ok(())
}

/// Returns what `function` returns with one thread and with three.
pub(crate) fn with_threads<T: Send>(function: impl Fn() -> T + Sync + Send) -> [T; 2] {
    [1, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
        pool.install(&function)
    })
}

/// Bytes of all values.
pub(crate) fn bytes(length: usize, seed: u32) -> Vec<u8> {
    values(length, seed).into_iter().map(|value| ((value + 2.0) * 64.0) as u8).collect()
}
