use burn::tensor::DType;
use burn_cubecl::cubecl;
use burn_cubecl::ops::numeric::zeros;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;
use kernels::Window;

use super::empty;
use super::phase::{Axis, Phase, Pixel, phase};
use super::tiling::{Place, Term, Tiling, add_terms, place, unit_column, unit_row};

/// Returns dX = Σ G · clip(W − X, −1, 1); taps on the padding receive nothing.
///
/// # Shapes
/// - `input`: `[B, C, H, W]`, `weight`: `[O, C / groups, K, K]`, `upstream`: `[B, O, Y, X]`, all in row-major order
/// - returns: `[B, C, H, W]`
pub(super) fn launch(window: &Window, input: CubeTensor, weight: CubeTensor, upstream: CubeTensor) -> CubeTensor {
    // A stride longer than the window steps over pixels: their phases have no taps and are not launched.
    let gradient = match window.stride > window.kernel {
        true => zeros(input.device.clone(), window.input_shape().into(), DType::F32),
        false => empty(&input, &window.input_shape()),
    };
    let axes = |phase: usize| [phase / window.stride, phase % window.stride].map(|first| Axis::new(window, first));
    for [rows, columns] in (0..window.stride.pow(2)).map(axes) {
        if rows.pixels(window.height) * columns.pixels(window.width) * rows.taps * columns.taps > 0 {
            launch_phase(window, [&input, &weight, &upstream, &gradient], rows, columns);
        }
    }
    gradient
}

fn launch_phase(window: &Window, tensors: [&CubeTensor; 4], rows: Axis, columns: Axis) {
    let channels = window.in_channels / window.groups;
    let pixels = window.batch * rows.pixels(window.height) * columns.pixels(window.width);
    let tiling = Tiling::new(channels, pixels, window.out_channels / window.groups * rows.taps * columns.taps);
    let client = &tensors[0].client;
    let [input, weight, upstream, gradient] = tensors.map(|tensor| tensor.clone().into_buffer_arg());
    // SAFETY: the tensors have the shapes of the window, and the kernel stays within those.
    unsafe {
        clipped_differences::launch_unchecked(
            client,
            tiling.cube_count(client, tiling.tiles(channels, pixels) * window.groups),
            tiling.cube_dim(),
            input,
            weight,
            upstream,
            gradient,
            phase(window, rows, columns),
            tiling,
        );
    }
}

/// G · clip(W − X, −1, 1) of a weight (left), an upstream value (right) and the pixel's own value.
struct ClippedDifference;

#[cube]
impl Term for ClippedDifference {
    fn added(sum: f32, left: f32, right: f32, own: f32) -> f32 {
        sum + right * (left - own).clamp(-1.0, 1.0)
    }
}

/// Rows: input channels of a group. Columns: pixels of the phase in the batch. Terms: (output channel, tap).
#[cube(launch_unchecked)]
fn clipped_differences(
    input: &[f32],
    weight: &[f32],
    upstream: &[f32],
    gradient: &mut [f32],
    phase: Phase,
    #[comptime] tiling: Tiling,
) {
    let place = place(phase.geometry.inputs, phase.pixels(), tiling);
    if place.matrix >= phase.geometry.groups {
        terminate!();
    }
    let mut pixels = Sequence::<Pixel>::new();
    #[unroll]
    for j in 0..comptime!(tiling.micro_columns) {
        pixels.push(phase.pixel(place.column + unit_column(j, tiling), place.matrix));
    }
    let own = own_values(input, &pixels, &place, &phase, tiling);
    let mut sums = Array::<f32>::new(comptime!(tiling.micro()));
    let mut left = Shared::<[f32]>::new_slice(comptime!(tiling.left_len()));
    let mut right = Shared::<[f32]>::new_slice(comptime!(tiling.right_len()));
    let depth = comptime!(tiling.depth);
    for step in 0..phase.terms().div_ceil(depth) {
        bring_weights(weight, &mut left, &place, step * depth, &phase, tiling);
        bring_upstream(upstream, &mut right, &pixels, step * depth, &phase, tiling);
        sync_cube();
        add_terms::<ClippedDifference>(&left, &right, &own, &mut sums, tiling);
        sync_cube();
    }
    store(gradient, &sums, &pixels, &place, &phase, tiling);
}

