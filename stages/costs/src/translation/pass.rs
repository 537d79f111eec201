use std::num::NonZeroU16;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Tokens of source and target in the counts that the authors print.
const PUBLISHED_TOKENS: NonZeroU16 = NonZeroU16::new(30).expect("30 is not 0");

/// One parallel pass of a translation network over a pair of sentences, as in training (teacher forcing).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TranslationPass {
    /// Tokens of the source.
    pub source_tokens: NonZeroU16,
    /// Tokens of the target.
    pub target_tokens: NonZeroU16,
    /// How many encoder layers each decoder layer attends to.
    pub sources: Sources,
}

/// How many encoder layers each decoder layer attends to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sources {
    /// As the architecture says.
    #[default]
    Own,
    /// The last one only, as in the energies and latencies of Table 3 of ShiftAddNAS.
    One,
}

impl Default for TranslationPass {
    /// 30 tokens each, own sources.
    fn default() -> Self {
        Self { source_tokens: PUBLISHED_TOKENS, target_tokens: PUBLISHED_TOKENS, sources: Sources::Own }
    }
}

impl Sources {
    /// Returns the sources of a decoder layer whose own number is given.
    pub const fn of(self, own: usize) -> usize {
        match self {
            Sources::Own => own,
            Sources::One => 1,
        }
    }
}
