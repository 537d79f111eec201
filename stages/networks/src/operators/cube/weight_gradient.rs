use burn_cubecl::cubecl;
use burn_cubecl::tensor::CubeTensor;
use cubecl::calculate_cube_count_elemwise;
use cubecl::prelude::*;
use kernels::Window;

use super::empty;
use super::patches::{Geometry, geometry, patch, under};
use super::tiling::{Term, Tiling, add_terms, place, unit_column, unit_row};

/// Units that keep a large device busy (a hundred multiprocessors of a thousand): where the tiles of the weight have
/// fewer, the batch is cut into shares.
const WANTED_UNITS: usize = 100 * 1024;
/// Positions of a share at least, so that writing and adding its sums costs little beside computing them.
const LEAST_POSITIONS: usize = 256;

/// Returns dW = Σ G · (X − W), X = 0 on the padding.
///
/// The positions of the batch are cut into shares, each with sums of its own, which are added in a fixed order.
///
/// # Shapes
/// - `input`: `[B, C, H, W]`, `weight`: `[O, C / groups, K, K]`, `upstream`: `[B, O, Y, X]`, all in row-major order
/// - returns: `[O, C / groups, K, K]`
pub(super) fn launch(window: &Window, input: CubeTensor, weight: CubeTensor, upstream: CubeTensor) -> CubeTensor {
    let (rows, columns) = (window.out_channels / window.groups, window.taps());
    let positions = window.batch * window.positions();
    let tiling = Tiling::new(rows, columns, positions);
    let tiles = tiling.tiles(rows, columns) * window.groups;
    let most = positions.div_ceil(LEAST_POSITIONS);
    let share = positions.div_ceil((WANTED_UNITS / (tiles * tiling.units())).clamp(1, most));
    let shares = positions.div_ceil(share);
    let parts = empty(&input, &[shares, window.weight_len()]);
    let client = parts.client.clone();
    // SAFETY: the tensors have the shapes of the window and its shares, and the kernel stays within those.
    unsafe {
        differences::launch_unchecked(
            &client,
            tiling.cube_count(&client, tiles * shares),
            tiling.cube_dim(),
            input.into_buffer_arg(),
            weight.into_buffer_arg(),
            upstream.into_buffer_arg(),
            parts.clone().into_buffer_arg(),
            SharesLaunch::new(geometry(window), shares, share),
            tiling,
        );
    }
    total(window, parts, shares)
}

/// Returns the sum over the shares.
///
/// # Shapes
/// - `parts`: `[shares, weights]`
/// - returns: `[O, C / groups, K, K]`
fn total(window: &Window, parts: CubeTensor, shares: usize) -> CubeTensor {
    let gradient = empty(&parts, &window.weight_shape());
    let client = gradient.client.clone();
    let cube_dim = CubeDim::new(&client, window.weight_len());
    // SAFETY: the kernel reads `shares` times as many values as it writes, and writes no more than there are weights.
    unsafe {
        add_parts::launch_unchecked(
            &client,
            calculate_cube_count_elemwise(&client, window.weight_len(), cube_dim),
            cube_dim,
            parts.into_buffer_arg(),
            gradient.clone().into_buffer_arg(),
            window.weight_len(),
            shares,
        );
    }
    gradient
}

/// One unit per weight.
#[cube(launch_unchecked)]
fn add_parts(parts: &[f32], gradient: &mut [f32], weights: usize, shares: usize) {
    if ABSOLUTE_POS >= weights {
        terminate!();
    }
    let mut sum = 0.0f32;
    for share in 0..shares {
        sum += parts[share * weights + ABSOLUTE_POS];
    }
    gradient[ABSOLUTE_POS] = sum;
}

/// A window whose positions are cut into shares.
#[derive(CubeLaunch, CubeType)]
struct Shares {
    geometry: Geometry,
    /// Shares of the batch.
    count: usize,
    /// Positions of a share; the last one may have fewer.
    positions: usize,
}

/// What a cube computes: one tile of the weights of one group, from one share of the positions.
#[derive(CubeType)]
struct Piece {
    group: usize,
    /// First output channel of the tile within the group.
    row: usize,
    /// First tap of the tile.
    column: usize,
    /// First position behind the share.
    end: usize,
}

/// G · (X − W) of an upstream value (left), an input value (right) and the weight itself.
struct Difference;

#[cube]
impl Term for Difference {
    fn added(sum: f32, left: f32, right: f32, own: f32) -> f32 {
        sum + left * (right - own)
    }
}

