use std::num::NonZeroUsize;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

/// Where a score would lie with 95 % of the texts that could be drawn from the sentences of this one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// A fortieth of the resampled scores is below.
    pub low: f64,
    /// Their mean.
    pub mean: f64,
    /// A fortieth of the resampled scores is above.
    pub high: f64,
}

/// Scores texts of as many sentences, drawn with replacement (Koehn 2004), and cuts off a fortieth on either side.
pub(super) fn bootstrap(
    sentences: usize,
    resamples: NonZeroUsize,
    seed: u64,
    score: impl Fn(&[usize]) -> f64,
) -> Interval {
    let mut rng = ChaCha12Rng::seed_from_u64(seed);
    let mut drawn = vec![0; sentences];
    let mut scores: Vec<f64> = (0..resamples.get())
        .map(|_| {
            drawn.fill_with(|| rng.random_range(0..sentences));
            score(&drawn)
        })
        .collect();
    scores.sort_by(f64::total_cmp);
    let cut = scores.len() / 40;
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    Interval { low: scores[cut], mean, high: scores[scores.len() - 1 - cut] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(values: &[f64], seed: u64) -> Interval {
        let score = |drawn: &[usize]| drawn.iter().map(|&index| values[index]).sum::<f64>() / drawn.len() as f64;
        bootstrap(values.len(), NonZeroUsize::new(2000).unwrap(), seed, score)
    }

    /// The mean of 400 fair coins lies within 1.96 x 0.5 / 20 = 0.049 of a half in 95 % of the draws.
    #[test]
    fn an_interval_of_a_mean_is_that_of_the_normal_distribution() {
        let coins: Vec<f64> = (0..400u32).map(|index| f64::from(index % 2)).collect();
        let Interval { low, mean: middle, high } = mean(&coins, 7);
        // The standard error of a quantile of 2000 draws is about 0.0015 here; four of them.
        assert!((low - 0.451).abs() < 6e-3 && (high - 0.549).abs() < 6e-3, "{low} {high}");
        assert!((middle - 0.5).abs() < 3e-3, "{middle}");
    }

    #[test]
    fn an_interval_is_a_function_of_its_seed() {
        let values = [1.0, 5.0, 2.0, 8.0, 3.0, 9.5];
        assert_eq!(mean(&values, 1), mean(&values, 1));
        assert_ne!(mean(&values, 1), mean(&values, 2));
        assert_eq!(mean(&[4.0], 1), Interval { low: 4.0, mean: 4.0, high: 4.0 });
    }
}
