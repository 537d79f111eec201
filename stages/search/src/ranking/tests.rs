use proptest::prelude::*;

use super::*;

/// Goldens are exact but for the order of summation.
const TOLERANCE: f64 = 1e-12;

// Golden values, scipy 1.17:
//
//   from scipy.stats import kendalltau, pearsonr, spearmanr
//   print(kendalltau(x, y).statistic, pearsonr(x, y).statistic, spearmanr(x, y).statistic)

const STAND_ALONE: [f64; 8] = [0.71, 0.68, 0.74, 0.66, 0.70, 0.69, 0.73, 0.72];
const INHERITED: [f64; 8] = [0.41, 0.36, 0.48, 0.33, 0.44, 0.31, 0.43, 0.47];

fn assert_close(found: Correlation, [tau, r, rho]: [f64; 3]) {
    let pairs = [(found.kendall_tau_b, tau), (found.pearson_r, r), (found.spearman_rho, rho)];
    assert!(pairs.iter().all(|(found, wanted)| (found - wanted).abs() < TOLERANCE), "{pairs:?}");
}

#[test]
fn distinct_scores_correlate_as_scipy_says() {
    let found = correlation(&STAND_ALONE, &INHERITED).unwrap();
    assert_close(found, [0.642_857_142_857_142_8, 0.839_366_755_676_741_7, 0.809_523_809_523_809_6]);
}

#[test]
fn tied_scores_correlate_as_scipy_says() {
    let x = [1.0, 2.0, 2.0, 3.0, 3.0, 3.0, 4.0, 5.0, 5.0, 6.0];
    let y = [2.0, 1.0, 1.0, 4.0, 3.0, 3.0, 3.0, 7.0, 6.0, 6.0];
    let found = correlation(&x, &y).unwrap();
    assert_close(found, [0.724_999_999_999_999_9, 0.884_233_460_055_198_3, 0.883_647_798_742_138_5]);
}

#[test]
fn tau_b_of_four_candidates_is_what_a_hand_count_gives() {
    // Pairs: (0,1) tied in x, (2,3) tied in x and y, (0,2) (0,3) tied in y, (1,2) (1,3) in opposite order.
    // P = 0, Q = 2, T = 1, U = 2: −2 / √(3 · 4).
    let found = correlation(&[1.0, 1.0, 2.0, 2.0], &[1.0, 2.0, 1.0, 1.0]).unwrap();
    assert!((found.kendall_tau_b - -2.0 / 12.0_f64.sqrt()).abs() < TOLERANCE);
}

#[test]
fn zero_and_minus_zero_are_a_tie() {
    let found = correlation(&[0.0, -0.0, 1.0], &[1.0, 2.0, 3.0]).unwrap();
    let same = correlation(&[0.0, 0.0, 1.0], &[1.0, 2.0, 3.0]).unwrap();
    assert_eq!(found, same);
}

#[test]
fn scores_that_rank_nothing_are_an_error_and_no_number() {
    let error = |reference: &[f64], other: &[f64]| correlation(reference, other).unwrap_err();
    assert_eq!(error(&[1.0], &[2.0]), RankingError::TooFew { found: 1 });
    assert_eq!(error(&[], &[]), RankingError::TooFew { found: 0 });
    assert_eq!(error(&[1.0, 2.0], &[2.0]), RankingError::Lengths { reference: 2, other: 1 });
    assert_eq!(
        error(&[1.0, 2.0, 3.0], &[0.5; 3]).to_string(),
        "all 3 compared scores are 0.5, wanted at least two different ones"
    );
    assert_eq!(error(&[1.0, f64::NAN], &[1.0, 2.0]).to_string(), "reference score 1 is NaN, wanted a finite number");
    assert_eq!(error(&[0.0, 1e-200], &[1.0, 2.0]), RankingError::Scale);
    assert_eq!(error(&[0.0, 1e200], &[1.0, 2.0]), RankingError::Scale);
}

#[test]
fn intervals_hold_the_estimate_and_depend_on_the_seed_alone() {
    let report = |seed| ranking_report(&STAND_ALONE, &INHERITED, Subset::All, &Bootstrap::default(), seed).unwrap();
    let found = report(1);
    assert_eq!(found, report(1));
    assert_ne!(found.low, report(2).low);
    assert_eq!((found.candidates, found.undefined_resamples), (8, 0));
    assert_eq!(found.correlation, correlation(&STAND_ALONE, &INHERITED).unwrap());
    let coefficients = |each: Correlation| [each.kendall_tau_b, each.pearson_r, each.spearman_rho];
    let [low, value, high] = [found.low, found.correlation, found.high].map(coefficients);
    for ((low, value), high) in low.into_iter().zip(value).zip(high) {
        assert!(-1.0 <= low && low < value && value < high && high <= 1.0, "{low} {value} {high}");
    }
}

