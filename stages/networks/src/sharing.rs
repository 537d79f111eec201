use kernels::transform::MOST_SEGMENTS;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spaces::{Operator, Site};

/// How the operators of a cell share weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SharingMode {
    /// Every operator has its own weights.
    None,
    /// Conv, shift and add read one tensor as it is.
    Naive,
    /// Heterogeneous weight sharing (Sec. 3.2.2): conv reads the tensor, shift rounds it to powers of two, add reads it
    /// through the learned transform T.
    #[default]
    Hws,
}

/// Weight sharing of a supernet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sharing {
    /// How weights are shared.
    #[serde(default)]
    pub mode: SharingMode,
    /// Which operators take part; the others keep their own weights.
    #[serde(default = "all_shared")]
    pub operators: Vec<Operator>,
    /// Segments d of the transform T.
    #[serde(default = "default_segments")]
    pub segments: usize,
    /// Steps between two sorts of the weights for T.
    #[serde(default = "default_refresh")]
    pub refresh_every: usize,
}

fn all_shared() -> Vec<Operator> {
    vec![Operator::Conv, Operator::Shift, Operator::Add]
}

const fn default_segments() -> usize {
    200
}

const fn default_refresh() -> usize {
    1
}

impl Default for Sharing {
    fn default() -> Self {
        Self {
            mode: SharingMode::default(),
            operators: all_shared(),
            segments: default_segments(),
            refresh_every: default_refresh(),
        }
    }
}

/// How shift layers are trained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ShiftForm {
    /// DeepShift-Q: a float weight rounded to a power of two.
    #[default]
    Q,
    /// DeepShift-PS: a trained exponent and a trained sign.
    Ps,
}

/// A sharing that cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SharingError {
    /// Attention has no weight that another operator could read.
    #[error("`attention` cannot share weights; list only conv, shift and add under `sharing.operators`")]
    Attention,
    /// DeepShift-PS has no weight tensor to share.
    #[error("shift form `ps` trains exponents and signs, not a weight; take `shift` out of `sharing.operators`")]
    ShiftPs,
    /// DeepShift-PS has no weight tensor, and all operators of a translation supernet share.
    #[error(
        "shift form `ps` trains exponents and signs, not a weight; set `sharing.mode` to none or use shift form `q`"
    )]
    PooledPs,
    /// More segments than a segment's number can tell.
    #[error("`sharing.segments` must be at most {MOST_SEGMENTS}, not {segments}")]
    Segments {
        /// How many.
        segments: usize,
    },
    /// Zero segments or zero steps.
    #[error("`sharing.{parameter}` must be at least 1")]
    Zero {
        /// Which parameter.
        parameter: &'static str,
    },
}

impl Sharing {
    /// Checks the sharing against the form of the shift layers.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub fn validate(&self, shift: ShiftForm) -> Result<(), SharingError> {
        if self.segments == 0 {
            return Err(SharingError::Zero { parameter: "segments" });
        }
        if self.segments > MOST_SEGMENTS {
            return Err(SharingError::Segments { segments: self.segments });
        }
        if self.refresh_every == 0 {
            return Err(SharingError::Zero { parameter: "refresh_every" });
        }
        if self.mode == SharingMode::None {
            return Ok(());
        }
        if self.operators.contains(&Operator::Attention) {
            return Err(SharingError::Attention);
        }
        match shift {
            ShiftForm::Ps if self.operators.contains(&Operator::Shift) => Err(SharingError::ShiftPs),
            ShiftForm::Ps | ShiftForm::Q => Ok(()),
        }
    }

    /// Returns whether a node reads its weight from the pool of its cell.
    pub(crate) fn shares(&self, site: &Site) -> bool {
        self.mode != SharingMode::None && site.may_share() && self.operators.contains(&site.operator)
    }

    /// Returns whether a node reads the pool through the transform T.
    pub(crate) fn transforms(&self, site: &Site) -> bool {
        self.mode == SharingMode::Hws && self.shares(site) && site.operator == Operator::Add
    }
}
