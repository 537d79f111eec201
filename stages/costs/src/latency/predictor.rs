use super::standardization::bounds;
use super::{Encoding, LatencyError, LatencyQuery, Law, Predictor, Samples};

/// The fitted law that is kept, with what it takes to ask it.
#[derive(Clone, Debug, PartialEq)]
pub struct LatencyPredictor {
    /// Which predictor it is.
    pub predictor: Predictor,
    /// How a query becomes inputs.
    pub encoding: Encoding,
    /// What was measured of each input.
    pub ranges: Vec<Range>,
    /// The formula.
    pub law: Law,
}

/// Smallest and largest value of an input among the rows that were fitted, in units of the input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Smallest.
    pub low: f64,
    /// Largest.
    pub high: f64,
}

/// What a predictor answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Predicted latency in milliseconds.
    pub latency_ms: f64,
    /// Names of the inputs that lie outside of what was measured; empty where the prediction can be trusted.
    pub out_of_range: Vec<String>,
}

impl Range {
    /// Returns the ranges of the inputs of samples.
    pub fn of_inputs(samples: &Samples) -> Vec<Range> {
        let range = |input| {
            let (low, high) = bounds(samples.column(input));
            Range { low, high }
        };
        (0..samples.width()).map(range).collect()
    }

    /// Returns whether the value was measured or lies between measured ones.
    pub fn contains(self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

impl LatencyPredictor {
    /// Returns the latency of a network, and which of its features were never measured.
    ///
    /// # Errors
    /// If the query has another form than the rows that were fitted.
    pub fn estimate(&self, query: &LatencyQuery) -> Result<Estimate, LatencyError> {
        let inputs = self.encoding.encode(query)?;
        let beyond = inputs.iter().zip(&self.ranges).zip(self.encoding.input_names());
        let beyond = beyond.filter(|((value, range), _)| !range.contains(**value)).map(|(_, name)| name);
        Ok(Estimate { latency_ms: self.law.latency_ms(&inputs), out_of_range: beyond.collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latency::read_rows;

    #[test]
    fn a_query_outside_of_what_was_measured_is_told() {
        let table = read_rows("width,depth,latency_ms\n8,1,10\n16,1,18\n8,2,20\n16,3,38\n", "rows.csv").unwrap();
        let samples = table.samples().unwrap();
        let (terms, weighting) = Predictor::Linear.least_squares(2, 2).unwrap();
        let predictor = LatencyPredictor {
            predictor: Predictor::Linear,
            encoding: table.encoding.clone(),
            ranges: Range::of_inputs(&samples),
            law: Law::least_squares(&samples, &terms, weighting).unwrap(),
        };
        let ask = |numbers: [f64; 2]| {
            let query = LatencyQuery { numbers: numbers.to_vec(), stacks: None };
            predictor.estimate(&query).unwrap()
        };
        // Each row is 10 · depth + width - 8.
        let inside = ask([12.0, 2.0]);
        assert!((inside.latency_ms - 24.0).abs() < 1e-9 && inside.out_of_range.is_empty(), "{inside:?}");
        assert_eq!(ask([16.0, 4.0]).out_of_range, ["depth"]);
        assert_eq!(ask([7.0, f64::NAN]).out_of_range, ["width", "depth"]);
    }
}
