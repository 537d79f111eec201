use super::Samples;

/// Takes every input to mean 0 and deviation 1; an input that never changed is taken to 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Standardization {
    /// Means.
    pub centres: Vec<f64>,
    /// Standard deviations; 0 for an input that is always the same.
    pub scales: Vec<f64>,
}

impl Standardization {
    /// Returns the standardization of the inputs of these samples.
    pub fn of_inputs(samples: &Samples) -> Self {
        let moments = (0..samples.width()).map(|input| moments(samples.column(input)));
        let (centres, scales) = moments.unzip();
        Self { centres, scales }
    }

    /// Returns the standardization of the latencies: one centre, one scale.
    pub fn of_latencies(samples: &Samples) -> Self {
        let (centre, scale) = moments(samples.latencies_ms.iter().copied());
        Self { centres: vec![centre], scales: vec![scale] }
    }

    /// Returns standardized values.
    pub fn apply(&self, values: &[f64]) -> Vec<f64> {
        let pairs = values.iter().zip(self.centres.iter().zip(&self.scales));
        pairs.map(|(value, (centre, scale))| if *scale > 0.0 { (value - centre) / scale } else { 0.0 }).collect()
    }
}

/// Returns mean and standard deviation; the latter is exactly 0 where all values are equal.
fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let (low, high) = bounds(values.clone());
    if low == high {
        return (low, 0.0);
    }
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt())
}

/// Returns the smallest and the largest value.
pub(super) fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_that_never_changes_becomes_zero() {
        let samples =
            Samples { inputs: vec![vec![1.0, 0.1], vec![3.0, 0.1], vec![5.0, 0.1]], latencies_ms: vec![7.0; 3] };
        let inputs = Standardization::of_inputs(&samples);
        // Mean 3, variance (4 + 0 + 4) / 3.
        assert_eq!((inputs.centres[0], inputs.scales[0]), (3.0, (8.0_f64 / 3.0).sqrt()));
        assert_eq!(inputs.apply(&[3.0, 5.0]), [0.0, 0.0]);
        assert_eq!(Standardization::of_latencies(&samples).scales, [0.0]);
    }
}
