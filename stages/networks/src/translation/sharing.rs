use kernels::transform::MOST_SEGMENTS;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::prior::Prior;
use crate::sharing::{SharingError, SharingMode, ShiftForm};

/// Weight sharing of a translation supernet.
///
/// With [`SharingMode::None`] every mix and every linear form has its own tensors, as in the authors' release. Otherwise
/// each layer has one pool per width class (pure and hybrid) with the two projections and the kernel of a local
/// operator, and one weight per projection and MLP matrix for all linear forms. Biases, norms and the factors of T stay
/// private; so does the attention half of each hybrid. What reads a pooled weight W reads it so:
///
/// | reader | naive | hws |
/// |---|---|---|
/// | conv kernel, dense matrix | W | W |
/// | kernel of add and shift, add matrix | W | T(W) |
/// | shift matrix | sign · 2^round(log2 W) | the same |
/// | matrix of a shift branch, between projection and kernel | the shift reading of its input projection | the same |
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TranslationSharing {
    /// How weights are shared.
    pub mode: SharingMode,
    /// Segments d of the transform T; a weight with fewer values has one per value.
    pub segments: usize,
    /// Updates between two sorts of the weights for T.
    pub refresh_every: usize,
    /// Who owns the MLP of a layer.
    pub mlp: MlpSharing,
    /// Weights of the prior loss of Eq. 7, only with [`SharingMode::Hws`]. Weights are divided by their deviation at
    /// initialisation first: N(0, 1) and Laplace(0, 1) are far from what any matrix of a trained network looks like.
    pub prior: Prior,
}

/// Who owns the MLP of a layer and the norms around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MlpSharing {
    /// Each candidate block is followed by its own MLP (Sec. 4.1 of the paper).
    #[default]
    PerCandidate,
    /// One per layer, whatever its mix, as in the authors' release.
    Shared,
}

/// Coefficient of the prior loss beside a loss per token.
const PRIOR: f64 = 1e-3;

impl Default for TranslationSharing {
    fn default() -> Self {
        Self {
            mode: SharingMode::default(),
            segments: 200,
            refresh_every: 1,
            mlp: MlpSharing::default(),
            prior: Prior { conv: PRIOR, add: PRIOR },
        }
    }
}

impl TranslationSharing {
    /// Checks the sharing against the form of the shift layers.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub const fn validate(&self, shift: ShiftForm) -> Result<(), SharingError> {
        if self.segments == 0 {
            return Err(SharingError::Zero { parameter: "segments" });
        }
        if self.segments > MOST_SEGMENTS {
            return Err(SharingError::Segments { segments: self.segments });
        }
        if self.refresh_every == 0 {
            return Err(SharingError::Zero { parameter: "refresh_every" });
        }
        match (self.mode, shift) {
            (SharingMode::Naive | SharingMode::Hws, ShiftForm::Ps) => Err(SharingError::PooledPs),
            (SharingMode::None, _) | (_, ShiftForm::Q) => Ok(()),
        }
    }
}
