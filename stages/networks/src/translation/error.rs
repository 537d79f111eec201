/// What a translation network cannot do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TranslationError {
    /// A sentence has more tokens than the network was made for.
    #[error(
        "sentence {sentence} has {found} tokens with its end, the network reads at most {longest}; split the sentence"
    )]
    TooLong {
        /// Which sentence, the first is 0.
        sentence: usize,
        /// Its tokens, with the end of sentence.
        found: usize,
        /// Most tokens.
        longest: usize,
    },
    /// A token is not in the vocabulary.
    #[error(
        "sentence {sentence} holds token {token}, the vocabulary of the network ends at {last}; use its dictionary"
    )]
    Token {
        /// Which sentence, the first is 0.
        sentence: usize,
        /// The token.
        token: u32,
        /// The last token there is.
        last: usize,
    },
    /// A setting that no network or training can have.
    #[error("`{parameter}` is {found}, wanted {wanted}")]
    Setting {
        /// Its name in a manifest.
        parameter: &'static str,
        /// Its value.
        found: String,
        /// What it may be.
        wanted: &'static str,
    },
    /// No checkpoint to average.
    #[error("no checkpoint to average, wanted at least one")]
    NothingToAverage,
    /// Checkpoints of different networks.
    #[error("checkpoints to average differ at tensor `{key}`; average those of one training")]
    SetsDiffer {
        /// The first tensor that differs.
        key: String,
    },
}
