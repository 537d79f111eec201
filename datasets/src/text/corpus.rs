use std::fmt;
use std::path::Path;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use translation::BytePairs;

use super::layouts;
use super::text_error::TextError;
use super::text_file::TextFile;

/// The parallel corpora that can be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CorpusKind {
    /// A few thousand pairs in English and German or French, compiled into the program; no path.
    Embedded,
    /// Files `PREFIX.LANGUAGE` with a sentence on each line, plain or packed as `.gz` or `.xz`, or segments of
    /// `PREFIX-src.LANGUAGE.sgm` and `PREFIX-ref.LANGUAGE.sgm`.
    Plain,
    /// Multi30k: `train.en.gz`, `val.en.gz`, `test_2016_flickr.en.gz` and so on.
    Multi30k,
    /// Named as the parts of WMT: `CORPUS.de-en.de` and `CORPUS.de-en.en` for training, `dev.de`, `test.de` or `.sgm`.
    WmtLike,
    /// WMT'14 English-German as the package `wmt16_en_de`: tokenized, cleaned, cut into pieces by 32,000 merges.
    Wmt14EnDe,
    /// WMT'14 English-French from the archives of WMT.
    Wmt14EnFr,
    /// IWSLT'14 German-English.
    Iwslt14DeEn,
}

impl CorpusKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Embedded,
        Self::Plain,
        Self::Multi30k,
        Self::WmtLike,
        Self::Wmt14EnDe,
        Self::Wmt14EnFr,
        Self::Iwslt14DeEn,
    ];

    /// Returns the kind's name in a manifest.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Plain => "plain",
            Self::Multi30k => "multi30k",
            Self::WmtLike => "wmt-like",
            Self::Wmt14EnDe => "wmt14-en-de",
            Self::Wmt14EnFr => "wmt14-en-fr",
            Self::Iwslt14DeEn => "iwslt14-de-en",
        }
    }
}

impl fmt::Display for CorpusKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for CorpusKind {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| TextError::Setting {
            field: "kind",
            wanted: "embedded, plain, multi30k, wmt-like, wmt14-en-de, wmt14-en-fr or iwslt14-de-en",
            found: text.to_owned(),
        })
    }
}

/// From which language to which, as codes such as `en` and `de`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LanguagePair {
    /// The language that is read. Default `en`.
    pub source: String,
    /// The language that is written. Default `de`.
    pub target: String,
}

impl Default for LanguagePair {
    fn default() -> Self {
        Self { source: "en".to_owned(), target: "de".to_owned() }
    }
}

impl fmt::Display for LanguagePair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.source, self.target)
    }
}

/// What of a corpus is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CorpusOptions {
    /// From which language to which; the files are the same in either direction.
    pub languages: LanguagePair,
    /// Prefixes of the training files of `plain`, below the path. Default none, which `plain` refuses.
    pub train: Vec<String>,
    /// Prefixes of the validation files of `plain`. Default none: carved out of the training pairs or left out.
    pub valid: Vec<String>,
    /// Prefixes of the test files of `plain`. Default none.
    pub test: Vec<String>,
}

/// A part of a corpus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TextPart {
    /// What weights are fitted to.
    Train,
    /// What decides between weights.
    Valid,
    /// What results are reported of.
    Test,
}

/// How the text of a corpus is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    /// As people write.
    Sentences,
    /// As words cut into pieces, `@@` after each piece that goes on.
    Pieces,
}

/// Two files whose lines are translations of each other.
#[derive(Clone, Debug)]
pub(crate) struct PairFiles {
    pub(crate) source: TextFile,
    pub(crate) target: TextFile,
}

/// A parallel corpus whose files were found; nothing of them is read yet.
#[derive(Debug)]
pub struct Corpus {
    /// Which corpus.
    pub kind: CorpusKind,
    /// From which language to which.
    pub languages: LanguagePair,
    /// How its text is written.
    pub writing: Writing,
    /// The merges that made its pieces, where the corpus brings them in the format of subword-nmt 0.2.
    pub codes: Option<BytePairs>,
    pub(crate) train: Vec<PairFiles>,
    pub(crate) valid: Vec<PairFiles>,
    pub(crate) test: Vec<PairFiles>,
    /// Where archives were unpacked to; removed with the corpus.
    #[expect(dead_code, reason = "kept until the corpus is dropped")]
    pub(crate) unpacked: Option<TempDir>,
}

impl Corpus {
    /// Returns whether the corpus has files of a part; without any, validation pairs may still be carved.
    #[must_use]
    pub fn has(&self, part: TextPart) -> bool {
        !self.files(part).is_empty()
    }

    pub(crate) fn files(&self, part: TextPart) -> &[PairFiles] {
        match part {
            TextPart::Train => &self.train,
            TextPart::Valid => &self.valid,
            TextPart::Test => &self.test,
        }
    }
}

/// Finds the files of the corpus `kind` at `path`: a folder of its files or archives, or one archive.
///
/// Archives are unpacked into a temporary folder, which needs the space of the members read.
///
/// # Errors
/// When a needed path or file is missing, an archive is damaged or the corpus is not in these languages.
pub fn open_corpus(kind: CorpusKind, path: Option<&Path>, options: &CorpusOptions) -> Result<Corpus, TextError> {
    let LanguagePair { source, target } = &options.languages;
    if source == target {
        let found = options.languages.to_string();
        return Err(TextError::Setting { field: "languages", wanted: "two different languages", found });
    }
    layouts::find(kind, path, options)
}
