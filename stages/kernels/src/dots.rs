//! Weight gradients of layers on maps: dot products of upstream gradients with taps, without laying taps out.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::Window;
use crate::grid::Grid;

/// Cells whose products are summed before the vector's lanes are: enough that adding the lanes costs little.
const CELLS: usize = 8192;
/// Values of a cache line, a whole number of vectors of any instruction set.
const LINE: usize = 16;
/// Cells that are gone through at a time, so that what all rows and taps read of them stays in the first cache level.
const SPAN: usize = 256;
/// Taps whose sums are kept at a time.
const TAPS: usize = 32;

/// Returns `[O, C / G, kernel, kernel]`, Σ G · (X − centre) over all pictures and positions, X = 0 on the padding.
pub(crate) fn weight_gradient(
    arch: Arch,
    window: &Window,
    input: &[f32],
    centre: Option<&[f32]>,
    upstream: &[f32],
) -> Vec<f32> {
    let mut gradient = vec![0.0; window.weight_len()];
    let grid = Grid::new(window);
    let taps = grid.taps();
    let pictures = (CELLS / grid.cells()).max(1) * window.groups;
    let batches = input.chunks(pictures * window.group_inputs());
    for (input, upstream) in batches.zip(upstream.chunks(pictures * window.group_outputs())) {
        let inputs = input.par_chunks(window.group_inputs()).enumerate();
        let maps: Vec<Map> = inputs
            .zip(upstream.par_chunks(window.group_outputs()))
            .map(|((at, input), upstream)| {
                let centre = centre.map(|centre| window.group_channels(centre, at % window.groups));
                Map::new(&grid, input, centre, upstream)
            })
            .collect();
        add_products(arch, window, (&grid, &taps), &maps, &mut gradient);
    }
    gradient
}

/// A picture's cells and its upstream gradients by cell.
struct Map {
    cells: Vec<f32>,
    upstream: Vec<f32>,
    /// Value of `upstream` from which on rows of [`padded`] cells follow each other, each at a cache line's start.
    start: usize,
}

impl Map {
    fn new(grid: &Grid, input: &[f32], centre: Option<&[f32]>, upstream: &[f32]) -> Self {
        let mut cells = Vec::new();
        grid.lay_out(input, centre, &mut cells);
        let by_cell = grid.by_cell(upstream);
        let rows = by_cell.chunks_exact(grid.cells());
        let mut upstream = vec![0.0; rows.len() * padded(grid) + LINE];
        let start = upstream.as_ptr().align_offset(LINE * size_of::<f32>());
        for (to, from) in upstream[start..].chunks_exact_mut(padded(grid)).zip(rows) {
            to[..from.len()].copy_from_slice(from);
        }
        Self { cells, upstream, start }
    }
}

/// Returns the cells of a map and as many more, with gradient 0, as fill its last cache line.
fn padded(grid: &Grid) -> usize {
    grid.cells().next_multiple_of(LINE)
}

fn add_products(arch: Arch, window: &Window, (grid, taps): (&Grid, &[usize]), maps: &[Map], gradient: &mut [f32]) {
    let rows = window.out_channels / window.groups;
    let block = rows.div_ceil(4 * rayon::current_num_threads()).next_multiple_of(4).min(16);
    let of_groups = gradient.par_chunks_mut(rows * taps.len()).enumerate();
    of_groups.for_each(|(group, gradient)| {
        let blocks = gradient.par_chunks_mut(block * taps.len()).enumerate();
        blocks.for_each(|(at, gradient)| {
            let maps: Vec<&Map> = maps.iter().skip(group).step_by(window.groups).collect();
            arch.dispatch(Dots { maps: &maps, taps, cells: padded(grid), first: at * block, gradient });
        });
    });
}

/// gradient[i][k] += Σ over maps and cells of upstream[first + i][q] · cells[taps[k] + q].
struct Dots<'a> {
    maps: &'a [&'a Map],
    taps: &'a [usize],
    /// Cells of a map, whole vectors.
    cells: usize,
    first: usize,
    gradient: &'a mut [f32],
}

