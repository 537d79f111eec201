use std::arch::x86_64::*;

use super::{Kernel, Places, Rows, Sums};
use crate::tile::Line;

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

    fn tile(self, rows: Rows<'_, 4>, panel: &[Line<[u8; 4]>], places: Places<'_>) {
        // SAFETY: as above.
        unsafe { distances(rows, panel, places) }
    }
}

/// Σ left · right, the right bytes taken as signed.
#[derive(Clone, Copy)]
pub(super) struct Products;

impl Kernel<4> for Products {
    fn row_sum(self, _row: &[[u8; 4]]) -> i32 {
        0
    }

    fn tile(self, rows: Rows<'_, 4>, panel: &[Line<[u8; 4]>], places: Places<'_>) {
        // SAFETY: the path has been found on this machine.
        unsafe { products(rows, panel, places) }
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
fn distances(rows: Rows<'_, 4>, panel: &[Line<[u8; 4]>], places: Places<'_>) {
    let ones = _mm512_set1_epi8(1);
    let columns = column_sums(panel);
    let step = |sum, left, right| _mm512_dpbusd_epi32(sum, _mm512_min_epu8(left, right), ones);
    tiles(rows, panel, places, step, |sum, row, v| {
        let shares = _mm512_add_epi32(_mm512_set1_epi32(row), columns[v]);
        _mm512_sub_epi32(_mm512_add_epi32(sum, sum), shares)
    });
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn products(rows: Rows<'_, 4>, panel: &[Line<[u8; 4]>], places: Places<'_>) {
    tiles(rows, panel, places, |sum, left, right| _mm512_dpbusd_epi32(sum, left, right), |sum, _, _| sum);
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn column_sums(panel: &[Line<[u8; 4]>]) -> [__m512i; VECTORS] {
    let ones = _mm512_set1_epi8(1);
    let mut sums = [_mm512_setzero_si512(); VECTORS];
    for line in panel {
        for (sum, vector) in sums.iter_mut().zip(vectors(line)) {
            *sum = _mm512_dpbusd_epi32(*sum, vector, ones);
        }
    }
    sums
}

/// Makes every sum by `step(sum, left, right)` and turns it into `finish(sum, what is known of the row, vector)`.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn tiles(
    rows: Rows<'_, 4>,
    panel: &[Line<[u8; 4]>],
    mut places: Places<'_>,
    step: impl Fn(__m512i, __m512i, __m512i) -> __m512i + Copy,
    finish: impl Fn(__m512i, i32, usize) -> __m512i + Copy,
) {
    let (count, mut places) = (rows.sums.len(), places.rows());
    let mut next = || places.next().expect("a place for every row");
    for row in (0..count - count % 4).step_by(4) {
        tile(rows.range(row, 4), panel, [next(), next(), next(), next()], step, finish);
    }
    for row in count - count % 4..count {
        tile(rows.range(row, 1), panel, [next()], step, finish);
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn tile<const R: usize>(
    rows: Rows<'_, 4>,
    panel: &[Line<[u8; 4]>],
    output: [&mut Sums; R],
    step: impl Fn(__m512i, __m512i, __m512i) -> __m512i + Copy,
    finish: impl Fn(__m512i, i32, usize) -> __m512i + Copy,
) {
    let left: [&[[u8; 4]]; R] = std::array::from_fn(|i| &rows.groups[i * panel.len()..][..panel.len()]);
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
    for ((sums, output), &row) in sums.into_iter().zip(output).zip(rows.sums) {
        let (outputs, _) = output.as_chunks_mut::<LANES>();
        for (v, (sum, output)) in sums.into_iter().zip(outputs).enumerate() {
            // SAFETY: each chunk is 16 integers of 4 bytes long, and the store needs no alignment.
            unsafe { _mm512_storeu_si512(output.as_mut_ptr().cast(), finish(sum, row, v)) };
        }
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
