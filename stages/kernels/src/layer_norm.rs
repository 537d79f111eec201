//! Layer normalisation of rows, y = γ (x − μ) / √(σ² + ε) + β with the mean and biased variance of each row.

use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

use crate::lanes::sum_of;

/// Added to the variance.
pub const EPSILON: f32 = 1e-5;

/// Rows of one task. Part of the rounding of the gradients of γ and β, hence fixed.
const ROWS: usize = 32;

/// Returns the normalised rows, `[N, C]`.
///
/// # Panics
/// If γ and β do not have the length of a row.
pub fn forward(input: &[f32], gamma: &[f32], beta: &[f32]) -> Vec<f32> {
    let width = gamma.len();
    assert!(beta.len() == width && input.len().is_multiple_of(width.max(1)), "whole rows of {width}");
    let arch = Arch::new();
    let mut output = vec![0.0; input.len()];
    let blocks = output.par_chunks_mut(ROWS * width.max(1)).zip(input.par_chunks(ROWS * width.max(1)));
    blocks.for_each(|(output, input)| arch.dispatch(Normalize { input, gamma, beta, output }));
    output
}

/// Turns the gradient of the output into that of the input and returns those of γ and β.
///
/// # Panics
/// If the slices have not the lengths of one layer.
pub fn backward(input: &[f32], gamma: &[f32], upstream: &mut [f32]) -> [Vec<f32>; 2] {
    let width = gamma.len();
    assert!(upstream.len() == input.len() && input.len().is_multiple_of(width.max(1)), "whole rows of {width}");
    let arch = Arch::new();
    let blocks = upstream.par_chunks_mut(ROWS * width.max(1)).zip(input.par_chunks(ROWS * width.max(1)));
    let parts: Vec<[Vec<f32>; 2]> =
        blocks.map(|(upstream, input)| arch.dispatch(Back { input, gamma, upstream })).collect();
    parts.into_iter().fold([vec![0.0; width], vec![0.0; width]], |mut sums, parts| {
        for (sums, parts) in sums.iter_mut().zip(parts) {
            sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
        }
        sums
    })
}

/// Returns mean and 1 / √(σ² + ε).
#[inline(always)]
fn moments(row: &[f32]) -> (f32, f32) {
    let count = row.len() as f32;
    let mean = sum_of(row, |value| value) / count;
    let variance = sum_of(row, |value| (value - mean) * (value - mean)) / count;
    (mean, 1.0 / (variance + EPSILON).sqrt())
}

struct Normalize<'a> {
    input: &'a [f32],
    gamma: &'a [f32],
    beta: &'a [f32],
    output: &'a mut [f32],
}

impl NullaryFnOnce for Normalize<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { input, gamma, beta, output } = self;
        let width = gamma.len();
        for (output, input) in output.chunks_exact_mut(width).zip(input.chunks_exact(width)) {
            let (mean, inverse) = moments(input);
            let vectors = input.iter().zip(gamma).zip(beta);
            output.iter_mut().zip(vectors).for_each(|(y, ((x, gamma), beta))| *y = (x - mean) * inverse * gamma + beta);
        }
    }
}

/// With x̂ = (x − μ) / s: dβ = Σ G, dγ = Σ G x̂, dX = (γ G − mean(γ G) − x̂ mean(γ G x̂)) / s.
struct Back<'a> {
    input: &'a [f32],
    gamma: &'a [f32],
    upstream: &'a mut [f32],
}

