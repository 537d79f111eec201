use std::arch::x86_64::*;

use super::{Kernel, Places, Rows, Sums};
use crate::tile::{Line, PANEL};

/// Columns of one vector: each sum of eight differences is 64 bits wide.
const COLUMNS: usize = 4;
/// Vectors of a tile.
const VECTORS: usize = 4;

/// −Σ |left − right|.
#[derive(Clone, Copy)]
pub(super) struct Distances;

impl Kernel<8> for Distances {
    fn row_sum(self, _row: &[[u8; 8]]) -> i32 {
        0
    }

    fn tile(self, rows: Rows<'_, 8>, panel: &[Line<[u8; 8]>], places: Places<'_>) {
        // SAFETY: the path has been found on this machine.
        unsafe { distances(rows, panel, places) }
    }
}

#[target_feature(enable = "avx2")]
fn distances(rows: Rows<'_, 8>, panel: &[Line<[u8; 8]>], mut places: Places<'_>) {
    for first in (0..PANEL).step_by(VECTORS * COLUMNS) {
        let left = rows.groups.chunks_exact(2 * rows.stride);
        let (last, mut sums) = (left.remainder(), places.rows());
        let mut next = || sums.next().expect("a place for every row");
        left.for_each(|left| tile(left, panel, first, [next(), next()]));
        if !last.is_empty() {
            tile(last, panel, first, [next()]);
        }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn tile<const R: usize>(left: &[[u8; 8]], panel: &[Line<[u8; 8]>], first: usize, output: [&mut Sums; R]) {
    let left: [&[[u8; 8]]; R] = std::array::from_fn(|i| &left[i * panel.len()..][..panel.len()]);
    let mut sums = [[_mm256_setzero_si256(); VECTORS]; R];
    for (k, line) in panel.iter().enumerate() {
        let (vectors, _) = line.0[first..].as_chunks::<COLUMNS>();
        for v in 0..VECTORS {
            // SAFETY: each chunk is 32 bytes long, and the load needs no alignment.
            let right = unsafe { _mm256_loadu_si256(vectors[v].as_ptr().cast()) };
            for i in 0..R {
                let left = _mm256_set1_epi64x(i64::from_le_bytes(left[i][k]));
                sums[i][v] = _mm256_add_epi64(sums[i][v], _mm256_sad_epu8(left, right));
            }
        }
    }
    for (sums, output) in sums.into_iter().zip(output) {
        for (sum, output) in sums.into_iter().zip(output[first..].chunks_exact_mut(COLUMNS)) {
            let mut wide = [0_i64; COLUMNS];
            // SAFETY: the array is 32 bytes long, and the store needs no alignment.
            unsafe { _mm256_storeu_si256(wide.as_mut_ptr().cast(), sum) };
            // The sums of a layer fit 31 bits.
            output.write_copy_of_slice(&wide.map(|sum| -(sum as i32)));
        }
    }
}
