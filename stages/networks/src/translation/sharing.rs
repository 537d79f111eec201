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
///
/// The pool of a local operator has no weight of its own for the last one: it would be no shared weight, and a shift
/// branch would not inherit what convolutions learn.
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
    /// The prior loss of Eq. 7, only with [`SharingMode::Hws`].
    pub prior: TranslationPrior,
}

/// Factors of the prior loss beside a loss per target token (Eq. 7 of ShiftAddNAS, which gives none): divergence of
/// shared weights from the distribution that their reader prefers.
///
/// It is taken of pools that an add kernel or add matrix reads through T, of the part that the architecture reads, and
/// of weights divided by their deviation at initialisation: entries of trained matrices are about 0.03, and N(0, 1) and
/// Laplace(0, 1) would pull them far away.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TranslationPrior {
    /// Of the divergence of weights that are multiplied with from N(0, 1).
    pub conv: f64,
    /// Of the divergence of transformed weights of add layers from Laplace(0, 1).
    pub add: f64,
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

impl Default for TranslationPrior {
    fn default() -> Self {
        Self { conv: 1e-3, add: 1e-3 }
    }
}

impl From<TranslationPrior> for Prior {
    fn from(TranslationPrior { conv, add }: TranslationPrior) -> Self {
        Self { conv, add }
    }
}

impl Default for TranslationSharing {
    fn default() -> Self {
        Self {
            mode: SharingMode::default(),
            segments: 200,
            refresh_every: 1,
            mlp: MlpSharing::default(),
            prior: TranslationPrior::default(),
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