impl WithSimd for Dots<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let rows = self.gradient.len() / self.taps.len();
        let mut lanes = vec![[simd.splat_f32s(0.0); TAPS]; rows];
        for first in (0..self.taps.len()).step_by(TAPS) {
            let taps = &self.taps[first..self.taps.len().min(first + TAPS)];
            for map in self.maps {
                for cell in (0..self.cells).step_by(SPAN) {
                    let cells = cell..self.cells.min(cell + SPAN);
                    self.span(simd, map, taps, cells, &mut lanes);
                }
            }
            for (gradient, lanes) in self.gradient.chunks_exact_mut(self.taps.len()).zip(&mut lanes) {
                for (total, lanes) in gradient[first..].iter_mut().zip(&mut lanes[..taps.len()]) {
                    *total += simd.reduce_sum_f32s(*lanes);
                    *lanes = simd.splat_f32s(0.0);
                }
            }
        }
    }
}

impl Dots<'_> {
    /// Adds the products of some cells to the lanes of every row and tap.
    #[inline(always)]
    fn span<S: Simd>(&self, simd: S, map: &Map, taps: &[usize], cells: Range<usize>, lanes: &mut [[S::f32s; TAPS]]) {
        for (at, taps) in taps.chunks(4).enumerate() {
            let products =
                Products { map, row: self.first, stride: self.cells, taps, cells: cells.clone(), tap: 4 * at };
            match taps.len() {
                1 => products.strip::<S, 1>(simd, lanes),
                2 => products.strip::<S, 2>(simd, lanes),
                3 => products.strip::<S, 3>(simd, lanes),
                _ => products.strip::<S, 4>(simd, lanes),
            }
        }
    }
}

/// Up to four taps against all rows over some cells.
struct Products<'a> {
    map: &'a Map,
    /// Row of the upstream gradients that the lanes begin with.
    row: usize,
    /// Distance of two of these rows.
    stride: usize,
    /// Where the taps read.
    taps: &'a [usize],
    /// Which lanes are those of the first tap.
    tap: usize,
    cells: Range<usize>,
}

impl Products<'_> {
    /// All rows of `K` taps. Sums, taps and a row fill the registers.
    #[inline(always)]
    fn strip<S: Simd, const K: usize>(&self, simd: S, lanes: &mut [[S::f32s; TAPS]]) {
        let mut row = 0;
        while S::REGISTER_COUNT >= 32 && row + 4 <= lanes.len() {
            self.block::<S, 4, K>(simd, row, lanes);
            row += 4;
        }
        while row + 2 <= lanes.len() {
            self.block::<S, 2, K>(simd, row, lanes);
            row += 2;
        }
        if row < lanes.len() {
            self.block::<S, 1, K>(simd, row, lanes);
        }
    }

    #[inline(always)]
    fn block<S: Simd, const R: usize, const K: usize>(&self, simd: S, row: usize, lanes: &mut [[S::f32s; TAPS]]) {
        let length = self.cells.len();
        let upstream: [&[f32]; R] = std::array::from_fn(|i| {
            &self.map.upstream[self.map.start + (self.row + row + i) * self.stride + self.cells.start..][..length]
        });
        let inputs: [&[f32]; K] = std::array::from_fn(|k| &self.map.cells[self.taps[k] + self.cells.start..][..length]);
        let upstream = upstream.map(|upstream| S::as_simd_f32s(upstream).0);
        let inputs = inputs.map(|inputs| S::as_simd_f32s(inputs).0);
        let mut sums: [[S::f32s; K]; R] =
            std::array::from_fn(|i| std::array::from_fn(|k| lanes[row + i][self.tap + k]));
        for at in 0..length / S::F32_LANES {
            for i in 0..R {
                for k in 0..K {
                    sums[i][k] = simd.mul_add_e_f32s(upstream[i][at], inputs[k][at], sums[i][k]);
                }
            }
        }
        for (lanes, sums) in lanes[row..].iter_mut().zip(&sums) {
            lanes[self.tap..][..K].copy_from_slice(sums);
        }
    }
}
