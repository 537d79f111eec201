//! Names of the inputs and outputs of both graphs.

/// Encoder: `[N, S]`, padded on the right. Decoder: `[N, B]`, B rows for each of N sentences.
pub(crate) const TOKENS: &str = "tokens";
/// Encoder: tokens of each sentence, `[N]`.
pub(crate) const LENGTHS: &str = "lengths";
/// From the encoder to the decoder: what is added to the scores of each source position, `[N, S]`.
pub(crate) const PADDING: &str = "padding";
/// Decoder: `[N, B]`, the row of the step before that each row goes on from.
pub(crate) const PARENTS: &str = "parents";
/// Decoder: index of the tokens, `[1]`.
pub(crate) const POSITION: &str = "position";
/// Decoder: `[N · B, vocabulary]`.
pub(crate) const LOG_PROBABILITIES: &str = "log_probabilities";

/// From the encoder to decoder layer `index`: `[N, heads, head width, sources · S]`.
pub(crate) fn cross_keys(index: usize) -> String {
    format!("cross.{index}.keys")
}

/// From the encoder to decoder layer `index`: `[N, heads, sources · S, head width]`.
pub(crate) fn cross_values(index: usize) -> String {
    format!("cross.{index}.values")
}

/// Prefix of the states that the decoder reads.
pub(crate) const PAST: &str = "past.";
/// Prefix of the states that the decoder writes; what follows is the same.
pub(crate) const PRESENT: &str = "present.";

/// State of decoder layer `index` as it is read.
pub(crate) fn past(index: usize, part: &str) -> String {
    format!("{PAST}{index}.{part}")
}

/// State of decoder layer `index` as it is written.
pub(crate) fn present(index: usize, part: &str) -> String {
    format!("{PRESENT}{index}.{part}")
}
