use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

/// Which values dropout drops: a fixed function of a key and a value's place, so that nothing need be stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mask {
    rate: f32,
    key: u64,
}

impl Mask {
    /// Returns the mask that drops a share of `rate`. Masks with different keys are independent.
    ///
    /// # Panics
    /// If the rate is not at least 0 and below 1.
    pub fn new(rate: f32, key: u64) -> Self {
        assert!((0.0..1.0).contains(&rate), "a rate of at least 0 and below 1, not {rate}");
        Self { rate, key }
    }

    /// Returns what the value at a place is multiplied by: 0, or 1 / (1 − rate).
    #[inline(always)]
    pub fn factor(&self, at: usize) -> f32 {
        if mixed(at as u32, self.key) < threshold(self.rate) { 0.0 } else { 1.0 / (1.0 - self.rate) }
    }
}

/// Values of one task.
const CHUNK: usize = 1 << 14;

/// Returns the values times what the mask says of their places.
pub fn masked(values: &[f32], mask: Mask) -> Vec<f32> {
    let arch = Arch::new();
    let mut masked = vec![0.0; values.len()];
    let chunks = masked.par_chunks_mut(CHUNK).zip(values.par_chunks(CHUNK)).enumerate();
    chunks.for_each(|(chunk, (masked, values))| arch.dispatch(Apply { mask, first: chunk * CHUNK, values, masked }));
    masked
}

struct Apply<'a> {
    mask: Mask,
    first: usize,
    values: &'a [f32],
    masked: &'a mut [f32],
}

impl NullaryFnOnce for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { mask, first, values, masked } = self;
        let values = masked.iter_mut().zip(values).enumerate();
        values.for_each(|(at, (masked, value))| *masked = value * mask.factor(first + at));
    }
}

/// Returns the draw below which a value is dropped.
#[inline(always)]
fn threshold(rate: f32) -> u32 {
    (f64::from(rate) * f64::from(u32::MAX)) as u32
}

/// Returns a number of at least 0 and below 1 for a place under a key.
#[inline(always)]
pub(crate) fn uniform(at: usize, key: u64) -> f32 {
    (mixed(at as u32, key) >> 8) as f32 / (1 << 24) as f32
}

/// Returns 32 bits of a place under a key: the finaliser of MurmurHash3, once for each half of the key.
#[inline(always)]
fn mixed(at: u32, key: u64) -> u32 {
    finished(finished(at ^ key as u32) ^ (key >> 32) as u32)
}

#[inline(always)]
fn finished(mut bits: u32) -> u32 {
    bits ^= bits >> 16;
    bits = bits.wrapping_mul(0x85eb_ca6b);
    bits ^= bits >> 13;
    bits = bits.wrapping_mul(0xc2b2_ae35);
    bits ^ bits >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_dropped_by_its_place_and_the_key_alone() {
        let values: Vec<f32> = (0..40_000).map(|at| at as f32 + 1.0).collect();
        let mask = Mask::new(0.3, 11);
        let whole = masked(&values, mask);
        for (at, (found, value)) in whole.iter().zip(&values).enumerate() {
            assert_eq!(*found, value * mask.factor(at));
        }
        let dropped = |key| masked(&values, Mask::new(0.3, key)).iter().map(|value| *value == 0.0).collect::<Vec<_>>();
        let [first, second] = [dropped(11), dropped(12)];
        let (count, both) = (first.iter().filter(|dropped| **dropped).count(), first.iter().zip(&second));
        let both = both.filter(|(first, second)| **first && **second).count();
        // Binomial with standard deviations of 92 and 57: five of them around the means.
        assert!((11_540..=12_460).contains(&count), "{count} dropped");
        assert!((3_315..=3_885).contains(&both), "{both} dropped by both");
    }

    #[test]
    fn a_rate_of_zero_keeps_everything() {
        assert_eq!(masked(&[1.0, -2.0, 0.5], Mask::new(0.0, 3)), [1.0, -2.0, 0.5]);
    }
}
