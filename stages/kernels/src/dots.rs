//! Weight gradients of layers on maps: dot products of upstream gradients with taps, without laying taps out.

use std::borrow::Cow;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::Window;
use crate::grid::Grid;

/// Cells whose products are summed before the vector's lanes are: enough that adding the lanes costs little.
const CELLS: usize = 8192;

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
        let maps: Vec<Map<'_>> = inputs
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
struct Map<'a> {
    cells: Cow<'a, [f32]>,
    upstream: Cow<'a, [f32]>,
}

impl<'a> Map<'a> {
    fn new(grid: &Grid, input: &'a [f32], centre: Option<&[f32]>, upstream: &'a [f32]) -> Self {
        let mut owned = Vec::new();
        let cells = match grid.is_picture() && centre.is_none() {
            true => Cow::Borrowed(input),
            false => {
                grid.lay_out(input, centre, &mut owned);
                Cow::Owned(owned)
            }
        };
        Self { cells, upstream: grid.by_cell(upstream) }
    }
}

fn add_products(arch: Arch, window: &Window, (grid, taps): (&Grid, &[usize]), maps: &[Map<'_>], gradient: &mut [f32]) {
    let rows = window.out_channels / window.groups;
    let block = rows.div_ceil(4 * rayon::current_num_threads()).next_multiple_of(4).min(16);
    let of_groups = gradient.par_chunks_mut(rows * taps.len()).enumerate();
    of_groups.for_each(|(group, gradient)| {
        let blocks = gradient.par_chunks_mut(block * taps.len()).enumerate();
        blocks.for_each(|(at, gradient)| {
            let maps: Vec<&Map<'_>> = maps.iter().skip(group).step_by(window.groups).collect();
            arch.dispatch(Dots { maps: &maps, taps, cells: grid.cells(), first: at * block, gradient });
        });
    });
}

/// gradient[i][k] += Σ over maps and cells of upstream[first + i][q] · cells[taps[k] + q].
struct Dots<'a> {
    maps: &'a [&'a Map<'a>],
    taps: &'a [usize],
    cells: usize,
    first: usize,
    gradient: &'a mut [f32],
}

impl WithSimd for Dots<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let rows = self.gradient.len() / self.taps.len();
        for tap in (0..self.taps.len()).step_by(4) {
            match self.taps.len() - tap {
                1 => self.strip::<S, 1>(simd, rows, tap),
                2 => self.strip::<S, 2>(simd, rows, tap),
                3 => self.strip::<S, 3>(simd, rows, tap),
                _ => self.strip::<S, 4>(simd, rows, tap),
            }
        }
    }
}

impl Dots<'_> {
    /// All rows of `K` taps. Sums, taps and a row fill the registers.
    #[inline(always)]
    fn strip<S: Simd, const K: usize>(&mut self, simd: S, rows: usize, tap: usize) {
        let mut row = 0;
        while S::REGISTER_COUNT >= 32 && row + 4 <= rows {
            self.block::<S, 4, K>(simd, row, tap);
            row += 4;
        }
        while row + 2 <= rows {
            self.block::<S, 2, K>(simd, row, tap);
            row += 2;
        }
        if row < rows {
            self.block::<S, 1, K>(simd, row, tap);
        }
    }

    #[inline(always)]
    fn block<S: Simd, const R: usize, const K: usize>(&mut self, simd: S, row: usize, tap: usize) {
        let mut sums = [[simd.splat_f32s(0.0); K]; R];
        for map in self.maps {
            let upstream: [&[f32]; R] =
                std::array::from_fn(|i| &map.upstream[(self.first + row + i) * self.cells..][..self.cells]);
            let inputs: [&[f32]; K] = std::array::from_fn(|k| &map.cells[self.taps[tap + k]..][..self.cells]);
            let upstream = upstream.map(S::as_simd_f32s);
            let inputs = inputs.map(S::as_simd_f32s);
            for at in 0..self.cells / S::F32_LANES {
                for i in 0..R {
                    for k in 0..K {
                        sums[i][k] = simd.mul_add_e_f32s(upstream[i].0[at], inputs[k].0[at], sums[i][k]);
                    }
                }
            }
            let rest = inputs.map(|(_, rest)| simd.partial_load_f32s(rest));
            for i in 0..R {
                let upstream = simd.partial_load_f32s(upstream[i].1);
                for k in 0..K {
                    sums[i][k] = simd.mul_add_e_f32s(upstream, rest[k], sums[i][k]);
                }
            }
        }
        for (i, sums) in sums.iter().enumerate() {
            let gradient = &mut self.gradient[(row + i) * self.taps.len() + tap..];
            gradient.iter_mut().zip(sums).for_each(|(total, &sum)| *total += simd.reduce_sum_f32s(sum));
        }
    }
}
