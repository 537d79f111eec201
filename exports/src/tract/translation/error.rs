use translation::BeamError;

use crate::RunError;

/// Why a translation model cannot be loaded or a sentence not translated.
#[derive(Debug, thiserror::Error)]
pub enum TranslationError {
    /// A file that is no model of ours or does not run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Settings that no beam search can follow.
    #[error(transparent)]
    Settings(#[from] BeamError),
    /// The one file where the other was wanted.
    #[error("`{model}` wants the {wanted} of a translation model, found its {found}")]
    Part {
        /// Path of the file.
        model: String,
        /// What must stand there.
        wanted: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// Two files that were not exported together.
    #[error(
        "encoder `{encoder}` wants the decoder it was exported with, found another in `{decoder}`; export both again"
    )]
    Unmatched {
        /// Path of the encoder.
        encoder: String,
        /// Path of the decoder.
        decoder: String,
    },
    /// A file of text that cannot be read as what it is.
    #[error("`{file}` cannot be used: {problem}")]
    Text {
        /// Path of the file.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// A dictionary of another size than the model's embedding.
    #[error(
        "dictionary `{dictionary}` wants the {wanted} entries of the model's vocabulary, found {found}; \
         it belongs to another model"
    )]
    Vocabulary {
        /// Path of the dictionary.
        dictionary: String,
        /// Entries of the vocabulary.
        wanted: usize,
        /// Entries of the dictionary.
        found: usize,
    },
    /// A token that the model has no embedding for.
    #[error("sentence {sentence} wants tokens below {vocabulary}, the vocabulary of the model, found {found}")]
    Token {
        /// Which sentence, first is 1.
        sentence: usize,
        /// Entries of the vocabulary.
        vocabulary: usize,
        /// The token.
        found: u32,
    },
    /// A sentence longer than any in training could be.
    #[error("sentence {sentence} wants at most {longest} tokens, found {found}; split it")]
    TooLong {
        /// Which sentence, first is 1.
        sentence: usize,
        /// Most tokens, without the end of sentence.
        longest: usize,
        /// Its tokens.
        found: usize,
    },
}

impl TranslationError {
    /// Returns what is wrong with a file of text.
    pub(super) fn text(file: &str, problem: impl ToString) -> Self {
        Self::Text { file: file.to_owned(), problem: problem.to_string() }
    }
}
