//! The weight transform T of heterogeneous weight sharing (Eq. 8 of ShiftAddNAS): weights in descending order are cut
//! into segments of equal count, and each is multiplied by the learned factor of its segment.

use std::mem::MaybeUninit;

use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

/// Most segments of a weight.
pub const MOST_SEGMENTS: usize = 1 << 16;

/// Values of one task. Part of the rounding of the factors' gradient, hence fixed.
const CHUNK: usize = 1 << 16;

/// Weights that are multiplied together.
const TOGETHER: usize = 4;

/// The segment of every weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segments {
    /// Each below `count`.
    of_weights: Vec<u16>,
    count: usize,
}

impl Segments {
    /// Returns the segments in the order of the weights.
    pub fn of_weights(&self) -> &[u16] {
        &self.of_weights
    }
}

/// Returns each weight's segment: rank ↦ ⌊rank · count / N⌋, ranks in descending order of the weights, ties by
/// position. With fewer weights than segments each has its own.
///
/// # Panics
/// If `count` is 0 or above [`MOST_SEGMENTS`], or with more than 2³² weights.
pub fn segments(weights: &[f32], count: usize) -> Segments {
    assert!((1..=MOST_SEGMENTS).contains(&count), "1 to {MOST_SEGMENTS} segments, not {count}");
    assert!(u32::try_from(weights.len()).is_ok(), "positions of {} weights fit 32 bits", weights.len());
    let key = |(at, &weight): (usize, &f32)| u64::from(descending(weight)) << 32 | at as u64;
    let mut order: Vec<u64> = weights.par_iter().enumerate().map(key).collect();
    order.par_sort_unstable();
    let count = count.min(weights.len());
    let mut of_weights = vec![0; weights.len()];
    for (rank, key) in order.into_iter().enumerate() {
        let position = key & u64::from(u32::MAX);
        of_weights[position as usize] = (rank * count / weights.len()) as u16;
    }
    Segments { of_weights, count }
}

/// Returns bits that grow as the weight falls.
fn descending(weight: f32) -> u32 {
    let bits = weight.to_bits();
    match bits >> 31 {
        0 => !(bits | 1 << 31),
        _ => bits,
    }
}

/// Returns every weight times the factor of its segment.
///
/// # Panics
/// If there is not one segment per weight, or a segment without a factor.
pub fn scaled(weights: &[f32], factors: &[f32], segments: &Segments) -> Vec<f32> {
    let Segments { of_weights: segments, count } = segments;
    assert_eq!(weights.len(), segments.len(), "a segment for every weight");
    assert!(factors.len() >= *count, "{count} segments want as many factors, not {}", factors.len());
    let arch = Arch::new();
    let mut scaled = Box::new_uninit_slice(weights.len());
    let weights = weights.par_chunks(CHUNK).zip(segments.par_chunks(CHUNK));
    let chunks = scaled.par_chunks_mut(CHUNK).zip(weights);
    chunks.for_each(|(scaled, (weights, segments))| arch.dispatch(Scale { weights, factors, segments, scaled }));
    // SAFETY: the chunks are the whole, and each has been written, its three slices being of one length.
    unsafe { scaled.assume_init() }.into_vec()
}

/// Returns four segments in one register: one load where bytes are in this order.
#[inline(always)]
fn packed(segments: [u16; TOGETHER]) -> u64 {
    segments.into_iter().rev().fold(0, |packed, segment| packed << 16 | u64::from(segment))
}

#[inline(always)]
fn unpacked(packed: u64) -> [u16; TOGETHER] {
    std::array::from_fn(|at| (packed >> (16 * at)) as u16)
}

/// scaled[i] = weights[i] · factors[segments[i]].
struct Scale<'a> {
    weights: &'a [f32],
    factors: &'a [f32],
    /// Each has a factor.
    segments: &'a [u16],
    scaled: &'a mut [MaybeUninit<f32>],
}

