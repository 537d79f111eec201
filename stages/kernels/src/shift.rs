//! Rounding to signed powers of two: the weights of a shift layer (DeepShift, arXiv 1905.13298).

use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

/// Smallest exponent of a 5-bit DeepShift-Q weight; the largest is 0.
pub const SMALLEST_EXPONENT: i32 = -15;
/// Smallest exponent of a 5-bit DeepShift-PS weight; one of its codes is spent on zero.
pub const SMALLEST_PS_EXPONENT: i32 = -14;

/// Bits of the mantissa.
const MANTISSA: u32 = 23;
/// Exponent of 1 in the bits of a float.
const BIAS: i32 = 127;
/// Added to the bits of a float, this carries into the exponent exactly for mantissas above √2: 0x3504f3 is the last
/// below.
const ABOVE_SQRT_2: u32 = (1 << MANTISSA) - 0x0035_04f4;

/// Returns sign(w) · 2^round(log2 |w|), |w| clamped to [2^−15, 1] first; zero stays zero and NaN stays NaN.
///
/// No float lies halfway between two exponents, so there are no ties.
#[inline(always)]
pub fn round_to_power_of_two(weight: f32) -> f32 {
    let bits = weight.to_bits();
    let (sign, magnitude) = (bits & (1 << 31), bits & !(1 << 31));
    let rounded = (magnitude + ABOVE_SQRT_2) & !((1 << MANTISSA) - 1);
    let clamped = rounded.clamp(power(SMALLEST_EXPONENT), power(0)) | sign;
    let is_kept = magnitude == 0 || magnitude > f32::INFINITY.to_bits();
    f32::from_bits(if is_kept { bits } else { clamped })
}

/// Returns the bits of 2^exponent.
#[inline(always)]
const fn power(exponent: i32) -> u32 {
    ((exponent + BIAS) as u32) << MANTISSA
}

/// Values of one task.
const CHUNK: usize = 1 << 14;

/// Returns every weight rounded to a power of two.
pub fn rounded(weights: &[f32]) -> Vec<f32> {
    let arch = Arch::new();
    let mut rounded = vec![0.0; weights.len()];
    let chunks = rounded.par_chunks_mut(CHUNK).zip(weights.par_chunks(CHUNK));
    chunks.for_each(|(rounded, weights)| arch.dispatch(Round { weights, rounded }));
    rounded
}

struct Round<'a> {
    weights: &'a [f32],
    rounded: &'a mut [f32],
}

impl NullaryFnOnce for Round<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.rounded
            .iter_mut()
            .zip(self.weights)
            .for_each(|(rounded, &weight)| *rounded = round_to_power_of_two(weight));
    }
}

/// Returns DeepShift-PS weights: sgn(round(s)) · 2^round(p), p clamped to [−14, 0], so that |s| ≤ 0.5 gives 0. Ties
/// round to even.
///
/// # Panics
/// If there are not as many signs as exponents.
pub fn composed(exponents: &[f32], signs: &[f32]) -> Vec<f32> {
    assert_eq!(exponents.len(), signs.len(), "a sign for every exponent");
    let mut weights = vec![0.0; signs.len()];
    let parts = exponents.par_chunks(CHUNK).zip(signs.par_chunks(CHUNK));
    weights.par_chunks_mut(CHUNK).zip(parts).for_each(|(weights, (exponents, signs))| {
        for (weight, (&exponent, &sign)) in weights.iter_mut().zip(exponents.iter().zip(signs)) {
            *weight = compose(exponent, sign);
        }
    });
    weights
}

#[inline]
fn compose(exponent: f32, sign: f32) -> f32 {
    let exponent = round_to_integer(exponent.clamp(SMALLEST_PS_EXPONENT as f32, 0.0));
    let magnitude = f32::from_bits(power(exponent as i32));
    match sign.abs() > 0.5 {
        true => magnitude.copysign(sign),
        false => 0.0,
    }
}

/// Rounds a value below 2^22, ties to even: adding 1.5 · 2^23 leaves no bits for a fraction.
#[inline]
fn round_to_integer(value: f32) -> f32 {
    const NO_FRACTION: f32 = (3 << 22) as f32;
    (value + NO_FRACTION) - NO_FRACTION
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_round_in_the_logarithm() {
        let golden = [
            (0.0, 0.0),
            (0.3, 0.25),
            (0.36, 0.5),
            (0.7, 0.5),
            (0.7072, 1.0),
            (0.75, 1.0),
            (1.0, 1.0),
            (1.7, 1.0),
            (-0.1, -0.125),
            (-0.09, -0.125),
            (1e-6, 3.051_757_8e-5),
            (-3.0, -1.0),
        ];
        for (weight, rounded) in golden {
            assert_eq!(round_to_power_of_two(weight), rounded, "{weight}");
        }
    }

    /// Every mantissa of one octave, and the octaves at both ends of the range.
    #[test]
    fn bits_round_as_the_logarithm_does() {
        for bits in (0..1 << MANTISSA).step_by(7).chain([0x0035_04f3, 0x0035_04f4]) {
            for exponent in [-17, -16, -15, -14, -1, 0, 1] {
                let weight = f32::from_bits(power(exponent) | bits);
                let clamped = f64::from(weight).clamp(f64::from(SMALLEST_EXPONENT).exp2(), 1.0);
                assert_eq!(f64::from(round_to_power_of_two(weight)), clamped.log2().round().exp2(), "{weight}");
            }
        }
    }

    #[test]
    fn what_is_no_number_stays_none_and_the_infinite_becomes_one() {
        assert!(round_to_power_of_two(f32::NAN).is_nan());
        assert_eq!([f32::INFINITY, f32::NEG_INFINITY].map(round_to_power_of_two), [1.0, -1.0]);
        assert_eq!(round_to_power_of_two(f32::MIN_POSITIVE / 8.0), 2.0_f32.powi(-15));
    }

    #[test]
    fn exponents_and_signs_round_to_even() {
        let exponents = [-20.0, -14.4, -2.5, -1.5, -0.5, 0.3, -3.0];
        let signs = [0.9, -0.9, 0.6, -1.0, 1.5, 0.51, 0.5];
        let wanted = [2.0_f32.powi(-14), -2.0_f32.powi(-14), 0.25, -0.25, 1.0, 1.0, 0.0];
        assert_eq!(composed(&exponents, &signs), wanted);
    }
}