/// Returns the unit's own input values.
#[cube]
fn own_values(
    input: &[f32],
    pixels: &Sequence<Pixel>,
    place: &Place,
    phase: &Phase,
    #[comptime] tiling: Tiling,
) -> Array<f32> {
    let mut own = Array::<f32>::new(comptime!(tiling.micro()));
    #[unroll]
    for j in 0..comptime!(tiling.micro_columns) {
        let is_pixel = place.column + unit_column(j, tiling) < phase.pixels();
        #[unroll]
        for i in 0..comptime!(tiling.micro_rows) {
            let channel = place.row + unit_row(i, tiling);
            if is_pixel && channel < phase.geometry.inputs {
                let plane = channel * phase.geometry.height * phase.geometry.width;
                own[comptime!(i * tiling.micro_columns + j)] = input[pixels.index(j).index + plane];
            }
        }
    }
    own
}

/// Fills the left strip with the weights of the tile's input channels, the terms from `first` on.
#[cube]
fn bring_weights(
    weight: &[f32],
    left: &mut Shared<[f32]>,
    place: &Place,
    first: usize,
    phase: &Phase,
    #[comptime] tiling: Tiling,
) {
    let geometry = &phase.geometry;
    let term = UNIT_POS as usize % comptime!(tiling.depth);
    let line = UNIT_POS as usize / comptime!(tiling.depth);
    let tap = phase.tap(first + term);
    let start = phase.weight_index(&tap, place.matrix);
    for pass in 0..comptime!(tiling.rows().div_ceil(tiling.lines())) {
        let row = line + pass * comptime!(tiling.lines());
        let channel = place.row + row;
        let mut value = 0.0f32;
        if channel < geometry.inputs && tap.channel < geometry.outputs {
            value = weight[start + channel * comptime!(geometry.kernel * geometry.kernel)];
        }
        if line < comptime!(tiling.lines()) && row < comptime!(tiling.rows()) {
            left[term * comptime!(tiling.left_pitch()) + row] = value;
        }
    }
}

/// Fills the right strip with the upstream values of the terms from `first` on; every unit fills its own columns.
#[cube]
fn bring_upstream(
    upstream: &[f32],
    right: &mut Shared<[f32]>,
    pixels: &Sequence<Pixel>,
    first: usize,
    phase: &Phase,
    #[comptime] tiling: Tiling,
) {
    for pass in 0..comptime!(tiling.depth.div_ceil(tiling.unit_rows)) {
        let term = unit_row(0usize, tiling) + pass * comptime!(tiling.unit_rows);
        if term < comptime!(tiling.depth) {
            let tap = phase.tap(first + term);
            #[unroll]
            for j in 0..comptime!(tiling.micro_columns) {
                right[term * comptime!(tiling.right_pitch()) + unit_column(j, tiling)] =
                    phase.met(upstream, pixels.index(j), &tap);
            }
        }
    }
}

/// Writes the unit's sums.
#[cube]
fn store(
    gradient: &mut [f32],
    sums: &Array<f32>,
    pixels: &Sequence<Pixel>,
    place: &Place,
    phase: &Phase,
    #[comptime] tiling: Tiling,
) {
    #[unroll]
    for j in 0..comptime!(tiling.micro_columns) {
        let is_pixel = place.column + unit_column(j, tiling) < phase.pixels();
        #[unroll]
        for i in 0..comptime!(tiling.micro_rows) {
            let channel = place.row + unit_row(i, tiling);
            if is_pixel && channel < phase.geometry.inputs {
                let plane = channel * phase.geometry.height * phase.geometry.width;
                gradient[pixels.index(j).index + plane] = sums[comptime!(i * tiling.micro_columns + j)];
            }
        }
    }
}
