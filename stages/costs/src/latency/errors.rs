/// How far predictions are from measured latencies; lower is better but for `r_squared`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Errors {
    /// Mean of |predicted - measured| / measured, percent.
    pub mape_percent: f64,
    /// Root of the mean square deviation, milliseconds.
    pub rmse_ms: f64,
    /// Largest deviation, milliseconds.
    pub max_ms: f64,
    /// Share of the variance that is explained: 1 is perfect, 0 as good as the mean, negative worse. 0 where all
    /// measured latencies are equal.
    pub r_squared: f64,
}

impl Errors {
    /// Returns the errors of predictions, both in milliseconds and of equal number.
    pub fn of(predicted_ms: &[f64], measured_ms: &[f64]) -> Self {
        let count = measured_ms.len() as f64;
        let mean = measured_ms.iter().sum::<f64>() / count;
        let pairs = || predicted_ms.iter().zip(measured_ms);
        let squares: f64 = pairs().map(|(predicted, measured)| (predicted - measured).powi(2)).sum();
        let variation: f64 = measured_ms.iter().map(|measured| (measured - mean).powi(2)).sum();
        let shares: f64 = pairs().map(|(predicted, measured)| (predicted - measured).abs() / measured).sum();
        Self {
            mape_percent: 100.0 * shares / count,
            rmse_ms: (squares / count).sqrt(),
            max_ms: pairs().map(|(predicted, measured)| (predicted - measured).abs()).fold(0.0, f64::max),
            r_squared: if variation > 0.0 { 1.0 - squares / variation } else { 0.0 },
        }
    }

    /// Returns the mean over folds of every error but the largest deviation, which stays the largest.
    pub fn mean(folds: &[Errors]) -> Self {
        let mean = |value: fn(&Errors) -> f64| folds.iter().map(value).sum::<f64>() / folds.len() as f64;
        Self {
            mape_percent: mean(|errors| errors.mape_percent),
            rmse_ms: mean(|errors| errors.rmse_ms),
            max_ms: folds.iter().map(|errors| errors.max_ms).fold(0.0, f64::max),
            r_squared: mean(|errors| errors.r_squared),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_those_worked_out_by_hand() {
        // Deviations 10, 0, -30 of 100, 200, 300: shares 0.1, 0, 0.1; squares 1000 of a variation of 20000.
        let found = Errors::of(&[110.0, 200.0, 270.0], &[100.0, 200.0, 300.0]);
        assert!((found.mape_percent - 20.0 / 3.0).abs() < 1e-12, "{found:?}");
        assert!((found.rmse_ms - (1000.0_f64 / 3.0).sqrt()).abs() < 1e-12, "{found:?}");
        assert_eq!((found.max_ms, found.r_squared), (30.0, 0.95));
        let mean = Errors::mean(&[found, Errors { max_ms: 4.0, r_squared: 0.85, ..found }]);
        assert!(mean.max_ms == 30.0 && (mean.r_squared - 0.9).abs() < 1e-12, "{mean:?}");
        assert_eq!(Errors::of(&[1.0], &[1.0]).r_squared, 0.0);
    }
}