// scipy 1.17, 20 000 percentile resamples of the same pairs, drawn by another generator, hence the wide tolerance:
//
//   from scipy.stats import bootstrap, pearsonr
//   bootstrap((x, y), lambda x, y: pearsonr(x, y).statistic, paired=True, vectorized=False, method="percentile",
//             n_resamples=20000, rng=0).confidence_interval
#[test]
fn intervals_agree_with_scipy_within_the_noise_of_resampling() {
    let bootstrap = Bootstrap { resamples: 20_000, level: 0.95 };
    let found = ranking_report(&STAND_ALONE, &INHERITED, Subset::All, &bootstrap, 0).unwrap();
    assert!((found.low.pearson_r - 0.599).abs() < 0.02, "{found:?}");
    assert!((found.high.pearson_r - 0.979).abs() < 0.02, "{found:?}");
}

#[test]
fn a_narrower_level_gives_a_narrower_interval() {
    let report = |level| {
        let bootstrap = Bootstrap { resamples: 500, level };
        ranking_report(&STAND_ALONE, &INHERITED, Subset::All, &bootstrap, 0).unwrap()
    };
    let (wide, narrow) = (report(0.95), report(0.5));
    assert!(wide.low.pearson_r < narrow.low.pearson_r && narrow.high.pearson_r < wide.high.pearson_r);
}

#[test]
fn the_best_are_chosen_by_reference_and_not_by_position() {
    let reference = [0.1, 0.9, 0.2, 0.8, 0.7];
    let other = [0.9, 0.1, 0.8, 0.2, 0.3];
    let bootstrap = Bootstrap { resamples: 50, level: 0.9 };
    let best = ranking_report(&reference, &other, Subset::Best { count: 3 }, &bootstrap, 0).unwrap();
    assert_eq!(best.candidates, 3);
    assert_eq!(best.correlation, correlation(&[0.9, 0.8, 0.7], &[0.1, 0.2, 0.3]).unwrap());
    let all = ranking_report(&reference, &other, Subset::Best { count: 9 }, &bootstrap, 0).unwrap();
    assert_eq!(all, ranking_report(&reference, &other, Subset::All, &bootstrap, 0).unwrap());
}

#[test]
fn resamples_without_a_correlation_are_counted_and_left_out() {
    // Two candidates: every second resample draws the same one twice.
    let bootstrap = Bootstrap { resamples: 400, level: 0.95 };
    let report = ranking_report(&[1.0, 2.0], &[3.0, 4.0], Subset::All, &bootstrap, 0).unwrap();
    assert!((150..=250).contains(&report.undefined_resamples), "{}", report.undefined_resamples);
    assert_close(report.low, [1.0; 3]);
    assert_close(report.high, [1.0; 3]);
    let undefined = (0..64).any(|seed| {
        let one = Bootstrap { resamples: 1, level: 0.95 };
        let found = ranking_report(&[1.0, 2.0], &[3.0, 4.0], Subset::All, &one, seed);
        found == Err(RankingError::Resamples { resamples: 1 })
    });
    assert!(undefined);
}

#[test]
fn bootstrap_settings_that_make_no_sense_are_refused() {
    let error = |resamples, level| {
        let bootstrap = Bootstrap { resamples, level };
        ranking_report(&STAND_ALONE, &INHERITED, Subset::All, &bootstrap, 0).unwrap_err().to_string()
    };
    assert_eq!(error(0, 0.95), "bootstrap setting `resamples` is 0, wanted at least 1");
    assert_eq!(error(10, 95.0), "bootstrap setting `level` is 95, wanted above 0 and below 1");
}

/// The definition, pair by pair.
fn tau_b_by_pairs(x: &[f64], y: &[f64]) -> f64 {
    let sign = |left: f64, right: f64| f64::from(i8::from(left > right) - i8::from(left < right));
    let (mut both, mut in_x, mut in_y) = (0.0, 0.0, 0.0);
    for right in 0..x.len() {
        for left in 0..right {
            let (sign_x, sign_y) = (sign(x[left], x[right]), sign(y[left], y[right]));
            both += sign_x * sign_y;
            in_x += sign_x * sign_x;
            in_y += sign_y * sign_y;
        }
    }
    both / (in_x * in_y).sqrt()
}

proptest! {
    #[test]
    fn tau_b_is_the_definition_whatever_the_ties(pairs in prop::collection::vec((0..5_i32, 0..5_i32), 2..40)) {
        let (x, y): (Vec<f64>, Vec<f64>) = pairs.into_iter().map(|(x, y)| (f64::from(x), f64::from(y))).unzip();
        match correlation(&x, &y) {
            Ok(found) => {
                prop_assert!((found.kendall_tau_b - tau_b_by_pairs(&x, &y)).abs() < TOLERANCE);
                prop_assert!([found.pearson_r, found.spearman_rho].iter().all(|value| value.abs() <= 1.0));
            }
            Err(_) => prop_assert!(tau_b_by_pairs(&x, &y).is_nan()),
        }
    }
}
