use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::TranslationError;
use crate::sharing::ShiftForm;

/// What a translation network computes where paper and release leave a choice, and how it is regularised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkSettings {
    /// How shift layers are trained.
    pub shift: ShiftForm,
    /// Which local kernels a softmax normalises.
    pub kernel_softmax: KernelSoftmax,
    /// Rates of dropout; only training has any.
    pub dropout: DropoutRates,
}

impl NetworkSettings {
    /// Checks the rates of dropout.
    ///
    /// # Errors
    /// The first that is not at least 0 and below 1, or a full width of 0.
    pub fn validate(&self) -> Result<(), TranslationError> {
        let DropoutRates { residual, full_width, attention, kernel, first: _ } = self.dropout;
        let rates = [("dropout.residual", residual), ("dropout.attention", attention), ("dropout.kernel", kernel)];
        for (parameter, rate) in rates {
            if !(0.0..1.0).contains(&rate) {
                let wanted = "at least 0 and below 1";
                return Err(TranslationError::Setting { parameter, found: rate.to_string(), wanted });
            }
        }
        if full_width == 0 {
            let (parameter, found) = ("dropout.full_width", full_width.to_string());
            return Err(TranslationError::Setting { parameter, found, wanted: "at least 1" });
        }
        Ok(())
    }
}

/// Which local kernels are normalised by a softmax over their taps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KernelSoftmax {
    /// Those of lightweight convolutions. A softmax would force the weights of add kernels into (0, 1), where no
    /// Laplace prior can hold.
    #[default]
    ConvOnly,
    /// All, as in the authors' release.
    Released,
}

/// Rates of dropout while training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DropoutRates {
    /// Of embeddings and residual branches in a network of `full_width`; narrower ones have d / `full_width` of it.
    pub residual: f64,
    /// Width that has the whole rate: the largest of the published space.
    pub full_width: usize,
    /// Of attention weights, whatever the width.
    pub attention: f64,
    /// Of the taps of local kernels, whatever the width.
    pub kernel: f64,
    /// Rate of the first residual branch of encoder layers.
    pub first: FirstDropout,
}

/// Rate of dropout on the first residual branch of encoder layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FirstDropout {
    /// As everywhere.
    #[default]
    Scaled,
    /// The whole rate at every width, as in the authors' release.
    Released,
}

impl Default for DropoutRates {
    fn default() -> Self {
        let first = FirstDropout::default();
        Self { residual: 0.3, full_width: 1024, attention: 0.1, kernel: 0.03, first }
    }
}

impl DropoutRates {
    /// Returns no dropout.
    pub const fn none() -> Self {
        Self { residual: 0.0, full_width: 1, attention: 0.0, kernel: 0.0, first: FirstDropout::Scaled }
    }

    /// Returns the rate of embeddings and residual branches at a width, at most the whole one.
    pub(crate) fn of_width(&self, width: usize) -> f64 {
        self.residual * (width as f64 / self.full_width.max(1) as f64).min(1.0)
    }

    /// Returns the rate of the first residual branch of encoder layers.
    pub(crate) fn of_first_branch(&self, width: usize) -> f64 {
        match self.first {
            FirstDropout::Scaled => self.of_width(width),
            FirstDropout::Released => self.residual,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_networks_drop_less_but_on_the_first_branch_of_the_release() {
        let rates = DropoutRates::default();
        assert_eq!([rates.of_width(1024), rates.of_width(512), rates.of_first_branch(512)], [0.3, 0.15, 0.15]);
        let released = DropoutRates { first: FirstDropout::Released, ..rates };
        assert_eq!([released.of_width(512), released.of_first_branch(512)], [0.15, 0.3]);
    }

    #[test]
    fn a_rate_that_drops_everything_is_told() {
        let dropout = DropoutRates { attention: 1.0, ..DropoutRates::default() };
        let error = NetworkSettings { dropout, ..NetworkSettings::default() }.validate().unwrap_err();
        assert_eq!(error.to_string(), "`dropout.attention` is 1, wanted at least 0 and below 1");
        assert_eq!(NetworkSettings::default().validate(), Ok(()));
    }
}
