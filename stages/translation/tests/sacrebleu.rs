//! Scores of perturbed captions against package `sacrebleu`, where Python and the captions are there.

#[path = "../../../tests/it/python.rs"]
mod python;

use std::fs::{self, File};
use std::io::read_to_string;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use python::Python;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use translation::{BleuScheme, Case, CorpusBleu, CorpusChrF};

/// Captions of Multi30k, from the folder of this crate.
const CAPTIONS: &str = "../../../shared/data/multi30k";
const LANGUAGES: [&str; 3] = ["de", "en", "fr"];

/// Scores each pair of texts in the ways of ours, in their order.
const SCRIPT: &str = r"
import re, sys
from sacrebleu import BLEU, CHRF
def lines(name):
    with open(f'{sys.argv[1]}/{name}', encoding='utf-8', newline='') as file:
        return file.read().split('\n')
def split(line):
    return re.sub(r'(\S)-(\S)', r'\1 ##AT##-##AT## \2', line)
for language in ['de', 'en', 'fr']:
    ours, theirs = lines(language + '.hypothesis'), lines(language + '.reference')
    known = [' '.join('never' if word == '<unk>' else word for word in line.split()) for line in theirs]
    plain = BLEU(tokenize='none', smooth_method='none')
    print(repr(plain.corpus_score(list(map(split, ours)), [list(map(split, known))]).score))
    for lower in [False, True]:
        print(repr(BLEU(lowercase=lower).corpus_score(ours, [theirs]).score))
        print(repr(CHRF(lowercase=lower).corpus_score(ours, [theirs]).score))
";

/// Returns the captions of a language, or says that there are none.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn captions(language: &str) -> Option<Vec<String>> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join(CAPTIONS).join(format!("val.{language}.gz"));
    let Ok(file) = File::open(&path) else {
        eprintln!("skipped: there is no {}", path.display());
        return None;
    };
    Some(read_to_string(GzDecoder::new(file)).unwrap().lines().map(str::to_owned).collect())
}

/// Returns a line with some words dropped, doubled, moved, capitalised, joined, marked or unknown.
fn perturbed(line: &str, rng: &mut ChaCha12Rng) -> String {
    let mut words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    for _ in 0..rng.random_range(0..6) {
        if words.len() < 2 {
            break;
        }
        let place = rng.random_range(0..words.len() - 1);
        match rng.random_range(0..8) {
            0 => drop(words.remove(place)),
            1 => words.insert(place, words[place].clone()),
            2 => words.swap(place, place + 1),
            3 => words[place] = words[place].to_uppercase(),
            4 => words[place] = format!("{}-{}", words[place], words[place + 1]),
            5 => words[place].push_str([".", ",", "'s", "%", "&amp;", "…", "\u{a0}–"][rng.random_range(0..7)]),
            6 => words[place] = format!("{}.{}", rng.random_range(0..20), rng.random_range(0..20)),
            _ => words[place] = "<unk>".to_owned(),
        }
    }
    words.join(" ")
}

#[test]
fn scores_of_captions_are_those_of_sacrebleu() {
    let Some(python) = Python::with(&["sacrebleu"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut found = Vec::new();
    for (seed, language) in (1..).zip(LANGUAGES) {
        let Some(mut references) = captions(language) else { return };
        let mut rng = ChaCha12Rng::seed_from_u64(seed);
        let hypotheses: Vec<String> = references.iter().map(|line| perturbed(line, &mut rng)).collect();
        references.iter_mut().step_by(7).for_each(|line| *line = perturbed(line, &mut rng));
        fs::write(folder.path().join(format!("{language}.hypothesis")), hypotheses.join("\n")).unwrap();
        fs::write(folder.path().join(format!("{language}.reference")), references.join("\n")).unwrap();
        let bleu = |scheme| CorpusBleu::new(scheme, &hypotheses, &references).unwrap().bleu().score;
        found.push(bleu(BleuScheme::Tokenized));
        for case in [Case::Mixed, Case::Lower] {
            found.push(bleu(BleuScheme::Sacre(case)));
            found.push(CorpusChrF::new(case, &hypotheses, &references).unwrap().score());
        }
    }
    let wanted: Vec<f64> = python.run(SCRIPT, folder.path()).lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(found.len(), wanted.len());
    for (index, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        assert!(wanted > 30.0, "score {index} compares nothing: {wanted}");
        // Counts are whole numbers; only logarithms and sums of four or six numbers round.
        assert!((found - wanted).abs() < 1e-9, "score {index}: {found} is not {wanted}");
    }
}
