use std::fmt;

use serde::{Deserialize, Serialize};

use super::{LatencyError, Linear, Perceptron, Samples, Term, Weighting};

/// Which predictor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Predictor {
    /// Least squares of the inputs: the baseline.
    Linear,
    /// Least squares of the inputs and of all products of two numbers, of deviations as shares of the latency. Not of
    /// the paper: a mean of shares is what is judged, and the time of a stack is its depth times that of a layer.
    LinearProducts,
    /// The paper's network.
    Network,
}

/// A fitted formula.
#[derive(Clone, Debug, PartialEq)]
pub enum Law {
    /// A sum of terms.
    Linear(Linear),
    /// A network.
    Perceptron(Perceptron),
}

impl Predictor {
    /// All predictors; of equally good ones the first is kept.
    pub const ALL: [Predictor; 3] = [Predictor::Linear, Predictor::LinearProducts, Predictor::Network];

    /// Returns the name in tables and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Predictor::Linear => "linear",
            Predictor::LinearProducts => "linear-products",
            Predictor::Network => "network",
        }
    }

    /// Returns the predictor of that name.
    pub fn of_name(name: &str) -> Option<Predictor> {
        Self::ALL.into_iter().find(|predictor| predictor.name() == name)
    }

    /// Returns the terms and weights of a least-squares predictor, `None` for one that is trained. `width` counts all
    /// inputs, `numbers` those of them that are no one-hot code.
    pub fn least_squares(self, width: usize, numbers: usize) -> Option<(Vec<Term>, Weighting)> {
        match self {
            Predictor::Linear => Some((Term::inputs(width), Weighting::Absolute)),
            Predictor::LinearProducts => {
                Some(([Term::inputs(width), Term::products(numbers)].concat(), Weighting::Relative))
            }
            Predictor::Network => None,
        }
    }
}

impl fmt::Display for Predictor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Law {
    /// Returns the least squares of the samples.
    ///
    /// # Errors
    /// As [`Linear::fit`].
    pub fn least_squares(samples: &Samples, terms: &[Term], weighting: Weighting) -> Result<Self, LatencyError> {
        Linear::fit(samples, terms, weighting).map(Law::Linear)
    }

    /// Returns the predicted latency of encoded inputs in milliseconds.
    pub fn latency_ms(&self, inputs: &[f64]) -> f64 {
        match self {
            Law::Linear(linear) => linear.latency_ms(inputs),
            Law::Perceptron(perceptron) => perceptron.latency_ms(inputs),
        }
    }
}
