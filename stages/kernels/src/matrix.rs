//! Layers on 1x1 maps as products of matrices, for any law.

use std::mem::MaybeUninit;

use pulp::Arch;
use rayon::prelude::*;

use crate::lines::TakeShares;
use crate::tile::{Law, Line, PANEL, Rows, Tiles};

/// Terms that are summed in registers before the sums go back to memory.
const DEPTH: usize = 128;
/// Most rows of one task: their sums stay in the second cache level.
const MOST_ROWS: usize = 256;

/// The right factor: element (k, j), k summed over.
#[derive(Clone, Copy)]
pub(crate) enum Right<'a> {
    /// Row k of the matrix is row k of the factor.
    Plain(&'a [f32]),
    /// Made by [`transposed`].
    Panels(&'a [Line]),
}

/// What is taken from the sum of row i and column j: the rows' share and the columns' share.
pub(crate) type Shares<'a> = (&'a [f32], &'a [f32]);

/// A product of two matrices under a law.
pub(crate) struct Product<'a, L> {
    /// Instruction set.
    pub arch: Arch,
    /// The law.
    pub law: L,
    /// `[rows, depth]`.
    pub left: Rows<'a>,
    /// `[depth, columns]`.
    pub right: Right<'a>,
    /// `[rows, columns]` for laws that hold.
    pub held: Option<&'a [f32]>,
    /// Taken from the sums, if anything.
    pub shares: Option<Shares<'a>>,
    /// Terms of each sum.
    pub depth: usize,
}

impl<L: Law> Product<'_, L> {
    /// Returns the product, `[rows, columns]`. Every sum is made by one thread in the order of its terms.
    pub fn compute(&self, rows: usize, columns: usize) -> Vec<f32> {
        let mut output = Box::new_uninit_slice(rows * columns);
        if !output.is_empty() {
            let chunk = rows.div_ceil(rayon::current_num_threads()).next_multiple_of(4).min(MOST_ROWS);
            let chunks = output.par_chunks_mut(chunk * columns).enumerate();
            chunks.for_each_init(Scratch::default, |scratch, (at, output)| {
                for first in (0..columns).step_by(PANEL) {
                    self.panel(scratch, at * chunk, first, output, columns);
                }
            });
        }
        // SAFETY: the chunks are all rows, the panels all columns, and each panel has written its columns of its rows.
        unsafe { output.assume_init() }.into_vec()
    }

    /// Writes the columns from `first` on of the rows from `start` on.
    fn panel(
        &self,
        scratch: &mut Scratch,
        start: usize,
        first: usize,
        output: &mut [MaybeUninit<f32>],
        columns: usize,
    ) {
        let (rows, valid) = (output.len() / columns, PANEL.min(columns - first));
        let sums = cleared(&mut scratch.sums, rows);
        let held = match self.held {
            Some(held) => copied(&mut scratch.held, &held[start * columns + first..], columns, rows, valid),
            None => &[],
        };
        let left = Rows { values: &self.left.values[start * self.left.stride..], count: rows, ..self.left };
        for from in (0..self.depth).step_by(DEPTH) {
            let depth = DEPTH.min(self.depth - from);
            let right = match self.right {
                Right::Panels(lines) => &lines[first / PANEL * self.depth + from..][..depth],
                Right::Plain(values) => {
                    copied(&mut scratch.right, &values[from * columns + first..], columns, depth, valid)
                }
            };
            self.arch.dispatch(Tiles { law: self.law, left: left.after_columns(from), right, held, valid, sums });
        }
        if let Some((of_rows, of_columns)) = self.shares {
            let mut line = Line::ZERO;
            line.copy_from(&of_columns[first..][..valid]);
            self.arch.dispatch(TakeShares { sums, rows: &of_rows[start..], columns: &line });
        }
        for (sums, output) in sums.iter().zip(output.chunks_exact_mut(columns)) {
            output[first..][..valid].write_copy_of_slice(&sums.0[..valid]);
        }
    }
}

#[derive(Default)]
struct Scratch {
    sums: Vec<Line>,
    held: Vec<Line>,
    right: Vec<Line>,
}

/// Returns the first `count` lines as zeros.
pub(crate) fn cleared(lines: &mut Vec<Line>, count: usize) -> &mut [Line] {
    lines.clear();
    lines.resize(count, Line::ZERO);
    lines
}

/// Returns `count` lines, whatever they hold.
pub(crate) fn at_least(lines: &mut Vec<Line>, count: usize) -> &mut [Line] {
    lines.resize(lines.len().max(count), Line::ZERO);
    &mut lines[..count]
}

/// Returns `count` lines of `valid` values each, `stride` apart in the source.
fn copied<'a>(lines: &'a mut Vec<Line>, source: &[f32], stride: usize, count: usize, valid: usize) -> &'a [Line] {
    let lines = at_least(lines, count);
    for (at, line) in lines.iter_mut().enumerate() {
        line.copy_from(&source[at * stride..][..valid]);
    }
    lines
}

/// Edge of the blocks in which a matrix is transposed.
const BLOCK: usize = 16;

/// Returns the lines of the transpose of `[rows, depth]` values: panel by panel of 64 rows, line k of a panel holding
/// element k of each row, zero where there is none.
pub(crate) fn transposed<T: Copy + Send + Sync>(values: &[T], depth: usize, zero: T) -> Vec<Line<T>> {
    let rows = values.len() / depth;
    let mut lines = vec![Line([zero; PANEL]); rows.div_ceil(PANEL) * depth];
    let panels = lines.par_chunks_mut(depth).zip(values.par_chunks(PANEL * depth));
    panels.for_each(|(lines, values)| {
        let rows = values.len() / depth;
        let whole = (rows - rows % BLOCK, depth - depth % BLOCK);
        for row in (0..whole.0).step_by(BLOCK) {
            for k in (0..whole.1).step_by(BLOCK) {
                transpose_block(values, depth, row, k, lines);
            }
        }
        for row in 0..rows {
            let done = if row < whole.0 { whole.1 } else { 0 };
            for k in done..depth {
                lines[k].0[row] = values[row * depth + k];
            }
        }
    });
    lines
}

fn transpose_block<T: Copy>(values: &[T], depth: usize, row: usize, k: usize, lines: &mut [Line<T>]) {
    let rows: [&[T; BLOCK]; BLOCK] = std::array::from_fn(|i| {
        let whole = values[(row + i) * depth + k..].first_chunk();
        whole.expect("the block lies within the matrix")
    });
    for (at, line) in lines[k..k + BLOCK].iter_mut().enumerate() {
        let to: &mut [T; BLOCK] = line.0[row..].first_chunk_mut().expect("the block lies within the panel");
        for i in 0..BLOCK {
            to[i] = rows[i][at];
        }
    }
}

/// Returns the transpose of `[rows, columns]` values, row after row.
pub(crate) fn transpose(values: &[f32], columns: usize) -> Vec<f32> {
    let rows = values.len() / columns;
    let mut turned = vec![0.0; values.len()];
    let bands = turned.par_chunks_mut(BLOCK * rows).enumerate();
    bands.for_each(|(band, turned)| {
        for first in (0..rows).step_by(BLOCK) {
            for (at, turned) in turned.chunks_exact_mut(rows).enumerate() {
                let column = band * BLOCK + at;
                for (row, value) in turned.iter_mut().enumerate().skip(first).take(BLOCK) {
                    *value = values[row * columns + column];
                }
            }
        }
    });
    turned
}
