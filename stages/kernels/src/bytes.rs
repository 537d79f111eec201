//! The add layer on bytes, exact in 32-bit integers: what an 8-bit network computes.
//!
//! Inputs and weights share a scale and a zero point, so distances need no correction: |(x − z) − (w − z)| = |x − w|.
//! Bytes are laid out in groups of neighbouring taps, as many as one lane of the instruction set takes in.

use std::borrow::Cow;
use std::mem::MaybeUninit;

use rayon::prelude::*;

use crate::Window;
use crate::grid::{Grid, each_overlap};
use crate::matrix::transposed;
use crate::tile::{Line, PANEL};

mod portable;
#[cfg(target_arch = "x86_64")]
mod sad;
#[cfg(target_arch = "x86_64")]
mod vnni;

/// Sums of a row and a panel's columns, once they are written.
type Sums = [MaybeUninit<i32>; PANEL];

/// How the sums of bytes are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// AVX-512 with VNNI: Σ|x − w| = Σx + Σw − 2 Σmin(x, w), a minimum and a dot product with ones per 64 bytes.
    Vnni,
    /// AVX2: sums of absolute differences.
    Sad,
    /// Plain loops, which compilers turn into vector code on most machines.
    Portable,
}

impl Path {
    /// All paths, fastest first.
    pub const ALL: [Path; 3] = [Path::Vnni, Path::Sad, Path::Portable];

    /// Returns the fastest path of this machine.
    pub fn best() -> Self {
        Self::ALL.into_iter().find(|path| path.is_here()).expect("the portable path is everywhere")
    }

    /// Returns whether this machine has the instructions.
    pub fn is_here(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Path::Vnni => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vnni")
            }
            #[cfg(target_arch = "x86_64")]
            Path::Sad => is_x86_feature_detected!("avx2"),
            #[cfg(not(target_arch = "x86_64"))]
            Path::Vnni | Path::Sad => false,
            Path::Portable => true,
        }
    }
}

/// Returns y = −Σ |x − w|, `[B, O, Y, X]`. A tap on the padding contributes −|zero − w|, `zero` the byte that stands
/// for 0.
///
/// # Panics
/// If a slice's length is not that of the window, or with so many taps that a sum may exceed 31 bits (8.4 million).
pub fn add(window: &Window, input: &[u8], weight: &[u8], zero: u8) -> Vec<i32> {
    add_on(Path::best(), window, input, weight, zero)
}

/// As [`add`], on a certain path.
///
/// # Panics
/// As [`add`], or if this machine has not the instructions of the path.
pub fn add_on(path: Path, window: &Window, input: &[u8], weight: &[u8], zero: u8) -> Vec<i32> {
    window.check(input.len(), weight.len(), window.output_len());
    assert!(path.is_here(), "this machine has no {path:?}");
    assert!(window.taps() <= i32::MAX as usize / 255, "sums of {} taps fit 31 bits", window.taps());
    match path {
        #[cfg(target_arch = "x86_64")]
        Path::Vnni => Layer { kernel: vnni::Distances, window, weight, zero }.output(input),
        #[cfg(target_arch = "x86_64")]
        Path::Sad => Layer { kernel: sad::Distances, window, weight, zero }.output(input),
        _ => Layer { kernel: portable::Distances, window, weight, zero }.output(input),
    }
}

/// Returns Σ x·w of `[N, K]` unsigned and `[M, K]` signed bytes, `[N, M]`: the matrix product that an 8-bit
/// multiplying layer would be, on the same tiles.
///
/// # Panics
/// If the lengths are no multiples of `depth`.
pub fn multiply(depth: usize, input: &[u8], weight: &[i8]) -> Vec<i32> {
    assert!(input.len().is_multiple_of(depth) && weight.len().is_multiple_of(depth), "whole rows of {depth}");
    let weight: Vec<u8> = weight.iter().map(|w| w.cast_unsigned()).collect();
    match Path::best() {
        #[cfg(target_arch = "x86_64")]
        Path::Vnni => matrix(vnni::Products, depth, input, &weight),
        _ => matrix(portable::Products, depth, input, &weight),
    }
}

