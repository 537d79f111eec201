mod bleu;
mod chrf;
mod compounds;
mod interval;
mod overlap;
mod tokenizer_13a;
mod words;

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use bleu::{Bleu, BleuScheme, CorpusBleu};
pub use chrf::CorpusChrF;
pub use interval::Interval;

/// What a signature ends with; figures of the same version are comparable.
const VERSION: &str = concat!("version:shiftaddnas-", env!("CARGO_PKG_VERSION"));

/// Whether capital letters count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Case {
    /// They do.
    #[default]
    Mixed,
    /// Both sides are written in small letters first.
    Lower,
}

impl Case {
    fn apply<'a>(self, line: &'a str) -> Cow<'a, str> {
        match self {
            Self::Mixed => Cow::Borrowed(line),
            Self::Lower => Cow::Owned(line.to_lowercase()),
        }
    }

    fn spelling(self) -> &'static str {
        match self {
            Self::Mixed => "mixed",
            Self::Lower => "lc",
        }
    }
}

/// Why two texts cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ScoreError {
    /// They do not have the same lines.
    #[error("a score wants one hypothesis per reference, found {hypotheses} hypotheses and {references} references")]
    Lines {
        /// Lines of the system.
        hypotheses: usize,
        /// Lines of the reference.
        references: usize,
    },
    /// They have no line at all.
    #[error("a score wants at least 1 sentence, found none")]
    Empty,
}

/// Returns what `count` counts in each hypothesis and its reference.
fn counts<H: AsRef<str>, R: AsRef<str>, C>(
    hypotheses: &[H],
    references: &[R],
    count: impl Fn(&str, &str) -> C,
) -> Result<Vec<C>, ScoreError> {
    if hypotheses.len() != references.len() {
        return Err(ScoreError::Lines { hypotheses: hypotheses.len(), references: references.len() });
    }
    if hypotheses.is_empty() {
        return Err(ScoreError::Empty);
    }
    Ok(hypotheses
        .iter()
        .zip(references)
        .map(|(hypothesis, reference)| count(hypothesis.as_ref(), reference.as_ref()))
        .collect())
}
