//! Lines in, lines out.

use std::fs;
use std::sync::Arc;

use exports::{Batching, Form, TranslationModel, Translator, export_translation};
use spaces::{LinearForm, Mix, TranslationTask};
use translation::{BeamSettings, BytePairs, Dictionary, DictionaryLimits, TextCodec, TextSettings, learn_byte_pairs};

use crate::translation_network::{TASK, architecture, metadata, weights};

const WORDS: [(&str, u64); 6] = [("lower", 4), ("low", 9), ("newest", 6), ("widest", 3), ("new", 2), (".", 9)];

fn codec() -> TextCodec {
    let pairs = BytePairs::new(learn_byte_pairs(WORDS, 12, 2));
    let pieces = WORDS.iter().flat_map(|(word, _)| pairs.apply(word).split(' ').map(str::to_owned).collect::<Vec<_>>());
    let mut counts: Vec<(String, u64)> = pieces.map(|piece| (piece, 1)).collect();
    counts.sort();
    counts.dedup();
    let dictionary = Dictionary::new(counts, DictionaryLimits::default());
    TextCodec::new(TextSettings::default(), Arc::new(pairs), Arc::new(dictionary))
}

fn model(vocabulary: usize) -> TranslationModel {
    let task = TranslationTask { vocabulary, ..TASK };
    let architecture = architecture(&[Mix::AttentionConv], LinearForm::Dense, LinearForm::Dense);
    let weights = weights(&architecture, &task, 3);
    export_translation(&architecture, &task, &weights, Form::Float, &metadata()).unwrap()
}

fn files() -> Vec<(String, Vec<u8>)> {
    Translator::files(model(codec().dictionary().len()), &codec(), &codec()).unwrap()
}

fn message(files: &[(String, Vec<u8>)]) -> String {
    Translator::from_files(files).err().map_or("no error".to_owned(), |error| error.to_string())
}

fn replaced(name: &str, bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut files = files();
    files.iter_mut().find(|(file, _)| file == name).unwrap().1 = bytes.to_vec();
    files
}

#[test]
fn a_folder_translates_lines_as_its_model_translates_their_tokens() {
    let folder = tempfile::tempdir().unwrap();
    files().iter().for_each(|(name, bytes)| fs::write(folder.path().join(name), bytes).unwrap());
    let translator = Translator::load(folder.path()).unwrap();
    let lines = ["The newest low.", "", "lower and widest"];
    let (settings, batching) = (BeamSettings::default(), Batching::default());
    let found = translator.translate(&lines, &settings, &batching, &|_| {}).unwrap();
    let tokens: Vec<Vec<u32>> = lines.iter().map(|line| codec().encode(line)).collect();
    let wanted = translator.runner().translate(&tokens, &settings, &batching, &|_| {}).unwrap();
    let wanted: Vec<String> = wanted.iter().map(|best| codec().decode(&best[0].tokens)).collect();
    assert_eq!(found, wanted);
    assert!(found[1].is_empty() && !found[0].is_empty());
}

#[test]
fn a_vocabulary_that_does_not_fit_is_named() {
    let found = codec().dictionary().len();
    let error = Translator::files(model(found + 8), &codec(), &codec()).err().unwrap().to_string();
    let wanted = format!(
        "dictionary `dictionary.txt` wants the {} entries of the model's vocabulary, found {found}; it belongs to another \
         model",
        found + 8
    );
    assert_eq!(error, wanted);
}

#[test]
fn a_line_too_long_is_named_by_its_number() {
    let translator = Translator::from_files(&files()).unwrap();
    let lines = ["low", &"low ".repeat(40)];
    let found = translator.translate(&lines, &BeamSettings::default(), &Batching::default(), &|_| {});
    assert_eq!(found.unwrap_err().to_string(), "sentence 2 wants at most 23 tokens, found 40; split it");
}

#[test]
fn broken_text_files_are_named() {
    assert!(
        message(&replaced("translator.json", b"{}")).starts_with("`translator.json` cannot be used: missing field")
    );
    let later = br#"{"version":2,"source":{},"target":{}}"#;
    let wanted = "`translator.json` cannot be used: its version is 2, this program reads 1";
    assert_eq!(message(&replaced("translator.json", later)), wanted);
    assert!(message(&replaced("dictionary.txt", b"no count")).starts_with("`dictionary.txt` cannot be used: line 1"));
    assert!(message(&replaced("codes.bpe", &[0xff])).starts_with("`codes.bpe` cannot be used: invalid utf-8"));
    let missing: Vec<_> = files().into_iter().filter(|(name, _)| name != "codes.bpe").collect();
    assert_eq!(message(&missing), "cannot read model `codes.bpe`");
}