/// What is summed over groups of `G` bytes.
trait Kernel<const G: usize>: Copy + Sync {
    /// Returns what [`Kernel::tile`] wants to know of each row.
    fn row_sum(self, row: &[[u8; G]]) -> i32;

    /// Writes the sums of every row and column.
    fn tile(self, rows: Rows<'_, G>, panel: &[Line<[u8; G]>], places: Places<'_>);
}

/// Where the sums of a panel go: those of row i are the 64 values from `i · stride` on.
struct Places<'a> {
    values: &'a mut [MaybeUninit<i32>],
    stride: usize,
}

impl Places<'_> {
    /// Returns the sums of the rows.
    fn rows(&mut self) -> impl Iterator<Item = &mut Sums> {
        let rows = self.values.chunks_mut(self.stride);
        rows.map(|row| row.first_chunk_mut().expect("every row has room for a panel"))
    }
}

/// Rows of bytes in groups.
#[derive(Clone, Copy)]
struct Rows<'a, const G: usize> {
    groups: &'a [[u8; G]],
    /// Groups of a row.
    stride: usize,
    /// What the kernel knows of each row.
    sums: &'a [i32],
}

impl<'a, const G: usize> Rows<'a, G> {
    fn range(self, first: usize, count: usize) -> Self {
        let groups = &self.groups[first * self.stride..][..count * self.stride];
        Self { groups, sums: &self.sums[first..][..count], ..self }
    }
}

/// Returns `[rows, length]` bytes in groups, each row padded with zeros to whole groups.
fn grouped<const G: usize>(values: &[u8], length: usize) -> Cow<'_, [[u8; G]]> {
    if length.is_multiple_of(G) {
        return Cow::Borrowed(values.as_chunks().0);
    }
    let mut groups = vec![[0; G]; values.len() / length * length.div_ceil(G)];
    for (to, from) in groups.chunks_exact_mut(length.div_ceil(G)).zip(values.chunks_exact(length)) {
        to.as_flattened_mut()[..length].copy_from_slice(from);
    }
    Cow::Owned(groups)
}

fn row_sums<const G: usize>(kernel: impl Kernel<G>, groups: &[[u8; G]], stride: usize) -> Vec<i32> {
    groups.par_chunks_exact(stride).map(|row| kernel.row_sum(row)).collect()
}

/// Most rows of one task.
const MOST_ROWS: usize = 256;

/// Returns the sums of `[N, K]` and `[M, K]` bytes, `[N, M]`.
fn matrix<const G: usize>(kernel: impl Kernel<G>, depth: usize, input: &[u8], weight: &[u8]) -> Vec<i32> {
    let (rows, columns, stride) = (input.len() / depth, weight.len() / depth, depth.div_ceil(G));
    if rows * columns == 0 {
        return Vec::new();
    }
    let mut output = Box::new_uninit_slice(rows * columns);
    let groups = grouped(input, depth);
    let left = Rows { groups: &groups, stride, sums: &row_sums(kernel, &groups, stride) };
    let panels = transposed(&grouped(weight, depth), stride, [0; G]);
    let chunk = rows.div_ceil(rayon::current_num_threads()).min(MOST_ROWS);
    output.par_chunks_mut(chunk * columns).enumerate().for_each_init(Vec::new, |sums, (at, output)| {
        let left = left.range(at * chunk, output.len() / columns);
        for (panel, first) in panels.chunks_exact(stride).zip((0..columns).step_by(PANEL)) {
            if columns - first >= PANEL {
                kernel.tile(left, panel, Places { values: &mut output[first..], stride: columns });
                continue;
            }
            sums.resize(left.sums.len(), [MaybeUninit::uninit(); PANEL]);
            kernel.tile(left, panel, Places { values: sums.as_flattened_mut(), stride: PANEL });
            for (output, sums) in output.chunks_exact_mut(columns).zip(&*sums) {
                output[first..].copy_from_slice(&sums[..columns - first]);
            }
        }
    });
    // SAFETY: the chunks are all rows, and the panels all columns of each.
    unsafe { output.assume_init() }.into_vec()
}

