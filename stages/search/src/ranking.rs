use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use statrs::statistics::{Data, OrderStatistics, Statistics};

/// How well one list of scores predicts another, in −1..=1; higher is better (Table 6 of ShiftAddNAS).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correlation {
    /// Kendall's τ-b = (P − Q) / √((P + Q + T)(P + Q + U)): P pairs in the same order, Q in opposite order, T tied
    /// in the first list only, U in the second only.
    pub kendall_tau_b: f64,
    /// Pearson's r = cov(x, y) / (σx σy).
    pub pearson_r: f64,
    /// Spearman's ρ: Pearson's r of the ranks, tied scores sharing their mean rank.
    pub spearman_rho: f64,
}

/// Which candidates are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Subset {
    /// All.
    #[default]
    All,
    /// The best by the reference scores, the earlier one of equal scores; all if there are fewer.
    Best {
        /// How many.
        count: usize,
    },
}

/// How the intervals are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Bootstrap {
    /// Number of resamples; 1000 and more make the ends of a 95 % interval steady to about two digits.
    pub resamples: usize,
    /// Share of the resamples within the interval, between 0 and 1.
    pub level: f64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { resamples: 1000, level: 0.95 }
    }
}

/// Correlation of two lists of scores with percentile bootstrap intervals over the candidates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RankingReport {
    /// Candidates compared.
    pub candidates: usize,
    /// Correlation of the scores as given.
    pub correlation: Correlation,
    /// Lower ends of the intervals.
    pub low: Correlation,
    /// Upper ends of the intervals.
    pub high: Correlation,
    /// Resamples whose correlation is undefined because a list has a single value; the intervals leave them out.
    pub undefined_resamples: usize,
}

/// Why two lists of scores have no correlation.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RankingError {
    /// The lists are of different lengths.
    #[error("{reference} reference scores but {other} scores to compare; they must belong to the same candidates")]
    Lengths {
        /// Length of the reference.
        reference: usize,
        /// Length of the other list.
        other: usize,
    },
    /// Too few candidates.
    #[error("a ranking wants at least 2 candidates, found {found}")]
    TooFew {
        /// Candidates found.
        found: usize,
    },
    /// A score is no finite number.
    #[error("{list} score {index} is {score}, wanted a finite number")]
    NotFinite {
        /// `reference` or `compared`.
        list: &'static str,
        /// Position in the list.
        index: usize,
        /// The score.
        score: f64,
    },
    /// All scores of a list are the same, so that they rank nothing.
    #[error("all {candidates} {list} scores are {score}, wanted at least two different ones")]
    NoVariation {
        /// `reference` or `compared`.
        list: &'static str,
        /// Length of the list.
        candidates: usize,
        /// The score.
        score: f64,
    },
    /// Scores differ by so little or so much that their variance is no positive number.
    #[error("the scores differ too little or too much for floats to hold their variance; rescale them")]
    Scale,
    /// The correlation of no resample is defined, so that there is no interval.
    #[error("none of {resamples} bootstrap resamples has a correlation; draw more or compare more candidates")]
    Resamples {
        /// Number of resamples drawn.
        resamples: usize,
    },
    /// A bootstrap setting makes no sense.
    #[error("bootstrap setting `{setting}` is {found}, wanted {wanted}")]
    Bootstrap {
        /// Name of the setting.
        setting: &'static str,
        /// What it is.
        found: f64,
        /// What would do.
        wanted: &'static str,
    },
}

/// Returns how well `other` ranks and predicts `reference`, two lists of scores of the same candidates.
///
/// # Errors
/// If the lists differ in length, hold fewer than two scores or one that is not finite, or if a list holds a single
/// value: no correlation is defined then.
pub fn correlation(reference: &[f64], other: &[f64]) -> Result<Correlation, RankingError> {
    check_scores(reference, other)?;
    check_variation("reference", reference)?;
    check_variation("compared", other)?;
    let (tau_b, _) = kendalls::tau_b_with_comparator(reference, other, |left, right| {
        left.partial_cmp(right).expect("scores were checked to be finite")
    })
    .expect("lists were checked to be of one length and not empty");
    Ok(Correlation {
        kendall_tau_b: tau_b,
        pearson_r: pearson_r(reference, other)?,
        spearman_rho: pearson_r(&ranks(reference), &ranks(other))?,
    })
}

fn check_scores(reference: &[f64], other: &[f64]) -> Result<(), RankingError> {
    if reference.len() != other.len() {
        return Err(RankingError::Lengths { reference: reference.len(), other: other.len() });
    }
    for (list, scores) in [("reference", reference), ("compared", other)] {
        if let Some(index) = scores.iter().position(|score| !score.is_finite()) {
            return Err(RankingError::NotFinite { list, index, score: scores[index] });
        }
    }
    Ok(())
}

