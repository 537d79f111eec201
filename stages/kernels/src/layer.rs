//! Layers on maps, for any law: products of weights with cells of a grid, a panel of cells at a time.

use std::ops::Range;

use pulp::Arch;
use rayon::prelude::*;

use crate::Window;
use crate::grid::{Grid, Run, each_overlap};
use crate::lines::{Fill, TakeShares};
use crate::matrix::{at_least, cleared};
use crate::tile::{Cells, Law, Line, PANEL, Rows, Tiles};

/// Terms that are summed before the sums go back to memory: their lines stay in the first cache level.
pub(crate) const DEPTH: usize = 96;

/// Forward of a layer.
pub(crate) struct Forward<'a, L> {
    /// Instruction set.
    pub arch: Arch,
    /// Geometry.
    pub window: &'a Window,
    /// The law of (weight, tap).
    pub law: L,
    /// `[O, K]`, less the centre of each channel.
    pub weight: &'a [f32],
    /// The centre of each input channel.
    pub centre: Option<&'a [f32]>,
    /// Taken from the sums of each output channel, together with the sum of the taps; nothing if `None`.
    pub shares: Option<&'a [f32]>,
}

impl<L: Law> Forward<'_, L> {
    /// Returns `[B, O, Y, X]`.
    pub fn output(&self, input: &[f32]) -> Vec<f32> {
        let window = self.window;
        let mut output = vec![0.0; window.output_len()];
        let grid = Grid::new(window);
        let (taps, runs, width) = (grid.taps(), grid.positions(), window.out_width());
        let rows = window.out_channels / window.groups;
        let band = runs.len().div_ceil(parts(window));
        let pictures = output.par_chunks_mut(window.group_outputs()).zip(input.par_chunks(window.group_inputs()));
        pictures.enumerate().for_each_init(Vec::new, |buffer, (at, (output, picture))| {
            let group = at % window.groups;
            let centre = self.centre.map(|centre| window.group_channels(centre, group));
            let cells = grid.cells_of(picture, centre, buffer);
            let of_taps = self.shares.map_or_else(Vec::new, |_| grid.tap_sums(self.arch, cells));
            let sweep = Sweep {
                arch: self.arch,
                law: self.law,
                left: Rows::dense(window.group_weights(self.weight, group), taps.len()),
                cells,
                offsets: &taps,
                held: None,
                shares: self.shares.map(|shares| (&shares[group * rows..][..rows], &*of_taps)),
                step: 1,
                reading: if self.shares.is_some() || grid.is_picture() { Reading::Copied } else { Reading::InPlace },
            };
            let bands = split_rows(output, window.positions(), band * width);
            let bands = bands.into_par_iter().zip(runs.par_chunks(band)).enumerate();
            bands.for_each_init(Scratch::default, |scratch, (at, (mut outputs, runs))| {
                sweep.run(scratch, runs, at * band * width, &mut outputs);
            });
        });
        output
    }
}

/// Input gradient of a layer.
pub(crate) struct InputGradient<'a, L> {
    /// Instruction set.
    pub arch: Arch,
    /// Geometry.
    pub window: &'a Window,
    /// The law of (weight, upstream gradient), holding the input if it holds.
    pub law: L,
    /// `[O, K]`.
    pub weight: &'a [f32],
}