/// An add layer.
struct Layer<'a, K> {
    kernel: K,
    window: &'a Window,
    weight: &'a [u8],
    zero: u8,
}

impl<K> Layer<'_, K> {
    fn output<const G: usize>(&self, input: &[u8]) -> Vec<i32>
    where
        K: Kernel<G>,
    {
        let Self { kernel, window, weight, zero } = *self;
        if window.is_matrix() {
            return matrix(kernel, window.in_channels, input, weight);
        }
        let mut output = Box::new_uninit_slice(window.output_len());
        let (grid, filters) = (Grid::new(window), window.out_channels / window.groups);
        let (taps, positions) = (grid.taps(), grid.positions());
        let (groups, stride) = (grouped(weight, taps.len()), taps.len().div_ceil(G));
        let weight = Rows { groups: &groups, stride, sums: &row_sums(kernel, &groups, stride) };
        let pictures = output.par_chunks_mut(window.group_outputs()).zip(input.par_chunks(window.group_inputs()));
        pictures.enumerate().for_each_init(Scratch::default, |scratch, (at, (output, picture))| {
            scratch.cells.clear();
            scratch.cells.resize(grid.len(), zero);
            grid.place(picture, &mut scratch.cells, |_, value| value);
            scratch.sums.resize(filters, [MaybeUninit::uninit(); PANEL]);
            let rows = weight.range(at % window.groups * filters, filters);
            let mut runs = &positions[..];
            for first in (0..grid.cells()).step_by(PANEL) {
                gather(&scratch.cells, &taps, first, &mut scratch.panel);
                kernel.tile(rows, &scratch.panel, Places { values: scratch.sums.as_flattened_mut(), stride: PANEL });
                each_overlap(&mut runs, first..grid.cells().min(first + PANEL), 1, |at, cells| {
                    let outputs = output.chunks_exact_mut(window.positions());
                    for (output, sums) in outputs.zip(&scratch.sums) {
                        output[at..][..cells.len()].copy_from_slice(&sums[cells.start - first..cells.end - first]);
                    }
                });
            }
        });
        // SAFETY: the runs are all positions, and each panel has written those of its cells for every filter.
        unsafe { output.assume_init() }.into_vec()
    }
}

/// Working memory of one task.
struct Scratch<const G: usize> {
    cells: Vec<u8>,
    panel: Vec<Line<[u8; G]>>,
    sums: Vec<Sums>,
}

impl<const G: usize> Default for Scratch<G> {
    fn default() -> Self {
        Self { cells: Vec::new(), panel: Vec::new(), sums: Vec::new() }
    }
}

/// Makes the panel of the cells from `first` on, the taps in groups; taps that fill the last group are 0.
fn gather<const G: usize>(cells: &[u8], taps: &[usize], first: usize, panel: &mut Vec<Line<[u8; G]>>) {
    panel.resize(taps.len().div_ceil(G), Line([[0; G]; PANEL]));
    for (line, taps) in panel.iter_mut().zip(taps.chunks(G)) {
        let none = [0; PANEL];
        let rows: [&[u8; PANEL]; G] = std::array::from_fn(|at| {
            let cells = taps.get(at).and_then(|tap| cells[tap + first..].first_chunk());
            cells.unwrap_or(&none)
        });
        for (column, group) in line.0.iter_mut().enumerate() {
            *group = std::array::from_fn(|at| rows[at][column]);
        }
    }
}

#[cfg(test)]
mod tests;
