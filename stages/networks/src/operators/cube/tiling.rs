//! A matrix of sums, computed tile by tile: what the three kernels share.

use burn_cubecl::cubecl;
use cubecl::prelude::*;
use cubecl::{calculate_cube_count_elemwise, client::Client};

/// Terms that stand in shared memory at once.
const DEPTH: usize = 16;
/// Rows, and columns, whose sums one unit keeps in registers at most.
const MICRO: usize = 4;
/// Units of a cube along the rows at most.
const UNIT_ROWS: usize = 16;
/// Units of a cube at most: the least that every device offers.
const UNITS: usize = 256;
/// Units of a cube along the columns at most, so that the two strips fit 16 KiB, the least that every device offers.
const UNIT_COLUMNS: usize = 32;
/// Units of a cube at least: a plane of the common devices.
const PLANE: usize = 32;

/// How the units of a cube share a tile of the matrix. It is compiled into a kernel.
///
/// The unit at (r, c) owns the rows `r + i · unit_rows` and the columns `c + j · unit_columns` of its tile, so that
/// neighbouring units read and write neighbouring values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Tiling {
    /// Units along the rows.
    pub(super) unit_rows: usize,
    /// Units along the columns.
    pub(super) unit_columns: usize,
    /// Rows of one unit.
    pub(super) micro_rows: usize,
    /// Columns of one unit.
    pub(super) micro_columns: usize,
    /// Terms per strip.
    pub(super) depth: usize,
}

impl Tiling {
    /// Returns the tiling for a matrix of `rows` by `columns` whose elements are sums of `terms` terms: large tiles
    /// where there is enough to fill them, narrow ones for few channels per group.
    pub(super) fn new(rows: usize, columns: usize, terms: usize) -> Self {
        let micro_rows = rows.next_power_of_two().min(MICRO);
        let unit_rows = rows.div_ceil(micro_rows).next_power_of_two().min(UNIT_ROWS);
        let most = UNIT_COLUMNS.min(UNITS / unit_rows);
        let unit_columns = columns.next_power_of_two().clamp(PLANE.div_ceil(unit_rows), most);
        let micro_columns = columns.div_ceil(unit_columns).next_power_of_two().min(MICRO);
        Self { unit_rows, unit_columns, micro_rows, micro_columns, depth: terms.clamp(1, DEPTH) }
    }

    /// Returns the rows of a tile.
    pub(super) const fn rows(&self) -> usize {
        self.unit_rows * self.micro_rows
    }

    /// Returns the columns of a tile.
    pub(super) const fn columns(&self) -> usize {
        self.unit_columns * self.micro_columns
    }

    /// Returns the units of a cube.
    pub(super) const fn units(&self) -> usize {
        self.unit_rows * self.unit_columns
    }

    /// Returns the sums of one unit.
    pub(super) const fn micro(&self) -> usize {
        self.micro_rows * self.micro_columns
    }

    /// Returns the distance of two terms in the strip of the left operand. One more than the rows: units that write
    /// one row at several terms then meet different memory banks.
    pub(super) const fn left_pitch(&self) -> usize {
        self.rows() + 1
    }

    /// Returns the distance of two terms in the strip of the right operand.
    pub(super) const fn right_pitch(&self) -> usize {
        self.columns() + 1
    }

    /// Returns the values of the left strip.
    pub(super) const fn left_len(&self) -> usize {
        self.depth * self.left_pitch()
    }

    /// Returns the values of the right strip.
    pub(super) const fn right_len(&self) -> usize {
        self.depth * self.right_pitch()
    }

    /// Returns the lines of a strip that the units fill at once, each line `depth` terms.
    pub(super) const fn lines(&self) -> usize {
        self.units() / self.depth
    }

    /// Returns the tiles of a matrix.
    pub(super) const fn tiles(&self, rows: usize, columns: usize) -> usize {
        rows.div_ceil(self.rows()) * columns.div_ceil(self.columns())
    }

    /// Returns the units of a cube as a launch wants them.
    pub(super) fn cube_dim(&self) -> CubeDim {
        CubeDim::new_1d(self.units() as u32)
    }

    /// Returns at least `cubes` cubes, spread over the axes of the grid as the device wants them.
    pub(super) fn cube_count(&self, client: &Client, cubes: usize) -> CubeCount {
        calculate_cube_count_elemwise(client, cubes * self.units(), self.cube_dim())
    }
}

