use super::{Kernel, Rows, Sums};
use crate::tile::{Line, PANEL};

/// Distances that a 16-bit sum holds.
const NARROW: usize = u16::MAX as usize / u8::MAX as usize;

/// −Σ |left − right|.
#[derive(Clone, Copy)]
pub(super) struct Distances;

impl Kernel<1> for Distances {
    fn row_sum(self, _row: &[[u8; 1]]) -> i32 {
        0
    }

    fn tile(self, rows: Rows<'_, 1>, panel: &[Line<[u8; 1]>], sums: &mut [Sums]) {
        for (row, sums) in rows.groups.chunks_exact(rows.stride).zip(sums) {
            sums.fill(0);
            for (row, panel) in row.chunks(NARROW).zip(panel.chunks(NARROW)) {
                let mut narrow = [0_u16; PANEL];
                for ([left], line) in row.iter().zip(panel) {
                    let columns = narrow.iter_mut().zip(&line.0);
                    columns.for_each(|(sum, [right])| *sum += u16::from(left.abs_diff(*right)));
                }
                sums.iter_mut().zip(narrow).for_each(|(sum, narrow)| *sum -= i32::from(narrow));
            }
        }
    }
}

/// Σ left · right, the right bytes taken as signed.
#[derive(Clone, Copy)]
pub(super) struct Products;

impl Kernel<1> for Products {
    fn row_sum(self, _row: &[[u8; 1]]) -> i32 {
        0
    }

    fn tile(self, rows: Rows<'_, 1>, panel: &[Line<[u8; 1]>], sums: &mut [Sums]) {
        for (row, sums) in rows.groups.chunks_exact(rows.stride).zip(sums) {
            sums.fill(0);
            for (&[left], line) in row.iter().zip(panel) {
                let columns = sums.iter_mut().zip(&line.0);
                columns.for_each(|(sum, [right])| *sum += i32::from(left) * i32::from(right.cast_signed()));
            }
        }
    }
}
