use std::f64::consts::PI;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::TranslationError;
use super::quantization::EightBitTraining;
use crate::operators::window::GradientScale;
use crate::training::OptimizerSettings;

/// How a translation network is trained; the defaults are those of ShiftAddNAS for subnets on WMT'14, but for the
/// batches per update: 128 there, of up to 4096 tokens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TranslationTraining {
    /// Steps of the optimizer.
    pub updates: usize,
    /// Batches per update: gradients are summed and divided by the number of target tokens.
    pub batches_per_update: usize,
    /// Rate at the end of the warm-up.
    pub peak_rate: f64,
    /// Rate of the first update.
    pub start_rate: f64,
    /// Updates of linear rise.
    pub warmup_updates: usize,
    /// What the rate does after the warm-up.
    pub decline: Decline,
    /// How parameters follow gradients.
    pub optimizer: OptimizerSettings,
    /// Largest joint norm of the gradients; absent for no limit.
    pub clip_norm: Option<f64>,
    /// Share of a target that is spread over the whole vocabulary.
    pub label_smoothing: f64,
    /// η of the gradients of add weights and kernels, which are rescaled to norm η · √k; absent for no rescaling.
    pub add_gradient_scale: GradientScale,
    /// Checkpoints at the end of training that are averaged; 1 for none but the last.
    pub average: usize,
    /// Training for 8 bits; absent for training in floats.
    pub eight_bit: Option<EightBitTraining>,
}

/// What the learning rate does after the warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Decline {
    /// Half a cosine down to a last rate.
    Cosine {
        /// Rate at the end.
        #[serde(default = "default_last_rate")]
        last_rate: f64,
    },
    /// Peak · √(warm-up / update), as for IWSLT.
    InverseSqrt,
}

const fn default_last_rate() -> f64 {
    1e-7
}

impl Default for Decline {
    fn default() -> Self {
        Decline::Cosine { last_rate: default_last_rate() }
    }
}

impl Default for TranslationTraining {
    fn default() -> Self {
        Self {
            updates: 40_000,
            batches_per_update: 1,
            peak_rate: 1e-3,
            start_rate: 1e-7,
            warmup_updates: 4000,
            decline: Decline::default(),
            optimizer: OptimizerSettings::Adamw { weight_decay: 0.0, betas: [0.9, 0.98] },
            clip_norm: None,
            label_smoothing: 0.1,
            add_gradient_scale: Some(0.2),
            average: 1,
            eight_bit: None,
        }
    }
}

impl TranslationTraining {
    /// Checks numbers that training cannot do without.
    ///
    /// # Errors
    /// The first that makes no sense.
    pub fn validate(&self) -> Result<(), TranslationError> {
        let error = |parameter, found: String, wanted| Err(TranslationError::Setting { parameter, found, wanted });
        for (parameter, found) in
            [("updates", self.updates), ("batches_per_update", self.batches_per_update), ("average", self.average)]
        {
            if found == 0 {
                return error(parameter, found.to_string(), "at least 1");
            }
        }
        for (parameter, found) in [("peak_rate", self.peak_rate), ("start_rate", self.start_rate)] {
            if !(found.is_finite() && found >= 0.0) {
                return error(parameter, found.to_string(), "a finite rate of at least 0");
            }
        }
        if !(0.0..1.0).contains(&self.label_smoothing) {
            return error("label_smoothing", self.label_smoothing.to_string(), "at least 0 and below 1");
        }
        if let Some(clip) = self.clip_norm.filter(|clip| clip.is_nan() || *clip <= 0.0) {
            return error("clip_norm", clip.to_string(), "above 0, or nothing for no limit");
        }
        Ok(())
    }

    /// Returns the rate of an update, the first is 0.
    pub fn rate(&self, update: usize) -> f64 {
        let (update, warmup) = (update as f64, self.warmup_updates as f64);
        if update < warmup {
            return self.start_rate + (self.peak_rate - self.start_rate) * update / warmup;
        }
        match self.decline {
            Decline::Cosine { last_rate } => {
                let share = (update - warmup) / (self.updates as f64 - warmup).max(1.0);
                last_rate + 0.5 * (self.peak_rate - last_rate) * (1.0 + (PI * share.min(1.0)).cos())
            }
            Decline::InverseSqrt => self.peak_rate * (warmup.max(1.0) / update.max(1.0)).sqrt(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spec of the release: 1e-7 + 0.5 (1e-3 − 1e-7) (1 + cos(π (t − w) / (40000 − w))) after w updates.
    #[test]
    fn rates_rise_linearly_and_fall_as_half_a_cosine() {
        let training = TranslationTraining { warmup_updates: 10_000, ..TranslationTraining::default() };
        let golden = [(0, 1e-7), (5000, 5.0005e-4), (10_000, 1e-3), (25_000, 5.0005e-4), (40_000, 1e-7)];
        for (update, wanted) in golden {
            let found = training.rate(update);
            assert!((found - wanted).abs() < 1e-15, "update {update}: {found} instead of {wanted}");
        }
    }

    #[test]
    fn settings_that_cannot_train_are_told() {
        assert_eq!(TranslationTraining::default().validate(), Ok(()));
        let error = |training: TranslationTraining| training.validate().unwrap_err().to_string();
        let training = TranslationTraining::default();
        let average = TranslationTraining { average: 0, ..training };
        assert_eq!(error(average), "`average` is 0, wanted at least 1");
        let rate = TranslationTraining { peak_rate: f64::NAN, ..training };
        assert_eq!(error(rate), "`peak_rate` is NaN, wanted a finite rate of at least 0");
        let clip = TranslationTraining { clip_norm: Some(0.0), ..training };
        assert_eq!(error(clip), "`clip_norm` is 0, wanted above 0, or nothing for no limit");
    }

    #[test]
    fn inverse_square_roots_halve_the_rate_at_four_times_the_warmup() {
        let decline = Decline::InverseSqrt;
        let training = TranslationTraining { warmup_updates: 4000, decline, ..TranslationTraining::default() };
        assert_eq!([training.rate(4000), training.rate(16_000)], [1e-3, 5e-4]);
    }
}
