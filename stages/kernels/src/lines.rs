//! What happens to lines around the tiles: filling, adding up, finishing.

use pulp::{Simd, WithSimd};

use crate::tile::{Line, PANEL};

/// Vectors that are added up together.
const TOGETHER: usize = 4;

/// Makes line k the values of `cells` from `offsets[k] + first` on, as far as there are any up to `past`.
pub(crate) struct Fill<'a> {
    /// The lines.
    pub lines: &'a mut [Line],
    /// Where each line's cell 0 is.
    pub offsets: &'a [usize],
    /// The values.
    pub cells: &'a [f32],
    /// First cell.
    pub first: usize,
    /// Last cell and one.
    pub past: usize,
}

impl WithSimd for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        for (line, offset) in self.lines.iter_mut().zip(self.offsets) {
            match self.cells[offset + self.first..].first_chunk::<PANEL>() {
                Some(whole) => {
                    let (from, _) = S::as_simd_f32s(whole);
                    let (to, _) = S::as_mut_simd_f32s(&mut line.0);
                    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
                }
                None => line.copy_from(&self.cells[offset + self.first..offset + self.past]),
            }
        }
    }
}

/// Adds values to sums, one to one.
pub(crate) struct AddTo<'a> {
    /// The sums.
    pub sums: &'a mut [f32],
    /// The values.
    pub values: &'a [f32],
}

impl WithSimd for AddTo<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (sums, last_sums) = S::as_mut_simd_f32s(self.sums);
        let (values, last_values) = S::as_simd_f32s(self.values);
        sums.iter_mut().zip(values).for_each(|(sum, value)| *sum = simd.add_f32s(*sum, *value));
        last_sums.iter_mut().zip(last_values).for_each(|(sum, value)| *sum += value);
    }
}

/// Takes a share of each row and one of each column away: sums[i][j] −= rows[i] + columns[j].
pub(crate) struct TakeShares<'a> {
    /// The sums.
    pub sums: &'a mut [Line],
    /// One per line.
    pub rows: &'a [f32],
    /// One per column.
    pub columns: &'a Line,
}

impl WithSimd for TakeShares<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (columns, _) = S::as_simd_f32s(&self.columns.0);
        for (sums, &row) in self.sums.iter_mut().zip(self.rows) {
            let (row, (sums, _)) = (simd.splat_f32s(row), S::as_mut_simd_f32s(&mut sums.0));
            sums.iter_mut().zip(columns).for_each(|(sum, column)| {
                *sum = simd.sub_f32s(simd.sub_f32s(*sum, row), *column);
            });
        }
    }
}

/// The sum of values.
pub(crate) struct Sum<'a>(pub &'a [f32]);

impl WithSimd for Sum<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let (vectors, rest) = S::as_simd_f32s(self.0);
        let (by_four, last) = vectors.as_chunks::<TOGETHER>();
        let mut sums = [simd.splat_f32s(0.0); TOGETHER];
        for vectors in by_four {
            sums.iter_mut().zip(vectors).for_each(|(sum, vector)| *sum = simd.add_f32s(*sum, *vector));
        }
        let sum = last.iter().chain(&sums).fold(simd.partial_load_f32s(rest), |sum, other| simd.add_f32s(sum, *other));
        simd.reduce_sum_f32s(sum)
    }
}