/// Where a cube's tile stands.
#[derive(CubeType)]
pub(super) struct Place {
    /// Which of the matrices; the last cubes of a grid may stand behind the last one.
    pub(super) matrix: usize,
    /// First row.
    pub(super) row: usize,
    /// First column.
    pub(super) column: usize,
}

/// Returns the place of this cube in a stack of matrices. Cubes that follow each other share their columns, whose
/// operand is the larger one.
#[cube]
pub(super) fn place(rows: usize, columns: usize, #[comptime] tiling: Tiling) -> Place {
    let row_tiles = rows.div_ceil(comptime!(tiling.rows()));
    let column_tiles = columns.div_ceil(comptime!(tiling.columns()));
    let tile = CUBE_POS / row_tiles;
    Place {
        matrix: tile / column_tiles,
        row: CUBE_POS % row_tiles * comptime!(tiling.rows()),
        column: tile % column_tiles * comptime!(tiling.columns()),
    }
}

/// Returns the row within the tile of the unit's `at`-th row.
#[cube]
pub(super) fn unit_row(#[comptime] at: usize, #[comptime] tiling: Tiling) -> usize {
    UNIT_POS as usize / comptime!(tiling.unit_columns) + comptime!(at * tiling.unit_rows)
}

/// Returns the column within the tile of the unit's `at`-th column.
#[cube]
pub(super) fn unit_column(#[comptime] at: usize, #[comptime] tiling: Tiling) -> usize {
    UNIT_POS as usize % comptime!(tiling.unit_columns) + comptime!(at * tiling.unit_columns)
}

/// The term of a sum.
#[cube]
pub(super) trait Term: Send + Sync + 'static {
    /// Returns `sum` with the term of the two operands, given the value that belongs to the sum's own place.
    fn added(sum: f32, left: f32, right: f32, own: f32) -> f32;
}

/// Adds the terms of the two strips to the unit's sums.
///
/// # Shapes
/// - `left`: `[depth, left_pitch]`, `right`: `[depth, right_pitch]`, zero behind the last term
/// - `own`, `sums`: `[micro_rows, micro_columns]`
#[cube]
pub(super) fn add_terms<T: Term>(
    left: &Shared<[f32]>,
    right: &Shared<[f32]>,
    own: &Array<f32>,
    sums: &mut Array<f32>,
    #[comptime] tiling: Tiling,
) {
    let mut rights = Array::<f32>::new(comptime!(tiling.micro_columns));
    for term in 0..comptime!(tiling.depth) {
        #[unroll]
        for j in 0..comptime!(tiling.micro_columns) {
            rights[j] = right[term * comptime!(tiling.right_pitch()) + unit_column(j, tiling)];
        }
        #[unroll]
        for i in 0..comptime!(tiling.micro_rows) {
            let value = left[term * comptime!(tiling.left_pitch()) + unit_row(i, tiling)];
            #[unroll]
            for j in 0..comptime!(tiling.micro_columns) {
                let at = comptime!(i * tiling.micro_columns + j);
                sums[at] = T::added(sums[at], value, rights[j], own[at]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_layer_takes_square_tiles() {
        let tiling = Tiling::new(64, 32 * 1024, 576);
        assert_eq!((tiling.rows(), tiling.columns(), tiling.units(), tiling.depth), (64, 64, 256, 16));
    }

    #[test]
    fn a_depthwise_layer_takes_one_row() {
        let tiling = Tiling::new(1, 32 * 1024, 9);
        assert_eq!((tiling.rows(), tiling.columns(), tiling.units(), tiling.depth), (1, 128, 32, 9));
    }

    #[test]
    fn every_tiling_keeps_the_least_limits_of_a_device() {
        for (rows, columns) in (1..=130).flat_map(|rows| (1..=130).map(move |columns| (rows, columns))) {
            let tiling = Tiling::new(rows, columns, 1000);
            assert!((PLANE..=UNITS).contains(&tiling.units()), "{tiling:?}");
            assert!(tiling.lines() > 0, "{tiling:?}");
            let shared = (tiling.left_pitch() + tiling.right_pitch()) * tiling.depth * size_of::<f32>();
            assert!(shared <= 16 * 1024, "{tiling:?}");
        }
    }
}
