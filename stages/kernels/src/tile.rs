//! The one loop under all dense kernels: a block of rows against a panel of columns, kept in registers.

use pulp::{Simd, WithSimd};

/// Columns of a panel.
pub(crate) const PANEL: usize = 64;

/// One row of a panel, on cache-line boundaries.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Line<T = f32>(pub [T; PANEL]);

impl Line {
    /// A line of zeros.
    pub const ZERO: Self = Self([0.0; PANEL]);

    /// Copies the values from `source` on; past its end the line keeps what it had.
    pub fn copy_from(&mut self, source: &[f32]) {
        match source.first_chunk() {
            Some(whole) => self.0 = *whole,
            None => self.0[..source.len()].copy_from_slice(source),
        }
    }
}

/// What one element of the left and one of the right add to a sum.
pub(crate) trait Law: Copy + Send + Sync {
    /// Whether the law also reads an element that belongs to the sum itself.
    const HOLDS: bool;

    /// Returns the sum with one more term.
    fn step<S: Simd>(self, simd: S, sum: S::f32s, held: S::f32s, left: S::f32s, right: S::f32s) -> S::f32s;
}

/// Rows of values of which a tile reads the first `depth` each.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    /// The values.
    pub values: &'a [f32],
    /// Distance of two rows.
    pub stride: usize,
    /// Number of rows.
    pub count: usize,
}

impl<'a> Rows<'a> {
    /// Returns rows that follow each other without gaps.
    pub fn dense(values: &'a [f32], stride: usize) -> Self {
        Self { values, stride, count: values.len() / stride }
    }

    /// Returns the same rows from a column on.
    pub fn after_columns(self, column: usize) -> Self {
        Self { values: &self.values[column..], ..self }
    }
}

/// Right factors: line k holds element k of every column.
pub(crate) trait Right<'a>: Copy {
    /// Returns the number of lines.
    fn depth(self) -> usize;

    /// Returns the lines in their order.
    fn lines(self) -> impl Iterator<Item = &'a [f32; PANEL]>;
}

impl<'a> Right<'a> for &'a [Line] {
    #[inline(always)]
    fn depth(self) -> usize {
        self.len()
    }

    #[inline(always)]
    fn lines(self) -> impl Iterator<Item = &'a [f32; PANEL]> {
        self.iter().map(|line| &line.0)
    }
}

/// Lines that lie in a row of cells: line k begins at `offsets[k]`.
#[derive(Clone, Copy)]
pub(crate) struct Cells<'a> {
    /// The cells.
    pub cells: &'a [f32],
    /// Where lines begin; each has a whole panel of cells behind it.
    pub offsets: &'a [usize],
}

impl<'a> Right<'a> for Cells<'a> {
    #[inline(always)]
    fn depth(self) -> usize {
        self.offsets.len()
    }

    #[inline(always)]
    fn lines(self) -> impl Iterator<Item = &'a [f32; PANEL]> {
        self.offsets.iter().map(move |&offset| self.cells[offset..].first_chunk().expect("a whole panel of cells"))
    }
}

/// sums[i][j] += Σ_k law(left[i][k], right[k][j]) for the first `valid` columns j; the others may hold anything after.
pub(crate) struct Tiles<'a, L, R> {
    /// The law.
    pub law: L,
    /// Left factors, row i.
    pub left: Rows<'a>,
    /// Right factors, line k.
    pub right: R,
    /// Line i for laws that hold; empty for others.
    pub held: &'a [Line],
    /// Columns that matter.
    pub valid: usize,
    /// Line i.
    pub sums: &'a mut [Line],
}

impl<'a, L: Law, T: Right<'a>> WithSimd for Tiles<'_, L, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let vectors = self.valid.div_ceil(S::F32_LANES);
        let widest = if S::REGISTER_COUNT >= 32 { 4 } else { 2 };
        for first in (0..vectors).step_by(widest) {
            match (vectors - first).min(widest) {
                1 => self.strip::<S, 1>(simd, first),
                2 => self.strip::<S, 2>(simd, first),
                3 => self.strip::<S, 3>(simd, first),
                _ => self.strip::<S, 4>(simd, first),
            }
        }
    }
}

impl<'a, L: Law, T: Right<'a>> Tiles<'_, L, T> {
    /// All rows of `V` vectors of columns. A tile is four rows high, or two where it holds as many elements again.
    #[inline(always)]
    fn strip<S: Simd, const V: usize>(&mut self, simd: S, first: usize) {
        let rows = self.left.count;
        let mut row = 0;
        while !L::HOLDS && row + 4 <= rows {
            self.tile::<S, 4, V>(simd, first, row);
            row += 4;
        }
        while row + 2 <= rows {
            self.tile::<S, 2, V>(simd, first, row);
            row += 2;
        }
        if row < rows {
            self.tile::<S, 1, V>(simd, first, row);
        }
    }

    #[inline(always)]
    fn tile<S: Simd, const R: usize, const V: usize>(&mut self, simd: S, first: usize, row: usize) {
        let depth = self.right.depth();
        let left: [&[f32]; R] = std::array::from_fn(|i| &self.left.values[(row + i) * self.left.stride..][..depth]);
        let zero = simd.splat_f32s(0.0);
        let mut sums: [[S::f32s; V]; R] = std::array::from_fn(|i| load::<S, V>(&self.sums[row + i].0, first));
        let held: [[S::f32s; V]; R] = match L::HOLDS {
            true => std::array::from_fn(|i| load::<S, V>(&self.held[row + i].0, first)),
            false => [[zero; V]; R],
        };
        for (k, right) in self.right.lines().enumerate() {
            let right = load::<S, V>(right, first);
            for i in 0..R {
                let left = simd.splat_f32s(left[i][k]);
                for v in 0..V {
                    sums[i][v] = self.law.step(simd, sums[i][v], held[i][v], left, right[v]);
                }
            }
        }
        for (sums, line) in sums.iter().zip(&mut self.sums[row..]) {
            let (vectors, _) = S::as_mut_simd_f32s(&mut line.0);
            vectors[first..][..V].copy_from_slice(sums);
        }
    }
}

/// Returns `V` vectors of a line from vector `first` on.
#[inline(always)]
fn load<S: Simd, const V: usize>(line: &[f32; PANEL], first: usize) -> [S::f32s; V] {
    let (vectors, _) = S::as_simd_f32s(line);
    std::array::from_fn(|v| vectors[first + v])
}

/// sum + left · right.
#[derive(Clone, Copy)]
pub(crate) struct Product;

impl Law for Product {
    const HOLDS: bool = false;

    #[inline(always)]
    fn step<S: Simd>(self, simd: S, sum: S::f32s, _held: S::f32s, left: S::f32s, right: S::f32s) -> S::f32s {
        simd.mul_add_e_f32s(left, right, sum)
    }
}
