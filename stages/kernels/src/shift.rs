//! Rounding to signed powers of two: the weights of a shift layer (DeepShift, arXiv 1905.13298).

/// Smallest exponent of a 5-bit DeepShift-Q weight; the largest is 0.
pub const SMALLEST_EXPONENT: i32 = -15;

/// Returns sign(w) · 2^round(log2 |w|), |w| clamped to [2^−15, 1] first and ties rounded to even exponents;
/// zero stays zero.
pub fn round_to_power_of_two(weight: f32) -> f32 {
    if weight == 0.0 || weight.is_nan() {
        return weight;
    }
    let magnitude = weight.abs().clamp((SMALLEST_EXPONENT as f32).exp2(), 1.0);
    magnitude.log2().round_ties_even().exp2().copysign(weight)
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
}
