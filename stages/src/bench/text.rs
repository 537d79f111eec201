//! Raw text to token ids, beside the programs that people use for it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use datasets::{
    Corpus, CorpusKind, CorpusOptions, Preparation, PreparedText, TextError, TextPart, encode_text, learn_text,
    open_corpus,
};
use serde::Deserialize;
use translation::{Punctuation, Words};

use super::python::{Python, PythonError};
use super::{Bench, Case};

/// The script, which needs no file beside it.
const SCRIPT: &str = include_str!("text.py");
/// Smallest good ratio.
const GOAL: f64 = 20.0;
/// Merges that are learnt and applied.
const MERGES: usize = 10_000;

/// Why text cannot be timed.
#[derive(Debug, thiserror::Error)]
pub enum TextBenchError {
    /// The corpus.
    #[error(transparent)]
    Text(#[from] TextError),
    /// Temporary files.
    #[error("cannot write the text for the reference")]
    Files(#[from] io::Error),
    /// The reference.
    #[error(transparent)]
    Python(#[from] PythonError),
}

/// What the script needed for one step.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    pairs: usize,
    seconds: f64,
}

/// Runs all cases on a corpus; without a path on the small one that comes with the program.
///
/// # Errors
/// If the corpus cannot be read, or the reference does not run.
pub fn run(
    bench: &mut Bench<'_>,
    (kind, path): (CorpusKind, Option<&Path>),
    options: &CorpusOptions,
    python: &Python,
) -> Result<(), TextBenchError> {
    let folder = tempfile::tempdir()?;
    let preparation = Preparation { merges: MERGES, ..Preparation::default() };
    let corpus = open_corpus(kind, path, options)?;
    let text = learn_text(&corpus, &preparation)?;
    let languages = [&options.languages.source, &options.languages.target];
    write_files(folder.path(), &corpus, &text, languages)?;
    let file = |name: String| folder.path().join(name).display().to_string();
    let [source, target] = languages.map(|language| file(format!("raw.{language}")));
    let codes = file("codes.bpe".to_owned());
    let steps: BTreeMap<String, Step> = python.json(SCRIPT, &[&source, &target, &codes, languages[0], languages[1]])?;
    let milliseconds =
        |names: &[&str]| names.iter().filter_map(|name| steps.get(*name)).map(|step| step.seconds * 1e3).sum();
    let pairs = steps.values().map(|step| step.pairs).max().unwrap_or(0);
    let threads = rayon::current_num_threads();
    let case = format!("{pairs} pairs, raw text to ids");
    let whole = Case {
        case: &case,
        reference: "sacremoses, subword-nmt, fairseq's look-up",
        threads,
        ops: 0,
        goal: Some(GOAL),
    };
    let ours = files(folder.path(), "raw", &preparation, options)?;
    bench.compare_with(whole, || encode(&ours), milliseconds(&["tokenize", "pieces", "ids"]));
    let case = format!("{pairs} pairs, tokenized text to ids");
    let cut = Case { case: &case, reference: "subword-nmt, fairseq's look-up", threads, ops: 0, goal: Some(GOAL) };
    let spaces = Preparation { words: Words::Spaces, punctuation: Punctuation::Keep, ..preparation };
    let ours = files(folder.path(), "words", &spaces, options)?;
    bench.compare_with(cut, || encode(&ours), milliseconds(&["pieces", "ids"]));
    Ok(())
}

/// Writes the training pairs as raw and as tokenized lines, and the merges.
fn write_files(
    folder: &Path,
    corpus: &Corpus,
    text: &PreparedText,
    languages: [&String; 2],
) -> Result<(), TextBenchError> {
    let mut sides = [[String::new(), String::new()], [String::new(), String::new()]];
    encode_text::<TextError>(corpus, text, TextPart::Train, |_, pair| {
        let codecs = [&text.source, &text.target];
        for ((lines, codec), raw) in sides.iter_mut().zip(codecs).zip([pair.source, pair.target]) {
            lines[0].extend([raw, "\n"]);
            lines[1].extend([&*codec.splitter().split(raw), "\n"]);
        }
        Ok(())
    })?;
    for (lines, language) in sides.iter().zip(languages) {
        fs::write(folder.join(format!("raw.{language}")), &lines[0])?;
        fs::write(folder.join(format!("words.{language}")), &lines[1])?;
    }
    Ok(fs::write(folder.join("codes.bpe"), text.source.byte_pairs().to_codes())?)
}

fn files(
    folder: &Path,
    prefix: &str,
    preparation: &Preparation,
    options: &CorpusOptions,
) -> Result<(Corpus, PreparedText), TextBenchError> {
    let options = CorpusOptions { train: vec![prefix.to_owned()], ..options.clone() };
    let corpus = open_corpus(CorpusKind::Plain, Some(folder), &options)?;
    let text = learn_text(&corpus, preparation)?;
    Ok((corpus, text))
}

/// The files were read before, so they are read again without a mistake.
fn encode((corpus, text): &(Corpus, PreparedText)) {
    let counts = encode_text::<TextError>(corpus, text, TextPart::Train, |pair, _| {
        std::hint::black_box(pair);
        Ok(())
    });
    std::hint::black_box(counts.is_ok());
}
