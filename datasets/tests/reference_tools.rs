//! What becomes of text, beside the Python tools that others prepare text with.

use std::collections::HashMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use datasets::{
    CorpusKind, CorpusOptions, LanguagePair, Preparation, TextError, TextPart, encode_text, learn_text, open_corpus,
};
use translation::{BytePairs, Detokenizer, Escaping, Hyphens, Language, Normalizer, Tokenizer, learn_byte_pairs};

const SACREMOSES: &str = include_str!("reference_tools/sacremoses_lines.py");
const SUBWORD_NMT: &str = include_str!("reference_tools/subword_nmt_lines.py");

/// Returns whether Python (`PYTHON`, or `python3`) has a package; says on standard error that the test is skipped.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn python_with(package: &str) -> Option<String> {
    let program = env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let probe = Command::new(&program).args(["-c", &format!("import {package}")]).output();
    if probe.is_ok_and(|output| output.status.success()) {
        return Some(program);
    }
    eprintln!("skipped: `{program}` cannot import {package}; set PYTHON to one that can");
    None
}

/// Runs a script with a folder as its first argument.
fn run(python: &str, script: &str, folder: &Path, arguments: &[&str]) {
    let output = Command::new(python).args(["-c", script]).arg(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn lines(path: PathBuf) -> Vec<String> {
    fs::read_to_string(path).unwrap().split_terminator('\n').map(str::to_owned).collect()
}

/// Training pairs compared; sacremoses takes its time.
const MOST_PAIRS: u64 = 5_000;

/// Returns the first sentences of a corpus in the language that is not English, and in English.
fn sentences(kind: CorpusKind, path: Option<&Path>, foreign: &str) -> [Vec<String>; 2] {
    let languages = LanguagePair { source: foreign.to_owned(), target: "en".to_owned() };
    let corpus = open_corpus(kind, path, &CorpusOptions { languages, ..CorpusOptions::default() }).unwrap();
    let text = learn_text(&corpus, &Preparation { merges: 0, most_pairs: Some(MOST_PAIRS), ..Preparation::default() })
        .unwrap();
    let mut sides = [Vec::new(), Vec::new()];
    for part in [TextPart::Train, TextPart::Test] {
        let counts = encode_text(&corpus, &text, part, |_, pair| {
            sides[0].push(pair.source.to_owned());
            sides[1].push(pair.target.to_owned());
            Ok::<(), TextError>(())
        });
        counts.unwrap();
    }
    sides
}

/// Checks every sentence of one language against sacremoses.
fn agrees_with_sacremoses(python: &str, code: &str, sentences: &[String]) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("raw"), sentences.join("\n") + "\n").unwrap();
    run(python, SACREMOSES, folder.path(), &[code]);
    let language = Language::of_code(code);
    let normalizer = Normalizer::new(language);
    let detokenizer = Detokenizer::new(language);
    let tokenizer = |hyphens| Tokenizer::new(language, hyphens, Escaping::Entities);
    let (whole, split) = (tokenizer(Hyphens::Keep), tokenizer(Hyphens::Split));
    let wanted = ["normal", "tokens", "split", "text"].map(|name| lines(folder.path().join(name)));
    for (index, sentence) in sentences.iter().enumerate() {
        assert_eq!(normalizer.normalize(sentence), wanted[0][index], "normalized {code} sentence {index}");
        assert_eq!(whole.tokenize(sentence), wanted[1][index], "{code} sentence {index}");
        assert_eq!(split.tokenize(sentence), wanted[2][index], "{code} sentence {index} with split hyphens");
        assert_eq!(detokenizer.detokenize(&wanted[1][index]), wanted[3][index], "text of {code} sentence {index}");
    }
}

#[test]
fn the_embedded_corpus_is_tokenized_as_by_sacremoses() {
    let Some(python) = python_with("sacremoses") else { return };
    for foreign in ["de", "fr"] {
        let [others, english] = sentences(CorpusKind::Embedded, None, foreign);
        agrees_with_sacremoses(&python, foreign, &others);
        agrees_with_sacremoses(&python, "en", &english);
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn multi30k_is_tokenized_as_by_sacremoses() {
    let Some(python) = python_with("sacremoses") else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/multi30k");
    if !folder.is_dir() {
        eprintln!("skipped: no folder shared/data/multi30k beside the repository");
        return;
    }
    for foreign in ["de", "fr"] {
        let [others, english] = sentences(CorpusKind::Multi30k, Some(&folder), foreign);
        agrees_with_sacremoses(&python, foreign, &others);
        agrees_with_sacremoses(&python, "en", &english);
    }
}

#[test]
fn merges_and_pieces_are_those_of_subword_nmt() {
    let Some(python) = python_with("subword_nmt") else { return };
    let [german, english] = sentences(CorpusKind::Embedded, None, "de");
    let words = |language, sentences: Vec<String>| {
        let tokenizer = Tokenizer::new(language, Hyphens::Keep, Escaping::Entities);
        sentences.into_iter().map(move |sentence| tokenizer.tokenize(&sentence)).collect::<Vec<_>>()
    };
    let sentences = [words(Language::German, german), words(Language::English, english)].concat();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("words"), sentences.join("\n") + "\n").unwrap();
    run(&python, SUBWORD_NMT, folder.path(), &["2000"]);
    let mut counts: HashMap<&str, u64> = HashMap::new();
    for word in sentences.iter().flat_map(|sentence| sentence.split(' ')) {
        *counts.entry(word).or_default() += 1;
    }
    let pairs = BytePairs::new(learn_byte_pairs(counts, 2000, 2));
    assert_eq!(pairs.to_codes(), fs::read_to_string(folder.path().join("codes")).unwrap());
    for (sentence, wanted) in sentences.iter().zip(lines(folder.path().join("pieces"))) {
        assert_eq!(pairs.apply(sentence), wanted);
    }
}
