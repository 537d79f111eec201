use burn_cubecl::cubecl;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;
use kernels::Window;

use super::empty;
use super::patches::{Geometry, Patch, geometry, patch, under};
use super::tiling::{Place, Term, Tiling, add_terms, place, unit_column, unit_row};

/// Returns y = −Σ |x − w|; a tap on the padding contributes −|0 − w|.
///
/// # Shapes
/// - `input`: `[B, C, H, W]`, `weight`: `[O, C / groups, K, K]`, both in row-major order
/// - returns: `[B, O, Y, X]`
pub(super) fn launch(window: &Window, input: CubeTensor, weight: CubeTensor) -> CubeTensor {
    let output = empty(&input, &window.output_shape());
    let (rows, columns) = (window.out_channels / window.groups, window.batch * window.positions());
    let tiling = Tiling::new(rows, columns, window.taps());
    let client = output.client.clone();
    // SAFETY: the tensors have the shapes of the window, and the kernel stays within those.
    unsafe {
        distances::launch_unchecked(
            &client,
            tiling.cube_count(&client, tiling.tiles(rows, columns) * window.groups),
            tiling.cube_dim(),
            input.into_buffer_arg(),
            weight.into_buffer_arg(),
            output.clone().into_buffer_arg(),
            geometry(window),
            tiling,
        );
    }
    output
}

/// −|right − left|.
struct Distance;

#[cube]
impl Term for Distance {
    fn added(sum: f32, left: f32, right: f32, _own: f32) -> f32 {
        sum - (right - left).abs()
    }
}

/// Rows: output channels of a group. Columns: positions of the batch. Terms: taps.
#[cube(launch_unchecked)]
fn distances(input: &[f32], weight: &[f32], output: &mut [f32], geometry: Geometry, #[comptime] tiling: Tiling) {
    let columns = geometry.batch * geometry.positions();
    let place = place(geometry.outputs, columns, tiling);
    if place.matrix >= geometry.groups {
        terminate!();
    }
    let mut patches = Sequence::<Patch>::new();
    #[unroll]
    for j in 0..comptime!(tiling.micro_columns) {
        patches.push(patch(place.column + unit_column(j, tiling), columns, place.matrix, &geometry));
    }
    let mut left = Shared::<[f32]>::new_slice(comptime!(tiling.left_len()));
    let mut right = Shared::<[f32]>::new_slice(comptime!(tiling.right_len()));
    let own = Array::<f32>::new(comptime!(tiling.micro()));
    let mut sums = Array::<f32>::new(comptime!(tiling.micro()));
    let depth = comptime!(tiling.depth);
    for step in 0..geometry.taps().div_ceil(depth) {
        bring_weights(weight, &mut left, &place, step * depth, &geometry, tiling);
        bring_patches(input, &mut right, &patches, step * depth, &geometry, tiling);
        sync_cube();
        add_terms::<Distance>(&left, &right, &own, &mut sums, tiling);
        sync_cube();
    }
    store(output, &sums, &place, &geometry, tiling);
}

/// Fills the left strip with the weights of the tile's output channels from the tap `first` on.
#[cube]
fn bring_weights(
    weight: &[f32],
    left: &mut Shared<[f32]>,
    place: &Place,
    first: usize,
    geometry: &Geometry,
    #[comptime] tiling: Tiling,
) {
    let term = UNIT_POS as usize % comptime!(tiling.depth);
    let line = UNIT_POS as usize / comptime!(tiling.depth);
    let tap = first + term;
    for pass in 0..comptime!(tiling.rows().div_ceil(tiling.lines())) {
        let row = line + pass * comptime!(tiling.lines());
        let out = place.row + row;
        let mut value = 0.0f32;
        if out < geometry.outputs && tap < geometry.taps() {
            value = weight[(place.matrix * geometry.outputs + out) * geometry.taps() + tap];
        }
        if line < comptime!(tiling.lines()) && row < comptime!(tiling.rows()) {
            left[term * comptime!(tiling.left_pitch()) + row] = value;
        }
    }
}

/// Fills the right strip with what lies under the taps from `first` on; every unit fills its own columns.
#[cube]
fn bring_patches(
    input: &[f32],
    right: &mut Shared<[f32]>,
    patches: &Sequence<Patch>,
    first: usize,
    geometry: &Geometry,
    #[comptime] tiling: Tiling,
) {
    for pass in 0..comptime!(tiling.depth.div_ceil(tiling.unit_rows)) {
        let term = unit_row(0usize, tiling) + pass * comptime!(tiling.unit_rows);
        if term < comptime!(tiling.depth) {
            let tap = first + term;
            #[unroll]
            for j in 0..comptime!(tiling.micro_columns) {
                let mut value = 0.0f32;
                if tap < geometry.taps() {
                    value = under(input, patches.index(j), tap, geometry);
                }
                right[term * comptime!(tiling.right_pitch()) + unit_column(j, tiling)] = value;
            }
        }
    }
}

/// Writes the unit's sums.
#[cube]
fn store(output: &mut [f32], sums: &Array<f32>, place: &Place, geometry: &Geometry, #[comptime] tiling: Tiling) {
    let positions = geometry.positions();
    #[unroll]
    for j in 0..comptime!(tiling.micro_columns) {
        let column = place.column + unit_column(j, tiling);
        let channel = (column / positions * geometry.groups + place.matrix) * geometry.outputs;
        #[unroll]
        for i in 0..comptime!(tiling.micro_rows) {
            let row = place.row + unit_row(i, tiling);
            if row < geometry.outputs && column < geometry.batch * positions {
                output[(channel + row) * positions + column % positions] =
                    sums[comptime!(i * tiling.micro_columns + j)];
            }
        }
    }
}
