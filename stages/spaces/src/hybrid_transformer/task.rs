use serde::{Deserialize, Serialize};

use super::conventions::Conventions;

/// What a translation network is for, and how it computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TranslationTask {
    /// Entries of the joined dictionary, special ones included.
    pub vocabulary: usize,
    /// Most tokens of a source or target, the end of sentence included.
    pub longest: usize,
    /// What neither sizes nor weights say.
    pub conventions: Conventions,
}
