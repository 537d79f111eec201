use std::arch::x86_64::*;

use super::{Kernel, Rows, Sums};
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

    fn tile(self, rows: Rows<'_, 8>, panel: &[Line<[u8; 8]>], sums: &mut [Sums]) {
        // SAFETY: the path has been found on this machine.
        unsafe { distances(rows, panel, sums) }
    }
}

#[target_feature(enable = "avx2")]
fn distances(rows: Rows<'_, 8>, panel: &[Line<[u8; 8]>], sums: &mut [Sums]) {
    for first in (0..PANEL).step_by(VECTORS * COLUMNS) {
        let mut pairs = sums.chunks_exact_mut(2);
        let mut left = rows.groups.chunks_exact(2 * rows.stride);
        for (left, sums) in left.by_ref().zip(pairs.by_ref()) {
            tile::<2>(left, panel, first, sums);
        }
        let rest = left.remainder().chunks_exact(rows.stride).zip(pairs.into_remainder().chunks_exact_mut(1));
        rest.for_each(|(left, sums)| tile::<1>(left, panel, first, sums));
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn tile<const R: usize>(left: &[[u8; 8]], panel: &[Line<[u8; 8]>], first: usize, output: &mut [Sums]) {
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
    for i in 0..R {
        for v in 0..VECTORS {
            let mut wide = [0_i64; COLUMNS];
            // SAFETY: the array is 32 bytes long, and the store needs no alignment.
            unsafe { _mm256_storeu_si256(wide.as_mut_ptr().cast(), sums[i][v]) };
            let output = &mut output[i][first + v * COLUMNS..][..COLUMNS];
            // The sums of a layer fit 31 bits.
            output.iter_mut().zip(wide).for_each(|(output, sum)| *output = -(sum as i32));
        }
    }
}
