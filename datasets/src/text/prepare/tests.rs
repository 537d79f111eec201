use std::collections::HashMap;
use std::fs;
use std::path::Path;

use super::*;
use crate::text::cleaning::{Cleaning, LengthUnit};
use crate::text::corpus::{CorpusKind, CorpusOptions, LanguagePair, open_corpus};

type Pairs = Vec<(EncodedPair, String, String)>;

fn embedded(source: &str, target: &str) -> Corpus {
    let languages = LanguagePair { source: source.to_owned(), target: target.to_owned() };
    open_corpus(CorpusKind::Embedded, None, &CorpusOptions { languages, ..CorpusOptions::default() }).unwrap()
}

fn plain(folder: &Path, source: &str, target: &str) -> Corpus {
    fs::write(folder.join("train.en"), source).unwrap();
    fs::write(folder.join("train.de"), target).unwrap();
    let options = CorpusOptions { train: vec!["train".to_owned()], ..CorpusOptions::default() };
    open_corpus(CorpusKind::Plain, Some(folder), &options).unwrap()
}

fn encoded(corpus: &Corpus, text: &PreparedText, part: TextPart) -> (Pairs, PartCounts) {
    let mut pairs = Vec::new();
    let counts = encode_text(corpus, text, part, |pair, sentences| {
        pairs.push((pair, sentences.source.to_owned(), sentences.target.to_owned()));
        Ok::<(), TextError>(())
    });
    let counts = counts.unwrap();
    (pairs, counts)
}

fn small() -> Preparation {
    Preparation { merges: 500, ..Preparation::default() }
}

#[test]
fn the_embedded_corpus_comes_back_from_its_ids_in_both_directions() {
    for (source, target) in [("en", "de"), ("fr", "en")] {
        let corpus = embedded(source, target);
        let text = learn_text(&corpus, &small()).unwrap();
        assert_eq!(text.source.dictionary().len() % 8, 0);
        let (train, counts) = encoded(&corpus, &text, TextPart::Train);
        assert_eq!((counts.read, counts.kept), (train.len() as u64, train.len() as u64));
        assert!(train.len() > 3800, "{}", train.len());
        for (pair, source, target) in &train {
            assert_eq!(text.source.words(&pair.source), text.source.splitter().split(source));
            assert_eq!(text.target.words(&pair.target), text.target.splitter().split(target));
        }
        let (test, counts) = encoded(&corpus, &text, TextPart::Test);
        assert_eq!((test.len(), counts.kept), (250, 250));
    }
}

#[test]
fn the_dictionary_counts_what_is_encoded() {
    let corpus = embedded("en", "de");
    let text = learn_text(&corpus, &small()).unwrap();
    let mut counts: HashMap<u32, u64> = HashMap::new();
    for (pair, _, _) in encoded(&corpus, &text, TextPart::Train).0 {
        for id in pair.source.into_iter().chain(pair.target) {
            *counts.entry(id).or_default() += 1;
        }
    }
    let dictionary = text.source.dictionary();
    for id in 4..dictionary.len() as u32 {
        assert_eq!(counts.get(&id).copied().unwrap_or(0), dictionary.count(id), "{}", dictionary.token(id));
    }
}

#[test]
fn what_is_learnt_does_not_depend_on_the_number_of_threads() {
    let corpus = embedded("de", "en");
    let learn = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let text = learn_text(&corpus, &small()).unwrap();
            let codes = text.source.byte_pairs().to_codes();
            (codes, text.target.dictionary().to_text(), encoded(&corpus, &text, TextPart::Train))
        })
    };
    assert_eq!(learn(1), learn(3));
}

#[test]
fn every_dropped_pair_is_counted_under_its_rule() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = plain(folder.path(), "a b\n\na b c d\na b\na\nx y\n", "c d\nx\nb c d e\na b\nd e f\nz w\n");
    let cleaning = Cleaning { most: 3, ratio: Some(2.0), ..Cleaning::default() };
    let preparation = Preparation { cleaning, merges: 0, ..Preparation::default() };
    let text = learn_text(&corpus, &preparation).unwrap();
    let (pairs, counts) = encoded(&corpus, &text, TextPart::Train);
    let wanted = PartCounts { read: 6, kept: 3, too_short: 1, too_long: 1, ratio: 1, identical: 0 };
    assert_eq!((pairs.len(), counts), (3, wanted));
    assert_eq!(text.source.dictionary().id("f"), translation::special::UNKNOWN);
}

#[test]
fn validation_pairs_are_every_so_many_clean_training_pairs() {
    let folder = tempfile::tempdir().unwrap();
    let numbers = |least: usize| (least..least + 10).map(|number| format!("n{number}\n")).collect::<String>();
    let corpus = plain(folder.path(), &format!("\n{}", numbers(10)), &format!("n9\n{}", numbers(10)));
    let preparation = Preparation { validation_every: Some(4), merges: 0, ..Preparation::default() };
    let text = learn_text(&corpus, &preparation).unwrap();
    let (valid, counts) = encoded(&corpus, &text, TextPart::Valid);
    let sources: Vec<&str> = valid.iter().map(|(_, source, _)| source.as_str()).collect();
    assert_eq!((sources, counts.read), (vec!["n13", "n17"], 2));
    let (train, counts) = encoded(&corpus, &text, TextPart::Train);
    assert_eq!((train.len(), counts.read, counts.too_short), (8, 9, 1));
    assert_eq!(text.source.dictionary().id("n13"), translation::special::UNKNOWN);
}

#[test]
fn rules_on_pieces_act_after_learning() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = plain(folder.path(), "ab\nabc\n", "ab\nxyz\n");
    let cleaning = Cleaning { unit: LengthUnit::Pieces, most: 2, ..Cleaning::default() };
    let preparation = Preparation { cleaning, merges: 0, ..Preparation::default() };
    let text = learn_text(&corpus, &preparation).unwrap();
    let (pairs, counts) = encoded(&corpus, &text, TextPart::Train);
    assert_eq!((pairs.len(), counts.too_long), (1, 1));
    assert_ne!(text.source.dictionary().id("y@@"), translation::special::UNKNOWN);
}

#[test]
fn fewer_pairs_are_read_on_demand_and_none_left_is_an_error() {
    let corpus = embedded("en", "de");
    let few = Preparation { most_pairs: Some(100), ..small() };
    let text = learn_text(&corpus, &few).unwrap();
    assert_eq!(encoded(&corpus, &text, TextPart::Train).1.read, 100);
    let cleaning = Cleaning { least: 200, ..Cleaning::default() };
    let error = learn_text(&corpus, &Preparation { cleaning, ..small() }).unwrap_err();
    assert!(error.to_string().starts_with("no training pair is left of 4000"), "{error}");
}
