use nalgebra::{DMatrix, DVector};

use super::{LatencyError, Samples, Standardization};

/// A sum of terms with coefficients.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    /// Milliseconds where every term is 0.
    pub intercept_ms: f64,
    /// Terms, and milliseconds per unit of each.
    pub terms: Vec<(Term, f64)>,
}

/// What a coefficient multiplies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// An input, by position.
    Input(usize),
    /// The product of two inputs, by position; they may be the same.
    Product(usize, usize),
}

/// What the squares of least squares are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighting {
    /// Of deviations in milliseconds.
    Absolute,
    /// Of deviations as shares of the latency.
    Relative,
}

/// Singular values below this share of the largest are taken for 0: an input that depends on others (the one-hot code
/// of a layer that is always there sums to 1) then shares its coefficient with them, as the shortest solution has it.
const SMALLEST_SHARE: f64 = 1e-9;

/// Most iterations of the decomposition; 0 would be no limit.
const MOST_ITERATIONS: usize = 10_000;

impl Term {
    /// Returns every input as a term.
    pub fn inputs(width: usize) -> Vec<Term> {
        (0..width).map(Term::Input).collect()
    }

    /// Returns every product of two of the first `numbers` inputs, squares included.
    pub fn products(numbers: usize) -> Vec<Term> {
        (0..numbers).flat_map(|a| (a..numbers).map(move |b| Term::Product(a, b))).collect()
    }

    fn value(self, inputs: &[f64]) -> f64 {
        match self {
            Term::Input(at) => inputs[at],
            Term::Product(a, b) => inputs[a] * inputs[b],
        }
    }
}

impl Linear {
    /// Returns the least squares of the samples; of several solutions the shortest in standardized terms.
    ///
    /// # Errors
    /// If the decomposition does not converge, or there are no samples.
    pub fn fit(samples: &Samples, terms: &[Term], weighting: Weighting) -> Result<Self, LatencyError> {
        let rows = samples.latencies_ms.len();
        let values = |inputs: &Vec<f64>| terms.iter().map(|term| term.value(inputs)).collect();
        let valued =
            Samples { inputs: samples.inputs.iter().map(values).collect(), latencies_ms: samples.latencies_ms.clone() };
        let standardization = Standardization::of_inputs(&valued);
        let weights: Vec<f64> = valued.latencies_ms.iter().map(|ms| weighting.of_latency(*ms)).collect();
        let standard = valued.inputs.iter().zip(&weights).flat_map(|(values, weight)| {
            let values = standardization.apply(values).into_iter().map(move |value| value * weight);
            std::iter::once(*weight).chain(values)
        });
        let matrix = DMatrix::from_row_iterator(rows, terms.len() + 1, standard);
        let wanted = valued.latencies_ms.iter().zip(&weights).map(|(ms, weight)| ms * weight);
        let solution = shortest(matrix, DVector::from_iterator(rows, wanted))?;
        Ok(Self::of_standard(&solution, terms, &standardization))
    }

    /// Returns the predicted latency in milliseconds.
    pub fn latency_ms(&self, inputs: &[f64]) -> f64 {
        self.intercept_ms + self.terms.iter().map(|(term, slope)| slope * term.value(inputs)).sum::<f64>()
    }

    /// Returns the same sum in units of the terms themselves.
    fn of_standard(solution: &DVector<f64>, terms: &[Term], standardization: &Standardization) -> Self {
        let mut linear = Self { intercept_ms: solution[0], terms: Vec::with_capacity(terms.len()) };
        let scales = standardization.centres.iter().zip(&standardization.scales);
        for ((term, (centre, scale)), standard) in terms.iter().zip(scales).zip(solution.iter().skip(1)) {
            let slope = if *scale > 0.0 { standard / scale } else { 0.0 };
            linear.intercept_ms -= slope * centre;
            linear.terms.push((*term, slope));
        }
        linear
    }
}

impl Weighting {
    const fn of_latency(self, latency_ms: f64) -> f64 {
        match self {
            Weighting::Absolute => 1.0,
            Weighting::Relative => 1.0 / latency_ms,
        }
    }
}

/// Returns the shortest of the vectors x with the smallest |matrix · x - wanted|, by singular values of the triangle
/// of a QR decomposition.
fn shortest(matrix: DMatrix<f64>, wanted: DVector<f64>) -> Result<DVector<f64>, LatencyError> {
    let (rows, terms) = matrix.shape();
    let failed = |reason| LatencyError::Singular { rows, terms, reason };
    if rows == 0 {
        return Err(failed("there is no row"));
    }
    let (q, triangle) = matrix.qr().unpack();
    let rotated = q.tr_mul(&wanted);
    let decomposition = triangle.try_svd(true, true, f64::EPSILON, MOST_ITERATIONS);
    let decomposition = decomposition.ok_or_else(|| failed("the decomposition does not converge"))?;
    let smallest = SMALLEST_SHARE * decomposition.singular_values.max();
    decomposition.solve(&rotated, smallest).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 60 samples of four inputs; the last is the sum of the first two, the third never changes.
    fn samples(latency: impl Fn(&[f64]) -> f64) -> Samples {
        let inputs: Vec<Vec<f64>> = (0..60)
            .map(|at| {
                let (a, b) = (f64::from(at % 7), f64::from(at % 11) * 0.5);
                vec![a, b, 3.0, a + b]
            })
            .collect();
        let latencies_ms = inputs.iter().map(|inputs| latency(inputs)).collect();
        Samples { inputs, latencies_ms }
    }

    fn worst(linear: &Linear, samples: &Samples) -> f64 {
        let pairs = samples.inputs.iter().zip(&samples.latencies_ms);
        pairs.map(|(inputs, ms)| (linear.latency_ms(inputs) - ms).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn a_linear_law_is_found_again_though_inputs_depend_on_each_other() {
        let samples = samples(|inputs| 40.0 + 5.0 * inputs[0] - 2.0 * inputs[1]);
        for weighting in [Weighting::Absolute, Weighting::Relative] {
            let found = Linear::fit(&samples, &Term::inputs(4), weighting).unwrap();
            assert!(worst(&found, &samples) < 1e-9, "{found:?}");
            let slopes: Vec<f64> = found.terms.iter().map(|term| term.1).collect();
            // a and b own what the sum of both does not explain: 5 = s + t, -2 = u + t.
            assert!((slopes[0] + slopes[3] - 5.0).abs() < 1e-9 && (slopes[1] + slopes[3] + 2.0).abs() < 1e-9);
            assert_eq!(slopes[2], 0.0);
        }
    }

    #[test]
    fn products_find_a_law_that_inputs_alone_do_not() {
        let samples = samples(|inputs| 40.0 + 3.0 * inputs[0] * inputs[1] + inputs[0].powi(2));
        let alone = Linear::fit(&samples, &Term::inputs(4), Weighting::Absolute).unwrap();
        let terms = [Term::inputs(4), Term::products(4)].concat();
        let products = Linear::fit(&samples, &terms, Weighting::Absolute).unwrap();
        assert!(worst(&alone, &samples) > 1.0 && worst(&products, &samples) < 1e-8);
        assert_eq!(terms.len(), 4 + 10);
    }

    #[test]
    fn fewer_samples_than_terms_still_have_a_solution() {
        let few = samples(|inputs| 40.0 + inputs[0]).select(&[0, 1]);
        let found = Linear::fit(&few, &Term::inputs(4), Weighting::Absolute).unwrap();
        assert!(worst(&found, &few) < 1e-9, "{found:?}");
    }
}