/// Rows: output channels of a group. Columns: taps. Terms: positions of the share.
#[cube(launch_unchecked)]
fn differences(
    input: &[f32],
    weight: &[f32],
    upstream: &[f32],
    parts: &mut [f32],
    shares: Shares,
    #[comptime] tiling: Tiling,
) {
    let geometry = &shares.geometry;
    let place = place(geometry.outputs, geometry.taps(), tiling);
    let share = place.matrix / geometry.groups;
    if share >= shares.count {
        terminate!();
    }
    let start = share * shares.positions;
    let end = clamp_max(start + shares.positions, geometry.batch * geometry.positions());
    let piece = Piece { group: place.matrix % geometry.groups, row: place.row, column: place.column, end };
    let own = own_values(weight, &piece, geometry, tiling);
    let mut sums = Array::<f32>::new(comptime!(tiling.micro()));
    let mut left = Shared::<[f32]>::new_slice(comptime!(tiling.left_len()));
    let mut right = Shared::<[f32]>::new_slice(comptime!(tiling.right_len()));
    let depth = comptime!(tiling.depth);
    for step in 0..(end - start).div_ceil(depth) {
        bring_upstream(upstream, &mut left, &piece, start + step * depth, geometry, tiling);
        bring_patches(input, &mut right, &piece, start + step * depth, geometry, tiling);
        sync_cube();
        add_terms::<Difference>(&left, &right, &own, &mut sums, tiling);
        sync_cube();
    }
    store(parts, &sums, &piece, share, geometry, tiling);
}

/// Returns the weights that the unit's sums belong to.
#[cube]
fn own_values(weight: &[f32], piece: &Piece, geometry: &Geometry, #[comptime] tiling: Tiling) -> Array<f32> {
    let mut own = Array::<f32>::new(comptime!(tiling.micro()));
    #[unroll]
    for i in 0..comptime!(tiling.micro_rows) {
        #[unroll]
        for j in 0..comptime!(tiling.micro_columns) {
            let (out, tap) = (piece.row + unit_row(i, tiling), piece.column + unit_column(j, tiling));
            if out < geometry.outputs && tap < geometry.taps() {
                own[comptime!(i * tiling.micro_columns + j)] =
                    weight[(piece.group * geometry.outputs + out) * geometry.taps() + tap];
            }
        }
    }
    own
}

/// Fills the left strip with the upstream values of the tile's output channels, the positions from `first` on.
#[cube]
fn bring_upstream(
    upstream: &[f32],
    left: &mut Shared<[f32]>,
    piece: &Piece,
    first: usize,
    geometry: &Geometry,
    #[comptime] tiling: Tiling,
) {
    let term = UNIT_POS as usize % comptime!(tiling.depth);
    let line = UNIT_POS as usize / comptime!(tiling.depth);
    let positions = geometry.positions();
    let picture = (first + term) / positions;
    let start = (picture * geometry.groups + piece.group) * geometry.outputs;
    for pass in 0..comptime!(tiling.rows().div_ceil(tiling.lines())) {
        let row = line + pass * comptime!(tiling.lines());
        let out = piece.row + row;
        let mut value = 0.0f32;
        if out < geometry.outputs && first + term < piece.end {
            value = upstream[(start + out) * positions + (first + term) % positions];
        }
        if line < comptime!(tiling.lines()) && row < comptime!(tiling.rows()) {
            left[term * comptime!(tiling.left_pitch()) + row] = value;
        }
    }
}

/// Fills the right strip with what lies under the tile's taps at the positions from `first` on.
#[cube]
fn bring_patches(
    input: &[f32],
    right: &mut Shared<[f32]>,
    piece: &Piece,
    first: usize,
    geometry: &Geometry,
    #[comptime] tiling: Tiling,
) {
    let term = UNIT_POS as usize % comptime!(tiling.depth);
    let line = UNIT_POS as usize / comptime!(tiling.depth);
    let patch = patch(first + term, piece.end, piece.group, geometry);
    for pass in 0..comptime!(tiling.columns().div_ceil(tiling.lines())) {
        let column = line + pass * comptime!(tiling.lines());
        let tap = piece.column + column;
        let mut value = 0.0f32;
        if tap < geometry.taps() {
            value = under(input, &patch, tap, geometry);
        }
        if line < comptime!(tiling.lines()) && column < comptime!(tiling.columns()) {
            right[term * comptime!(tiling.right_pitch()) + column] = value;
        }
    }
}

/// Writes the unit's sums to the place of the share.
#[cube]
fn store(
    parts: &mut [f32],
    sums: &Array<f32>,
    piece: &Piece,
    share: usize,
    geometry: &Geometry,
    #[comptime] tiling: Tiling,
) {
    let first = (share * geometry.groups + piece.group) * geometry.outputs;
    #[unroll]
    for i in 0..comptime!(tiling.micro_rows) {
        #[unroll]
        for j in 0..comptime!(tiling.micro_columns) {
            let (out, tap) = (piece.row + unit_row(i, tiling), piece.column + unit_column(j, tiling));
            if out < geometry.outputs && tap < geometry.taps() {
                parts[(first + out) * geometry.taps() + tap] = sums[comptime!(i * tiling.micro_columns + j)];
            }
        }
    }
}
