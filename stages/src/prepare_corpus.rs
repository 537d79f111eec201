use datasets::{
    Corpus, CorpusKind, CorpusOptions, Dictionaries, EncodedPair, PartCounts, Preparation, SentencePair, TextError,
    TextPart, encode_text, learn_text, open_corpus,
};
use engine::{Context, SourcePath, Stage, StageError, outputs};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::artifacts::{CorpusDescription, CorpusText, CorpusWriter, PairSpool, RawText};
use crate::causes::with_causes;
use crate::expected_pairs::ExpectedPairs;

/// Reads a parallel corpus and makes tokens of its sentences.
pub struct PrepareCorpus;

/// What to read and how its sentences become tokens.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrepareCorpusParams {
    /// Which corpus.
    source: CorpusKind,
    /// The folder of its files or archives, or one archive, relative to the manifest; `embedded` has none.
    #[serde(default)]
    path: Option<SourcePath>,
    /// Languages, and the files of `plain`.
    #[serde(default)]
    options: CorpusOptions,
    /// How sentences become tokens, and which training pairs are used.
    #[serde(default)]
    preparation: Preparation,
    /// Most tokens of a sentence that networks can translate, its end included; more where the test split has more.
    #[serde(default = "default_longest")]
    longest: usize,
    /// Numbers of pairs that must be found, by split and rule.
    #[serde(default)]
    expected: ExpectedPairs,
}

const fn default_longest() -> usize {
    256
}

outputs! {
    /// The prepared corpus.
    pub struct PrepareCorpusOutputs {
        /// Pairs of sentences as tokens, with the codes and the dictionary that made them.
        pub corpus: CorpusWriter,
    }
}

impl Stage for PrepareCorpus {
    const KIND: &'static str = "prepare-corpus";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Reads a parallel corpus, cleans it, learns byte pair codes and a dictionary";

    type Params = PrepareCorpusParams;
    type Inputs = ();
    type Outputs = PrepareCorpusOutputs;

    fn sources<'a>(&self, params: &'a Self::Params) -> Vec<&'a SourcePath> {
        params.path.iter().collect()
    }

    fn check(&self, params: &Self::Params) -> Result<(), String> {
        if params.preparation.dictionaries == Dictionaries::Separate {
            return Err("`preparation.dictionaries` wants joined: the networks share one embedding matrix".to_owned());
        }
        if params.longest < 2 {
            return Err(format!("`longest` wants at least 2, found {}", params.longest));
        }
        params.preparation.check().map_err(|error| format!("`preparation`: {error}"))
    }

    fn run(&self, params: &Self::Params, (): (), context: &mut Context<'_>) -> Result<Self::Outputs, StageError> {
        let path = params.path.as_ref().map(SourcePath::path);
        let broken = |error: TextError| match path {
            Some(path) => StageError::source(path, with_causes(&error)),
            None => StageError::usage(with_causes(&error)),
        };
        let corpus = open_corpus(params.source, path, &params.options).map_err(broken)?;
        let text = learn_text(&corpus, &params.preparation).map_err(broken)?;
        context.check_interrupt()?;
        let mut encoding = Encoding { corpus: &corpus, context, longest: params.longest };
        let mut encode = |part| encoding.part(&text, part).map_err(|lost| lost.into_stage_error(&broken));
        let [train, valid, test] = [encode(TextPart::Train)?, encode(TextPart::Valid)?, encode(TextPart::Test)?];
        let longest = encoding.longest;
        for (part, found) in [("train", &train), ("valid", &valid), ("test", &test)] {
            report(context, part, &found.counts);
            if found.spool.pairs == 0 {
                let message = format!("the {part} split is empty; loosen `preparation.cleaning` or carve it out");
                return Err(StageError::usage(message));
            }
        }
        params.expected.judge([&train.counts, &valid.counts, &test.counts], context);
        let text = CorpusText { source: text.source, target: text.target };
        let vocabulary = text.source.dictionary().len();
        context.headline("vocabulary", vocabulary, "");
        context.headline("longest_tokens", longest, "");
        let languages = [params.options.languages.source.clone(), params.options.languages.target.clone()];
        let description = CorpusDescription { source: params.source.to_string(), languages, vocabulary, longest };
        let (valid, test) = ((valid.spool, valid.text), (test.spool, test.text));
        Ok(PrepareCorpusOutputs { corpus: CorpusWriter { description, text, train: train.spool, valid, test } })
    }
}

/// A part that became tokens.
struct EncodedPart {
    spool: PairSpool,
    text: RawText,
    counts: PartCounts,
}

struct Encoding<'a, 'run> {
    corpus: &'a Corpus,
    context: &'a mut Context<'run>,
    /// Tokens of the longest sentence, its end included.
    longest: usize,
}

/// Why a part did not become tokens.
enum Lost {
    Text(TextError),
    Stage(StageError),
}

impl From<TextError> for Lost {
    fn from(error: TextError) -> Self {
        Lost::Text(error)
    }
}

impl Lost {
    fn into_stage_error(self, broken: &dyn Fn(TextError) -> StageError) -> StageError {
        match self {
            Lost::Text(error) => broken(error),
            Lost::Stage(error) => error,
        }
    }
}

/// Pairs between two progress reports.
const REPORT_EVERY: usize = 10_000;

impl Encoding<'_, '_> {
    fn part(&mut self, text: &datasets::PreparedText, part: TextPart) -> Result<EncodedPart, Lost> {
        let spooled = |error| Lost::Stage(StageError::caused("pairs cannot be kept in a temporary file", error));
        let mut spool = PairSpool::new().map_err(spooled)?;
        let mut raw = RawText::default();
        let keeps_text = part != TextPart::Train;
        let counts = encode_text(self.corpus, text, part, |pair: EncodedPair, sentences: SentencePair<'_>| {
            spool.push(&pair.source, &pair.target).map_err(spooled)?;
            if keeps_text {
                raw.sources.push(sentences.source.to_owned());
                raw.references.push(sentences.target.to_owned());
                self.longest = self.longest.max(pair.source.len().max(pair.target.len()) + 1);
            }
            if spool.pairs.is_multiple_of(REPORT_EVERY) {
                let done = spool.pairs as u64;
                self.context.progress(done, done, "pairs encoded");
                self.context.check_interrupt().map_err(Lost::Stage)?;
            }
            Ok::<(), Lost>(())
        })?;
        Ok(EncodedPart { spool, text: raw, counts })
    }
}

fn report(context: &mut Context<'_>, part: &str, counts: &PartCounts) {
    context.headline(&format!("{part}_pairs"), counts.kept, "");
    let dropped = [
        ("too_short", counts.too_short),
        ("too_long", counts.too_long),
        ("ratio", counts.ratio),
        ("identical", counts.identical),
    ];
    context.headline(&format!("{part}_pairs_read"), counts.read, "");
    for (rule, pairs) in dropped.into_iter().filter(|(_, pairs)| *pairs > 0) {
        context.headline(&format!("{part}_pairs_{rule}"), pairs, "");
    }
}
