use std::arch::x86_64::*;

use super::{Kernel, Rows, Sums};
use crate::tile::{Line, PANEL};

/// Vectors of a line.
const VECTORS: usize = 4;
/// Groups of a vector.
const LANES: usize = 16;

/// −Σ |left − right| = 2 Σ min(left, right) − Σ left − Σ right.
#[derive(Clone, Copy)]
pub(super) struct Distances;

impl Kernel<4> for Distances {
    fn row_sum(self, row: &[[u8; 4]]) -> i32 {
        // SAFETY: the path has been found on this machine.
        unsafe { row_sum(row) }
    }

    fn tile(self, rows: Rows<'_, 4>, panel: &[Line<[u8; 4]>], sums: &mut [Sums]) {
        // SAFETY: as above.
        unsafe { distances(rows, panel, sums) }
    }
}

/// Σ left · right, the right bytes taken as signed.
#[derive(Clone, Copy)]
pub(super) struct Products;

impl Kernel<4> for Products {
    fn row_sum(self, _row: &[[u8; 4]]) -> i32 {
        0
    }

    fn tile(self, rows: Rows<'_, 4>, panel: &[Line<[u8; 4]>], sums: &mut [Sums]) {
        // SAFETY: the path has been found on this machine.
        unsafe { products(rows, panel, sums) }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn row_sum(row: &[[u8; 4]]) -> i32 {
    let (whole, rest) = row.as_chunks();
    let ones = _mm512_set1_epi8(1);
    let sum = whole.iter().fold(_mm512_setzero_si512(), |sum, groups| _mm512_dpbusd_epi32(sum, load(groups), ones));
    _mm512_reduce_add_epi32(sum) + rest.as_flattened().iter().map(|&value| i32::from(value)).sum::<i32>()
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn distances(rows: Rows<'_, 4>, panel: &[Line<[u8; 4]>], sums: &mut [Sums]) {
    let ones = _mm512_set1_epi8(1);
    let of_columns = column_sums(panel);
    tiles(rows, panel, sums, |sum, left, right| _mm512_dpbusd_epi32(sum, _mm512_min_epu8(left, right), ones));
    for (sums, row) in sums.iter_mut().zip(rows.sums) {
        sums.iter_mut().zip(&of_columns).for_each(|(sum, column)| *sum = 2 * *sum - row - column);
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn products(rows: Rows<'_, 4>, panel: &[Line<[u8; 4]>], sums: &mut [Sums]) {
    tiles(rows, panel, sums, |sum, left, right| _mm512_dpbusd_epi32(sum, left, right));
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn column_sums(panel: &[Line<[u8; 4]>]) -> Sums {
    let ones = _mm512_set1_epi8(1);
    let mut sums = [_mm512_setzero_si512(); VECTORS];
    for line in panel {
        for (sum, vector) in sums.iter_mut().zip(vectors(line)) {
            *sum = _mm512_dpbusd_epi32(*sum, vector, ones);
        }
    }
    let mut columns = [0; PANEL];
    store(&mut columns, sums);
    columns
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn tiles(
    rows: Rows<'_, 4>,
    panel: &[Line<[u8; 4]>],
    sums: &mut [Sums],
    step: impl Fn(__m512i, __m512i, __m512i) -> __m512i + Copy,
) {
    let mut tiles = sums.chunks_exact_mut(4);
    let mut left = rows.groups.chunks_exact(4 * rows.stride);
    for (left, sums) in left.by_ref().zip(tiles.by_ref()) {
        tile::<4>(left, panel, sums, step);
    }
    let rest = left.remainder().chunks_exact(rows.stride).zip(tiles.into_remainder().chunks_exact_mut(1));
    rest.for_each(|(left, sums)| tile::<1>(left, panel, sums, step));
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn tile<const R: usize>(
    left: &[[u8; 4]],
    panel: &[Line<[u8; 4]>],
    output: &mut [Sums],
    step: impl Fn(__m512i, __m512i, __m512i) -> __m512i + Copy,
) {
    let left: [&[[u8; 4]]; R] = std::array::from_fn(|i| &left[i * panel.len()..][..panel.len()]);
    let mut sums = [[_mm512_setzero_si512(); VECTORS]; R];
    for (k, line) in panel.iter().enumerate() {
        let right = vectors(line);
        for i in 0..R {
            let left = _mm512_set1_epi32(i32::from_le_bytes(left[i][k]));
            for v in 0..VECTORS {
                sums[i][v] = step(sums[i][v], left, right[v]);
            }
        }
    }
    for i in 0..R {
        store(&mut output[i], sums[i]);
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn vectors(line: &Line<[u8; 4]>) -> [__m512i; VECTORS] {
    let (vectors, _) = line.0.as_chunks::<LANES>();
    std::array::from_fn(|v| load(&vectors[v]))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(groups: &[[u8; 4]; LANES]) -> __m512i {
    // SAFETY: the groups are 64 bytes long, and the load needs no alignment.
    unsafe { _mm512_loadu_si512(groups.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(output: &mut Sums, sums: [__m512i; VECTORS]) {
    let (vectors, _) = output.as_chunks_mut::<LANES>();
    for (output, sum) in vectors.iter_mut().zip(sums) {
        // SAFETY: each chunk is 16 integers of 4 bytes long, and the store needs no alignment.
        unsafe { _mm512_storeu_si512(output.as_mut_ptr().cast(), sum) };
    }
}