fn check_variation(list: &'static str, scores: &[f64]) -> Result<(), RankingError> {
    let candidates = scores.len();
    if candidates < 2 {
        return Err(RankingError::TooFew { found: candidates });
    }
    if scores.iter().all(|&score| score == scores[0]) {
        return Err(RankingError::NoVariation { list, candidates, score: scores[0] });
    }
    Ok(())
}

fn pearson_r(left: &[f64], right: &[f64]) -> Result<f64, RankingError> {
    let (covariance, deviations) = (left.covariance(right), left.std_dev() * right.std_dev());
    // A sum that overflows to infinity would pass for a correlation of 0.
    if covariance.is_finite() && deviations.is_finite() && deviations > 0.0 {
        Ok((covariance / deviations).clamp(-1.0, 1.0))
    } else {
        Err(RankingError::Scale)
    }
}

/// Ranks from 1, lowest score first; tied scores share their mean rank.
fn ranks(scores: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&left, &right| scores[left].total_cmp(&scores[right]));
    let mut ranks = vec![0.0; scores.len()];
    let mut below = 0;
    for tied in order.chunk_by(|&left, &right| scores[left] == scores[right]) {
        let rank = below as f64 + (tied.len() + 1) as f64 / 2.0;
        tied.iter().for_each(|&position| ranks[position] = rank);
        below += tied.len();
    }
    ranks
}

/// Returns the correlation over a subset of the candidates with percentile bootstrap intervals.
///
/// Candidates are drawn with replacement by a generator of the given seed. The ends of an interval are quantiles
/// of the resampled correlations, interpolated to be median-unbiased (method 8 of Hyndman and Fan, 1996).
///
/// # Errors
/// As [`correlation`] of the subset, and if a bootstrap setting makes no sense.
pub fn ranking_report(
    reference: &[f64],
    other: &[f64],
    subset: Subset,
    bootstrap: &Bootstrap,
    seed: u64,
) -> Result<RankingReport, RankingError> {
    check_bootstrap(bootstrap)?;
    check_scores(reference, other)?;
    let chosen = chosen(reference, subset);
    let (reference, other) = (picked(reference, &chosen), picked(other, &chosen));
    let correlation = correlation(&reference, &other)?;
    let resampled = resampled(&reference, &other, bootstrap.resamples, seed);
    if resampled.is_empty() {
        return Err(RankingError::Resamples { resamples: bootstrap.resamples });
    }
    let tail = (1.0 - bootstrap.level) / 2.0;
    Ok(RankingReport {
        candidates: chosen.len(),
        correlation,
        low: quantiles(&resampled, tail),
        high: quantiles(&resampled, 1.0 - tail),
        undefined_resamples: bootstrap.resamples - resampled.len(),
    })
}

fn check_bootstrap(bootstrap: &Bootstrap) -> Result<(), RankingError> {
    if bootstrap.resamples == 0 {
        return Err(RankingError::Bootstrap { setting: "resamples", found: 0.0, wanted: "at least 1" });
    }
    if bootstrap.level > 0.0 && bootstrap.level < 1.0 {
        Ok(())
    } else {
        Err(RankingError::Bootstrap { setting: "level", found: bootstrap.level, wanted: "above 0 and below 1" })
    }
}

/// Positions of the candidates to compare, in the order of the lists.
fn chosen(reference: &[f64], subset: Subset) -> Vec<usize> {
    let mut chosen: Vec<usize> = (0..reference.len()).collect();
    match subset {
        Subset::All => {}
        Subset::Best { count } => {
            chosen.sort_by(|&left, &right| reference[right].total_cmp(&reference[left]));
            chosen.truncate(count);
            chosen.sort_unstable();
        }
    }
    chosen
}

fn picked(scores: &[f64], positions: &[usize]) -> Vec<f64> {
    positions.iter().map(|&position| scores[position]).collect()
}

/// Correlations of the resamples that have one.
fn resampled(reference: &[f64], other: &[f64], resamples: usize, seed: u64) -> Vec<Correlation> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let candidates = reference.len();
    let draws = (0..resamples).map(|_| {
        let positions: Vec<usize> = (0..candidates).map(|_| rng.random_range(0..candidates)).collect();
        correlation(&picked(reference, &positions), &picked(other, &positions))
    });
    draws.filter_map(Result::ok).collect()
}

fn quantiles(correlations: &[Correlation], share: f64) -> Correlation {
    let quantile = |coefficient: fn(&Correlation) -> f64| {
        Data::new(correlations.iter().map(coefficient).collect::<Vec<f64>>()).quantile(share)
    };
    Correlation {
        kendall_tau_b: quantile(|correlation| correlation.kendall_tau_b),
        pearson_r: quantile(|correlation| correlation.pearson_r),
        spearman_rho: quantile(|correlation| correlation.spearman_rho),
    }
}

#[cfg(test)]
mod tests;
