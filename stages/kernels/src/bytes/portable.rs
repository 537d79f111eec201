use super::{Kernel, Places, Rows};
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

    fn tile(self, rows: Rows<'_, 1>, panel: &[Line<[u8; 1]>], mut places: Places<'_>) {
        for (row, place) in rows.groups.chunks_exact(rows.stride).zip(places.rows()) {
            let mut sums = [0; PANEL];
            for (row, panel) in row.chunks(NARROW).zip(panel.chunks(NARROW)) {
                let mut narrow = [0_u16; PANEL];
                for ([left], line) in row.iter().zip(panel) {
                    let columns = narrow.iter_mut().zip(&line.0);
                    columns.for_each(|(sum, [right])| *sum += u16::from(left.abs_diff(*right)));
                }
                sums.iter_mut().zip(narrow).for_each(|(sum, narrow)| *sum -= i32::from(narrow));
            }
            place.write_copy_of_slice(&sums);
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

    fn tile(self, rows: Rows<'_, 1>, panel: &[Line<[u8; 1]>], mut places: Places<'_>) {
        for (row, place) in rows.groups.chunks_exact(rows.stride).zip(places.rows()) {
            let mut sums = [0; PANEL];
            for (&[left], line) in row.iter().zip(panel) {
                let columns = sums.iter_mut().zip(&line.0);
                columns.for_each(|(sum, [right])| *sum += i32::from(left) * i32::from(right.cast_signed()));
            }
            place.write_copy_of_slice(&sums);
        }
    }
}
