//! What can be wrong with parallel text.

use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;
use translation::CodesError;

use crate::CorpusKind;

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineProblem {
    /// It has more bytes than a sentence can have.
    TooLong {
        /// Most bytes.
        most: usize,
    },
    /// It holds a byte 0.
    Nul,
    /// It is no UTF-8.
    NotUtf8 {
        /// How many bytes of it are valid.
        valid: usize,
    },
    /// A segment is not closed before the file or the next one begins.
    OpenSegment,
}

impl fmt::Display for LineProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { most } => {
                write!(formatter, "a sentence has at most {most} bytes, found more; is the file one of sentences?")
            }
            Self::Nul => write!(formatter, "text has no byte 0, found one; is the file damaged or binary?"),
            Self::NotUtf8 { valid } => {
                write!(formatter, "text must be UTF-8, found another byte after {valid}; convert the file with iconv")
            }
            Self::OpenSegment => write!(formatter, "`<seg>` wants its `</seg>`, found none; is the file cut off?"),
        }
    }
}

/// Why parallel text cannot be read. Every message names the file, what was wanted, what was found and the fix.
#[derive(Debug, Error)]
pub enum TextError {
    /// The operating system or an unpacker refused.
    #[error("cannot read `{}`; if it is packed, it may be damaged or only partly copied", path.display())]
    Io {
        /// File or folder.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// A line is no sentence.
    #[error("`{}`, line {line}: {problem}", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// Which line, from 1.
        line: u64,
        /// What is wrong with it.
        problem: LineProblem,
    },
    /// A file has no line.
    #[error("`{}` is empty, wanted at least one sentence; fetch it again", file.display())]
    Empty {
        /// The file.
        file: PathBuf,
    },
    /// The two sides of a corpus differ in length.
    #[error(
        "`{}` has {source_lines} sentences but `{}` has {target_lines}; line n of one must be the translation of line n of the other",
        source_file.display(), target_file.display()
    )]
    Unequal {
        /// File of the source language.
        source_file: PathBuf,
        /// Its sentences.
        source_lines: u64,
        /// File of the target language.
        target_file: PathBuf,
        /// Its sentences.
        target_lines: u64,
    },
    /// The kind reads files and no path was given.
    #[error("corpus `{kind}` needs a path, found none; set `path` to {wanted}")]
    NoPath {
        /// Which corpus.
        kind: CorpusKind,
        /// What the path must lead to.
        wanted: &'static str,
    },
    /// A file of the corpus is not there.
    #[error("corpus `{kind}` wants {wanted} in `{}`; found: {found}; copy the corpus there, or correct `path` or `languages`", folder.display())]
    Missing {
        /// Which corpus.
        kind: CorpusKind,
        /// Which names would do.
        wanted: String,
        /// The folder or archive they were looked for in.
        folder: PathBuf,
        /// What is there instead.
        found: String,
    },
    /// The corpus is not in these languages.
    #[error("corpus `{kind}` is in {known}, found {found}; correct `languages`")]
    Languages {
        /// Which corpus.
        kind: CorpusKind,
        /// Its languages.
        known: &'static str,
        /// What was asked for.
        found: String,
    },
    /// A setting cannot be.
    #[error("`{field}` must be {wanted}, found {found}")]
    Setting {
        /// The name of the setting.
        field: &'static str,
        /// What it may be.
        wanted: &'static str,
        /// What it is.
        found: String,
    },
    /// No training pair is left.
    #[error("no training pair is left of {read}; widen `cleaning`")]
    NothingLeft {
        /// Pairs read.
        read: u64,
    },
    /// The codes of a prepared corpus are wrong.
    #[error("`{}` cannot be used as codes", file.display())]
    Codes {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: CodesError,
    },
}
