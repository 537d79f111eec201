/// Values added up side by side, so that they compile to vectors.
const LANES: usize = 16;

/// out\[p\] = Σ of query · row p.
#[inline(always)]
pub(super) fn dots(query: &[f32], rows: &[f32], out: &mut [f32]) {
    for (row, out) in rows.chunks_exact(query.len()).zip(out) {
        let (query_lanes, query_rest) = query.as_chunks::<LANES>();
        let (row_lanes, row_rest) = row.as_chunks::<LANES>();
        let mut sums = [0.0; LANES];
        for (query, row) in query_lanes.iter().zip(row_lanes) {
            for lane in 0..LANES {
                sums[lane] += query[lane] * row[lane];
            }
        }
        *out = sums.iter().sum::<f32>() + query_rest.iter().zip(row_rest).map(|(a, b)| a * b).sum::<f32>();
    }
}

/// out = Σ over rows of factor · row.
#[inline(always)]
pub(super) fn sums(factors: &[f32], rows: &[f32], out: &mut [f32]) {
    let wide = columns::<LANES>(factors, rows, out, 0);
    let narrow = columns::<4>(factors, rows, out, wide);
    columns::<1>(factors, rows, out, narrow);
}

/// Computes as many whole blocks of N columns as there are from column `at`; returns the first that is left.
#[inline(always)]
fn columns<const N: usize>(factors: &[f32], rows: &[f32], out: &mut [f32], mut at: usize) -> usize {
    let width = out.len();
    while at + N <= width {
        let mut sums = [0.0; N];
        for (factor, row) in factors.iter().zip(rows.chunks_exact(width)) {
            for (sum, value) in sums.iter_mut().zip(&row[at..at + N]) {
                *sum += factor * value;
            }
        }
        out[at..at + N].copy_from_slice(&sums);
        at += N;
    }
    at
}

/// Replaces scores by their shares of 1.
#[inline(always)]
pub(super) fn softmax(scores: &mut [f32]) {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    scores.iter_mut().for_each(|score| *score = exp(*score - largest));
    let factor = scores.iter().sum::<f32>().recip();
    scores.iter_mut().for_each(|score| *score *= factor);
}

/// Returns e^x for x of at most 0, and e^−87, which is no share, for anything below −87: Cephes' polynomial
/// (`expf.c`), without a branch.
#[inline(always)]
fn exp(x: f32) -> f32 {
    const LEAST: f32 = -87.0;
    /// 1.5 · 2^23: what is added to it is rounded to an integer, in its lowest bits.
    const ROUND: f32 = 12_582_912.0;
    /// ln 2 in two parts, the first of few bits.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    const TERMS: [f32; 6] = [1.987_569_1e-4, 1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5];
    let x = x.max(LEAST);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let exponent = shifted - ROUND;
    let rest = x - exponent * LN_2[0] - exponent * LN_2[1];
    let terms = TERMS.iter().fold(0.0, |sum, term| sum * rest + term);
    let power = f32::from_bits(shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23);
    (terms * rest * rest + rest + 1.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cephes states a relative error of 2 · 2^−24 for its own arithmetic; two more roundings are allowed here.
    #[test]
    fn the_exponential_is_right_to_the_last_bits() {
        for step in 0..8700 {
            let x = -(step as f32) / 100.0;
            let wanted = f64::from(x).exp();
            assert!((f64::from(exp(x)) / wanted - 1.0).abs() < 4.0 / f64::from(1 << 24), "{x}: {} {wanted}", exp(x));
        }
        assert!(exp(-1e9) < 1e-37 && exp(f32::NEG_INFINITY) < 1e-37);
    }

    #[test]
    fn shares_sum_to_one() {
        let mut scores = [3.0, -1e9, 2.0, 100.0, 99.5];
        softmax(&mut scores);
        assert!((scores.iter().sum::<f32>() - 1.0).abs() < 1e-6 && scores[1] < 1e-37, "{scores:?}");
    }
}