impl<L: Law> InputGradient<'_, L> {
    /// Returns `[B, C, H, W]`. `input` is read by laws that hold only.
    ///
    /// Each plane of the grid gathers the gradients of the positions that read it, so every sum is made once.
    pub fn gradient(&self, input: &[f32], upstream: &[f32]) -> Vec<f32> {
        let window = self.window;
        let mut gradient = vec![0.0; window.input_len()];
        let slice = channel_slice(window);
        let (grid, parts) = (Grid::new(&slice), window.in_channels / window.groups / slice.in_channels);
        let planes: Vec<Plane> = (0..grid.planes()).map(|plane| Plane::new(&grid, plane)).collect();
        let weights: Vec<Vec<f32>> = self
            .weight
            .par_chunks(self.weight.len() / window.groups)
            .flat_map_iter(|weight| {
                let parts = (0..parts).flat_map(|part| planes.iter().map(move |plane| (part, plane)));
                parts.map(|(part, plane)| plane.weights(&slice, part, weight)).collect::<Vec<_>>()
            })
            .collect();
        let slices = gradient.par_chunks_mut(slice.input_len()).enumerate();
        slices.for_each_init(<(Vec<f32>, Vec<f32>, Scratch)>::default, |(cells, spread, scratch), (at, gradient)| {
            let upstream = &upstream[at / parts * window.group_outputs()..][..window.group_outputs()];
            grid.surround(upstream, spread);
            let cells = match L::HOLDS {
                true => grid.cells_of(&input[at * slice.input_len()..][..slice.input_len()], None, cells),
                false => &[],
            };
            let weights = &weights[(at / parts % window.groups * parts + at % parts) * planes.len()..];
            let mut gradients: Vec<&mut [f32]> = gradient.chunks_exact_mut(slice.height * slice.width).collect();
            for (plane, weight) in planes.iter().zip(weights) {
                let sweep = Sweep {
                    arch: self.arch,
                    law: self.law,
                    left: Rows { values: weight, stride: plane.offsets.len(), count: slice.in_channels },
                    cells: spread,
                    offsets: &plane.offsets,
                    held: L::HOLDS.then_some((&plane.held, cells)),
                    shares: None,
                    step: slice.stride,
                    reading: Reading::InPlace,
                };
                sweep.run(scratch, &plane.runs, 0, &mut gradients);
            }
        });
        gradient
    }
}

/// One of the planes into which the stride splits a channel, as the input gradient sees it.
struct Plane {
    /// The taps that read it.
    taps: Vec<usize>,
    /// For every output channel and tap: where the gradient of the position that reads cell 0 lies.
    offsets: Vec<usize>,
    /// For every channel: where its plane lies among the input's cells.
    held: Vec<usize>,
    /// Its rows.
    runs: Vec<Run>,
}

impl Plane {
    fn new(grid: &Grid, plane: usize) -> Self {
        let taps = grid.taps_of(plane);
        Self { offsets: grid.readers(&taps), held: grid.plane_offsets(plane), runs: grid.inputs(plane).to_vec(), taps }
    }

    /// Returns `[C, O · taps]` of a group's `[O, C, kernel²]` weights, C the channels of one part.
    fn weights(&self, slice: &Window, part: usize, weight: &[f32]) -> Vec<f32> {
        let area = slice.kernel.pow(2);
        let filter = weight.len() / slice.out_channels;
        let mut weights = Vec::with_capacity(slice.in_channels * self.offsets.len());
        for channel in part * slice.in_channels..(part + 1) * slice.in_channels {
            for output in 0..slice.out_channels {
                let kernel = &weight[output * filter + channel * area..][..area];
                weights.extend(self.taps.iter().map(|&tap| kernel[tap]));
            }
        }
        weights
    }
}

/// sums[i] at a cell q = Σ_k law(left[i][k], cells[offsets[k] + q]), for the cells of some runs.
struct Sweep<'a, L> {
    arch: Arch,
    law: L,
    left: Rows<'a>,
    cells: &'a [f32],
    offsets: &'a [usize],
    held: Option<(&'a [usize], &'a [f32])>,
    /// What is taken away from the sums of each row, and at each cell.
    shares: Option<(&'a [f32], &'a [f32])>,
    step: usize,
    reading: Reading,
}

