//! Sums and exponentials in the order of vector lanes: plain loops that compilers turn into vector code wherever they
//! are inlined into a dispatched function. The order of every sum is the same on each instruction set.

/// Partial sums of one row.
const LANES: usize = 16;

/// Returns Σ f(value).
#[inline(always)]
pub(crate) fn sum_of(values: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let (whole, rest) = values.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for values in whole {
        for at in 0..LANES {
            sums[at] += f(values[at]);
        }
    }
    rest.iter().zip(&mut sums).for_each(|(&value, sum)| *sum += f(value));
    total(sums)
}

/// Returns the largest value, −∞ of none. NaN is passed over.
#[inline(always)]
pub(crate) fn largest(values: &[f32]) -> f32 {
    let (whole, rest) = values.as_chunks::<LANES>();
    let mut most = [f32::NEG_INFINITY; LANES];
    for values in whole {
        for at in 0..LANES {
            most[at] = if values[at] > most[at] { values[at] } else { most[at] };
        }
    }
    most.iter().chain(rest).copied().fold(f32::NEG_INFINITY, f32::max)
}

/// Returns smallest and largest value, +∞ and −∞ of none. NaN is passed over.
#[inline(always)]
pub(crate) fn extremes(values: &[f32]) -> (f32, f32) {
    let (whole, rest) = values.as_chunks::<LANES>();
    let (mut least, mut most) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
    for values in whole {
        for at in 0..LANES {
            least[at] = if values[at] < least[at] { values[at] } else { least[at] };
            most[at] = if values[at] > most[at] { values[at] } else { most[at] };
        }
    }
    let least = least.iter().chain(rest).copied().fold(f32::INFINITY, f32::min);
    (least, most.iter().chain(rest).copied().fold(f32::NEG_INFINITY, f32::max))
}

#[inline(always)]
fn total(sums: [f32; LANES]) -> f32 {
    let mut sums = sums;
    let mut width = LANES / 2;
    while width > 0 {
        for at in 0..width {
            sums[at] += sums[at + width];
        }
        width /= 2;
    }
    sums[0]
}

/// Below this, e^x is taken as e^−87.
const SMALLEST: f32 = -87.0;
/// Adding this leaves no bits for a fraction: 1.5 · 2^23.
const NO_FRACTION: f32 = (3 << 22) as f32;
/// The high bits of ln 2, so that a multiple of it up to 128 is exact, and the rest.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;

/// Returns e^x for x of at most 88, relative error below 2e-7. Far negative ones give about 1e-38 instead of less.
///
/// x = n ln 2 + r with |r| ≤ ln 2 / 2, then the polynomial of Cephes for e^r.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let x = if x > SMALLEST { x } else { SMALLEST };
    let shifted = x.mul_add(std::f32::consts::LOG2_E, NO_FRACTION);
    let n = shifted - NO_FRACTION;
    let r = n.mul_add(-LN_2_LOW, n.mul_add(-LN_2_HIGH, x));
    let mut p = 1.987_569_1e-4_f32;
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        p = p.mul_add(r, coefficient);
    }
    let mantissa = p.mul_add(r * r, r) + 1.0;
    let power = shifted.to_bits().wrapping_sub(NO_FRACTION.to_bits()).wrapping_add(127) << 23;
    mantissa * f32::from_bits(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_are_right_to_two_units_of_the_last_place() {
        for step in 0..200_000 {
            let x = -87.0 + step as f32 * (175.0 / 200_000.0);
            let wanted = f64::from(x).exp();
            let error = (f64::from(exp(x)) - wanted).abs() / wanted;
            assert!(error < 2e-7, "e^{x} is wrong by {error}");
        }
        assert!(exp(f32::NEG_INFINITY) < 1e-37);
        assert_eq!(exp(0.0), 1.0);
    }

    #[test]
    fn sums_and_maxima_take_in_every_value() {
        for length in 0..70 {
            let values: Vec<f32> = (0..length).map(|at| ((at * 37) % 64) as f32).collect();
            assert_eq!(sum_of(&values, |value| value * 2.0), values.iter().sum::<f32>() * 2.0);
            let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            assert_eq!(largest(&values), most);
            assert_eq!(extremes(&values), (values.iter().copied().fold(f32::INFINITY, f32::min), most));
        }
    }
}
