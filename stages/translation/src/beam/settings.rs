use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How a beam search decodes; the defaults are those of ShiftAddNAS for WMT'14.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BeamSettings {
    /// Hypotheses per sentence.
    pub beam: usize,
    /// Score = log-probability / length^`length_penalty`, the length with the end of sentence.
    pub length_penalty: f32,
    /// Fewest tokens before the end of sentence.
    pub least_length: usize,
    /// Most tokens, the end of sentence included.
    pub most_length: usize,
    /// Hypotheses returned per sentence, at most `beam`.
    pub best: usize,
}

impl Default for BeamSettings {
    fn default() -> Self {
        Self { beam: 4, length_penalty: 0.6, least_length: 1, most_length: 200, best: 1 }
    }
}

/// Why settings describe no beam search.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum BeamError {
    /// There is nothing to search with.
    #[error("`beam` wants at least 1 hypothesis per sentence, found 0; 1 decodes greedily")]
    NoBeam,
    /// More or fewer hypotheses are asked for than there can be.
    #[error("`best` wants a number from 1 to `beam` ({beam}), found {best}")]
    Best {
        /// Hypotheses asked for.
        best: usize,
        /// Hypotheses per sentence.
        beam: usize,
    },
    /// No length is allowed.
    #[error(
        "`most_length` includes the end of sentence and wants over `least_length` ({least_length}), found {most_length}"
    )]
    Lengths {
        /// Fewest tokens before the end of sentence.
        least_length: usize,
        /// Most tokens with the end of sentence.
        most_length: usize,
    },
    /// Scores would not be numbers.
    #[error("`length_penalty` wants a finite number, found {0}; 0 ranks by log-probability")]
    LengthPenalty(f32),
}

impl BeamSettings {
    /// Says whether a search can follow these settings.
    ///
    /// # Errors
    /// A [`BeamError`] for the first setting that makes no sense.
    pub fn check(&self) -> Result<(), BeamError> {
        let Self { beam, length_penalty, least_length, most_length, best } = *self;
        if beam == 0 {
            return Err(BeamError::NoBeam);
        }
        if best == 0 || best > beam {
            return Err(BeamError::Best { best, beam });
        }
        if most_length <= least_length {
            return Err(BeamError::Lengths { least_length, most_length });
        }
        if !length_penalty.is_finite() {
            return Err(BeamError::LengthPenalty(length_penalty));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_make_sense() {
        assert_eq!(BeamSettings::default().check(), Ok(()));
        let read: BeamSettings = serde_json::from_str("{}").unwrap();
        assert_eq!(read, BeamSettings::default());
    }

    #[test]
    fn senseless_settings_are_refused_with_a_reason() {
        let refused = |change: fn(&mut BeamSettings)| {
            let mut settings = BeamSettings::default();
            change(&mut settings);
            settings.check().unwrap_err()
        };
        assert_eq!(refused(|settings| settings.beam = 0), BeamError::NoBeam);
        assert_eq!(refused(|settings| settings.best = 5), BeamError::Best { best: 5, beam: 4 });
        assert_eq!(refused(|settings| settings.best = 0), BeamError::Best { best: 0, beam: 4 });
        let lengths = refused(|settings| settings.most_length = 1);
        assert_eq!(lengths, BeamError::Lengths { least_length: 1, most_length: 1 });
        assert!(lengths.to_string().contains("over `least_length` (1), found 1"), "{lengths}");
        assert!(matches!(refused(|settings| settings.length_penalty = f32::NAN), BeamError::LengthPenalty(_)));
    }
}