impl NullaryFnOnce for Back<'_> {
    type Output = [Vec<f32>; 2];

    #[inline(always)]
    fn call(self) -> [Vec<f32>; 2] {
        let Self { input, gamma, upstream } = self;
        let width = gamma.len();
        let (mut of_gamma, mut of_beta) = (vec![0.0; width], vec![0.0; width]);
        let (mut scaled, mut products) = (vec![0.0; width], vec![0.0; width]);
        for (upstream, input) in upstream.chunks_exact_mut(width).zip(input.chunks_exact(width)) {
            let (mean, inverse) = moments(input);
            for at in 0..width {
                let (g, x) = (upstream[at], (input[at] - mean) * inverse);
                of_beta[at] += g;
                of_gamma[at] += g * x;
                scaled[at] = g * gamma[at];
                products[at] = scaled[at] * x;
            }
            let plain = sum_of(&scaled, |value| value) / width as f32;
            let along = sum_of(&products, |value| value) / width as f32;
            for at in 0..width {
                upstream[at] = (scaled[at] - plain - (input[at] - mean) * inverse * along) * inverse;
            }
        }
        [of_gamma, of_beta]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::samples::{values, with_threads};

    fn row(x: &[f64], gamma: &[f64], beta: &[f64]) -> Vec<f64> {
        let count = x.len() as f64;
        let mean = x.iter().sum::<f64>() / count;
        let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        let inverse = 1.0 / (variance + f64::from(EPSILON)).sqrt();
        x.iter().zip(gamma).zip(beta).map(|((x, gamma), beta)| (x - mean) * inverse * gamma + beta).collect()
    }

    fn wide(values: &[f32]) -> Vec<f64> {
        values.iter().map(|&value| f64::from(value)).collect()
    }

    /// Rows of ramps with noise, so that no variance is near ε.
    fn layers() -> impl Strategy<Value = [Vec<f32>; 4]> {
        (2..40_usize, 1..70_usize).prop_flat_map(|(width, rows)| {
            let values = |length| prop::collection::vec(-1.0..1.0_f32, length);
            (values(width * rows), values(width), values(width), values(width * rows)).prop_map(
                move |(mut x, gamma, beta, g)| {
                    x.iter_mut().enumerate().for_each(|(at, x)| *x += (at % width) as f32);
                    [x, gamma, beta, g]
                },
            )
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn rows_are_those_of_the_plain_loop([x, gamma, beta, _] in layers()) {
            let output = forward(&x, &gamma, &beta);
            let width = gamma.len();
            for (output, x) in output.chunks_exact(width).zip(x.chunks_exact(width)) {
                for (found, wanted) in output.iter().zip(row(&wide(x), &wide(&gamma), &wide(&beta))) {
                    // Single precision of values up to 40 over a deviation of at least 0.5.
                    prop_assert!((f64::from(*found) - wanted).abs() < 1e-4, "{found} for {wanted}");
                }
            }
        }

        #[test]
        fn gradients_are_finite_differences([x, gamma, beta, g] in layers()) {
            let width = gamma.len();
            let mut of_input = g.clone();
            let [of_gamma, of_beta] = backward(&x, &gamma, &mut of_input);
            let (x, gamma, beta, g) = (wide(&x), wide(&gamma), wide(&beta), wide(&g));
            let loss = |x: &[f64], gamma: &[f64], beta: &[f64]| -> f64 {
                let rows = x.chunks_exact(width).zip(g.chunks_exact(width));
                rows.flat_map(|(x, g)| row(x, gamma, beta).into_iter().zip(g).map(|(y, g)| y * g)).sum()
            };
            let slope = |at: usize, of: usize| {
                let moved = |step: f64| {
                    let mut parts = [x.clone(), gamma.clone(), beta.clone()];
                    parts[of][at] += step;
                    loss(&parts[0], &parts[1], &parts[2])
                };
                (moved(1e-5) - moved(-1e-5)) / 2e-5
            };
            let checks = [(&of_input, 0), (&of_gamma, 1), (&of_beta, 2)];
            for (found, of) in checks {
                for at in [0, found.len() / 2, found.len() - 1] {
                    let wanted = slope(at, of);
                    // Sums of up to 70 single-precision terms.
                    prop_assert!((f64::from(found[at]) - wanted).abs() < 2e-4 * (1.0 + wanted.abs()), "{} for {wanted}", found[at]);
                }
            }
        }
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let (x, gamma, g) = (values(200 * 24, 1), values(24, 2), values(200 * 24, 3));
        let [one, three] = with_threads(|| {
            let mut of_input = g.clone();
            let of_vectors = backward(&x, &gamma, &mut of_input);
            (of_input, of_vectors, forward(&x, &gamma, &gamma))
        });
        assert_eq!(one, three);
    }
}