impl<L: Law> Sweep<'_, L> {
    /// Writes the sums of the runs' cells to `outputs`, one slice per row, of which the first value is number `origin`.
    fn run(&self, scratch: &mut Scratch, runs: &[Run], origin: usize, outputs: &mut [&mut [f32]]) {
        let (Some(first), Some(last)) = (runs.first(), runs.last()) else { return };
        let (start, end) = (first.cell, last.cell + last.length);
        let mut runs = runs;
        for first in (start..end).step_by(PANEL) {
            let past = end.min(first + PANEL);
            self.panel(scratch, first..past);
            each_overlap(&mut runs, first..past, self.step, |at, cells| {
                for (output, sums) in outputs.iter_mut().zip(&scratch.sums) {
                    write(&mut output[at - origin..], self.step, &sums.0[cells.start - first..cells.end - first]);
                }
            });
        }
    }

    /// Leaves the sums of some cells in the scratch.
    fn panel(&self, scratch: &mut Scratch, cells: Range<usize>) {
        let Scratch { sums, right, held } = scratch;
        let sums = cleared(sums, self.left.count);
        let (first, past) = (cells.start, cells.end);
        let held: &[Line] = match self.held {
            Some((offsets, cells)) => {
                let lines = at_least(held, offsets.len());
                self.arch.dispatch(Fill { lines, offsets, cells, first, past });
                lines
            }
            None => &[],
        };
        let valid = past - first;
        for (block, offsets) in self.offsets.chunks(DEPTH).enumerate() {
            let (law, left) = (self.law, self.left.after_columns(block * DEPTH));
            if self.reading == Reading::InPlace {
                let right = Cells { cells: &self.cells[first..], offsets };
                self.arch.dispatch(Tiles { law, left, right, held, valid, sums });
                continue;
            }
            let lines = at_least(right, offsets.len());
            self.arch.dispatch(Fill { lines, offsets, cells: self.cells, first, past });
            self.arch.dispatch(Tiles { law, left, right: &*lines, held, valid, sums });
        }
        if let Some((rows, of_cells)) = self.shares {
            let mut columns = Line::ZERO;
            columns.copy_from(&of_cells[first..past]);
            self.arch.dispatch(TakeShares { sums, rows, columns: &columns });
        }
    }
}

/// How tiles read cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// Where they are, which most laws are faster with; the cells must go on for a panel after the last.
    InPlace,
    /// From aligned copies, which the minimum is faster with: it has no port to spare for loads that cross lines.
    Copied,
}

/// Working memory of one task.
#[derive(Default)]
struct Scratch {
    sums: Vec<Line>,
    right: Vec<Line>,
    held: Vec<Line>,
}

fn write(output: &mut [f32], step: usize, sums: &[f32]) {
    match step {
        1 => output[..sums.len()].copy_from_slice(sums),
        _ => output.iter_mut().step_by(step).zip(sums).for_each(|(output, sum)| *output = *sum),
    }
}

/// Returns into how many parts a picture is cut so that every thread has work.
fn parts(window: &Window) -> usize {
    (2 * rayon::current_num_threads()).div_ceil((window.batch * window.groups).max(1))
}

/// Returns the layer of one picture and group cut to as many channels as leave every thread work.
fn channel_slice(window: &Window) -> Window {
    let channels = window.in_channels / window.groups;
    let parts = (parts(window)..=channels).find(|&parts| channels.is_multiple_of(parts)).unwrap_or(channels);
    let out_channels = window.out_channels / window.groups;
    Window { batch: 1, in_channels: channels / parts, out_channels, groups: 1, ..*window }
}

/// Returns bands of every row of `[rows, width]` values, each `band` wide but the last.
fn split_rows(values: &mut [f32], width: usize, band: usize) -> Vec<Vec<&mut [f32]>> {
    let mut bands: Vec<Vec<&mut [f32]>> = (0..width.div_ceil(band)).map(|_| Vec::new()).collect();
    for row in values.chunks_exact_mut(width) {
        bands.iter_mut().zip(row.chunks_mut(band)).for_each(|(rows, band)| rows.push(band));
    }
    bands
}
