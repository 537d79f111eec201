use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha12Rng;

use super::{Errors, LatencyError, Law, Samples};

/// One division of the rows, by position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fold {
    /// Rows to fit to.
    pub fitted: Vec<usize>,
    /// Rows to judge by.
    pub held_out: Vec<usize>,
}

/// The errors of one predictor on rows that it was not fitted to.
#[derive(Clone, Debug, PartialEq)]
pub struct Validation {
    /// By fold.
    pub folds: Vec<Errors>,
    /// [`Errors::mean`] of the folds.
    pub mean: Errors,
    /// Rows judged, every row once.
    pub held_out: usize,
}

/// Rows a fold must at least hold out.
const SMALLEST_FOLD: usize = 2;

/// Returns `count` folds of shuffled rows, each row held out once; their sizes differ by at most one.
///
/// # Errors
/// If there are fewer than two folds, or fewer than two rows for each.
pub fn folds(rows: usize, count: usize, seed: u64) -> Result<Vec<Fold>, LatencyError> {
    if count < 2 {
        return Err(LatencyError::Folds { found: count });
    }
    let wanted = count.saturating_mul(SMALLEST_FOLD);
    if rows < wanted {
        return Err(LatencyError::TooFewRows { wanted, found: rows });
    }
    let mut order: Vec<usize> = (0..rows).collect();
    order.shuffle(&mut ChaCha12Rng::seed_from_u64(seed));
    let fold = |at: usize| {
        let (from, to) = (at * rows / count, (at + 1) * rows / count);
        let fitted = [&order[..from], &order[to..]].concat();
        Fold { fitted, held_out: order[from..to].to_vec() }
    };
    Ok((0..count).map(fold).collect())
}

/// Returns the errors of what `fit` makes of each fold; it is given the number of the fold and its samples.
///
/// # Errors
/// Those of `fit`.
pub fn validate<E>(
    samples: &Samples,
    folds: &[Fold],
    mut fit: impl FnMut(usize, &Samples) -> Result<Law, E>,
) -> Result<Validation, E> {
    let mut errors = Vec::with_capacity(folds.len());
    for (at, fold) in folds.iter().enumerate() {
        let law = fit(at, &samples.select(&fold.fitted))?;
        let unseen = samples.select(&fold.held_out);
        let predicted: Vec<f64> = unseen.inputs.iter().map(|inputs| law.latency_ms(inputs)).collect();
        errors.push(Errors::of(&predicted, &unseen.latencies_ms));
    }
    let held_out = folds.iter().map(|fold| fold.held_out.len()).sum();
    Ok(Validation { mean: Errors::mean(&errors), folds: errors, held_out })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_held_out_once_and_the_seed_decides_where() {
        let found = folds(23, 5, 1).unwrap();
        let mut held_out: Vec<usize> = found.iter().flat_map(|fold| fold.held_out.clone()).collect();
        held_out.sort_unstable();
        assert_eq!(held_out, (0..23).collect::<Vec<_>>());
        for fold in &found {
            assert!((4..=5).contains(&fold.held_out.len()));
            assert!(fold.fitted.len() + fold.held_out.len() == 23 && !fold.fitted.contains(&fold.held_out[0]));
        }
        assert_eq!(found, folds(23, 5, 1).unwrap());
        assert_ne!(found, folds(23, 5, 2).unwrap());
    }

    #[test]
    fn too_few_rows_or_folds_are_refused() {
        assert_eq!(folds(9, 5, 1).unwrap_err().to_string(), "wanted at least 10 rows, found 9");
        assert_eq!(folds(9, 1, 1).unwrap_err().to_string(), "wanted at least 2 folds, found 1");
    }
}