impl NullaryFnOnce for Scale<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        // SAFETY: segments are below their count, which `Segments` keeps, and there are as many factors, which `scaled`
        // has checked.
        let factor = |segment: u16| unsafe { *self.factors.get_unchecked(usize::from(segment)) };
        let (weights, last_weights) = self.weights.as_chunks::<TOGETHER>();
        let (segments, last_segments) = self.segments.as_chunks::<TOGETHER>();
        let (scaled, last_scaled) = self.scaled.as_chunks_mut::<TOGETHER>();
        for ((scaled, weights), segments) in scaled.iter_mut().zip(weights).zip(segments) {
            let factors = unpacked(packed(*segments)).map(factor);
            scaled.write_copy_of_slice(&std::array::from_fn::<f32, TOGETHER, _>(|at| weights[at] * factors[at]));
        }
        for ((scaled, weight), &segment) in last_scaled.iter_mut().zip(last_weights).zip(last_segments) {
            scaled.write(weight * factor(segment));
        }
    }
}

/// Returns the gradient of `factors` factors: dα_i = Σ w · g over segment i.
///
/// # Panics
/// If there is not one segment and one gradient per weight, or a segment without a factor.
pub fn factor_gradient(weights: &[f32], factors: usize, segments: &Segments, upstream: &[f32]) -> Vec<f32> {
    let segments = segments.of_weights();
    assert_eq!(weights.len(), segments.len(), "a segment for every weight");
    assert_eq!(weights.len(), upstream.len(), "a gradient for every weight");
    let terms = weights.par_chunks(CHUNK).zip(upstream.par_chunks(CHUNK)).zip(segments.par_chunks(CHUNK));
    let parts: Vec<Vec<f32>> = terms
        .map(|((weights, upstream), segments)| {
            let mut sums = vec![0.0; factors];
            for ((weight, gradient), &segment) in weights.iter().zip(upstream).zip(segments) {
                sums[usize::from(segment)] += weight * gradient;
            }
            sums
        })
        .collect();
    let mut gradient = vec![0.0; factors];
    for part in parts {
        gradient.iter_mut().zip(part).for_each(|(total, part)| *total += part);
    }
    gradient
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{values, with_threads};

    const WEIGHTS: [f32; 8] = [1.2, -0.3, 0.05, 2.4, -1.9, 0.7, -0.8, 0.0];

    /// Three segments of 8 weights: ⌊rank · 3 / 8⌋ puts ranks 0–2, 3–5 and 6–7 together.
    #[test]
    fn ranks_are_cut_into_equal_segments() {
        assert_eq!(segments(&WEIGHTS, 3).of_weights(), [0, 1, 1, 0, 2, 0, 2, 1]);
        assert_eq!(segments(&[1.0, 2.0], 200).of_weights(), [1, 0]);
        assert_eq!(segments(&[], 200).of_weights(), []);
    }

    #[test]
    fn ties_keep_their_order() {
        assert_eq!(segments(&[0.5, 1.0, 0.5, 0.5], 4).of_weights(), [1, 0, 2, 3]);
    }

    #[test]
    fn every_weight_is_scaled_by_its_segment_and_factors_gather_its_gradients() {
        let segments = segments(&WEIGHTS, 3);
        assert_eq!(scaled(&WEIGHTS, &[0.5, -1.0, 2.0], &segments), [0.6, 0.3, -0.05, 1.2, -3.8, 0.35, -1.6, -0.0]);
        let gradient = factor_gradient(&WEIGHTS, 3, &segments, &[1.0; 8]);
        let wanted = [1.2 + 2.4 + 0.7, -0.3 + 0.05 + 0.0, -1.9 - 0.8];
        for (found, wanted) in gradient.iter().zip(wanted) {
            assert!((found - wanted).abs() < 1e-6, "{gradient:?}");
        }
    }

    #[test]
    #[should_panic(expected = "2 segments want as many factors, not 1")]
    fn a_segment_without_a_factor_is_refused() {
        scaled(&[1.0, 2.0], &[1.0], &segments(&[1.0, 2.0], 2));
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let (weights, upstream) = (values(3 * CHUNK + 5, 1), values(3 * CHUNK + 5, 2));
        let [one, three] = with_threads(|| {
            let segments = segments(&weights, 200);
            (factor_gradient(&weights, 200, &segments, &upstream), segments)
        });
        assert!(one == three);
    }
}
