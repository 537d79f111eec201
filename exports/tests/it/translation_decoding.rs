//! Whole translations: beam search over the model and over the reference, batches, wrong use, damaged files, and ONNX
//! Runtime where Python has it.

use std::fs;
use std::num::NonZeroUsize;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use exports::{Batching, Form, TranslationError, TranslationModel, TranslationRunner, export_translation};
use spaces::{LinearForm, Mix, TransformerArchitecture};
use translation::special::END;
use translation::{BeamSettings, Hypothesis, StepModel, beam_search};

use crate::onnxruntime::python;
use crate::translation_network::{TASK, architecture, metadata, sentences, weights};
use crate::translation_quantized::quantized;
use crate::translation_reference::{Reference, Steps};

const MIXES: [Mix; 3] = [Mix::AttentionAdd, Mix::AttentionConv, Mix::Shift];

fn network() -> TransformerArchitecture {
    architecture(&MIXES, LinearForm::Dense, LinearForm::Dense)
}

fn model(seed: u64) -> TranslationModel {
    export_translation(&network(), &TASK, &weights(&network(), &TASK, seed), Form::Float, &metadata()).unwrap()
}

fn translated(runner: &TranslationRunner, sources: &[Vec<u32>], batching: Batching) -> Vec<Vec<Hypothesis>> {
    runner.translate(sources, &BeamSettings::default(), &batching, &|_| {}).unwrap()
}

fn tokens(found: &[Vec<Hypothesis>]) -> Vec<Vec<u32>> {
    found.iter().map(|hypotheses| hypotheses[0].tokens.clone()).collect()
}

#[test]
fn beam_search_finds_what_it_finds_over_the_reference() {
    for seed in 0..3 {
        let (network, sources) = (network(), sentences(&TASK, &[3, 12, 7, 1, 20, 7], seed));
        let weights = weights(&network, &TASK, seed);
        let reference = Reference::new(&network, TASK, &weights);
        let settings = BeamSettings { most_length: TASK.longest, ..BeamSettings::default() };
        let wanted = beam_search(&mut Steps::new(&reference, &sources), sources.len(), &settings).unwrap();
        let found = translated(&TranslationRunner::new(&model(seed)).unwrap(), &sources, Batching::default());
        assert_eq!(tokens(&found), tokens(&wanted));
    }
}

#[test]
fn translations_do_not_depend_on_batches_or_threads() {
    let runner = TranslationRunner::new(&model(1)).unwrap();
    let sources = sentences(&TASK, &[3, 12, 7, 1, 20, 7, 2, 15], 5);
    let alone = Batching { sentences: 1, ..Batching::default() };
    let wanted = tokens(&translated(&runner, &sources, alone));
    for (tokens_at_once, at_once, threads) in [(512, 32, 1), (40, 3, 1), (24, 8, 2), (1, 8, 3)] {
        let threads = NonZeroUsize::new(threads).unwrap();
        let batching = Batching { tokens: tokens_at_once, sentences: at_once, threads };
        assert_eq!(tokens(&translated(&runner, &sources, batching)), wanted, "{batching:?}");
    }
}

#[test]
fn a_row_does_not_depend_on_the_sentences_beside_it() {
    let runner = TranslationRunner::new(&model(2)).unwrap();
    let sources = sentences(&TASK, &[4, 19], 5);
    let slices: Vec<&[u32]> = sources.iter().map(Vec::as_slice).collect();
    let both = runner.decode(&slices).unwrap().step(&[END, END], &[0, 1]).unwrap();
    let alone = runner.decode(&slices[..1]).unwrap().step(&[END], &[0]).unwrap();
    let difference = both.iter().zip(&alone).map(|(both, alone)| (both - alone).abs()).fold(0.0, f32::max);
    // Rounding of sums in another order.
    assert!(difference < 1e-5, "{difference}");
}

#[test]
fn empty_lines_stay_empty_and_progress_counts_all_sentences() {
    let runner = TranslationRunner::new(&model(1)).unwrap();
    let mut sources = sentences(&TASK, &[3, 0, 5, 0], 5);
    let done = AtomicUsize::new(0);
    let count = |sentences| {
        done.fetch_add(sentences, Ordering::Relaxed);
    };
    let found = runner.translate(&sources, &BeamSettings::default(), &Batching::default(), &count).unwrap();
    assert_eq!((done.into_inner(), found.len()), (4, 4));
    assert!(found[1][0].tokens.is_empty() && found[3][0].tokens.is_empty());
    sources.clear();
    assert!(translated(&runner, &sources, Batching::default()).is_empty());
}

#[test]
fn no_translation_is_longer_than_the_table_of_positions() {
    let runner = TranslationRunner::new(&model(1)).unwrap();
    let sources = sentences(&TASK, &[3, 9], 5);
    let settings = BeamSettings { least_length: 23, most_length: 500, ..BeamSettings::default() };
    let found = runner.translate(&sources, &settings, &Batching::default(), &|_| {}).unwrap();
    assert!(found.iter().all(|hypotheses| hypotheses[0].tokens.len() == TASK.longest - 1));
}

#[test]
fn what_cannot_be_translated_is_named() {
    let runner = TranslationRunner::new(&model(1)).unwrap();
    let message = |sources: &[Vec<u32>], settings: BeamSettings| {
        let found = runner.translate(sources, &settings, &Batching::default(), &|_| {});
        found.unwrap_err().to_string()
    };
    let usual = BeamSettings::default();
    let unknown = message(&[vec![5], vec![6, 40]], usual);
    assert_eq!(unknown, "sentence 2 wants tokens below 40, the vocabulary of the model, found 40");
    let long = message(&[vec![5; 24]], usual);
    assert_eq!(long, "sentence 1 wants at most 23 tokens, found 24; split it");
    let none = message(&[vec![5]], BeamSettings { beam: 0, ..usual });
    assert_eq!(none, "`beam` wants at least 1 hypothesis per sentence, found 0; 1 decodes greedily");
    let endless = message(&[vec![5]], BeamSettings { least_length: 24, most_length: 99, ..usual });
    assert!(endless.contains("over `least_length` (24), found 24"), "{endless}");
}

#[test]
fn files_that_do_not_belong_together_are_refused() {
    let (one, other) = (model(1), model(2));
    let error = |encoder: &[u8], decoder: &[u8]| {
        let model = TranslationModel { encoder: encoder.to_vec(), decoder: decoder.to_vec() };
        TranslationRunner::new(&model).err().map_or("no error".to_owned(), |error| error.to_string())
    };
    let unmatched = "encoder `encoder.onnx` wants the decoder it was exported with, found another in `decoder.onnx`; \
                     export both again";
    assert_eq!(error(&one.encoder, &other.decoder), unmatched);
    let swapped = "`encoder.onnx` wants the encoder of a translation model, found its decoder";
    assert_eq!(error(&one.decoder, &one.encoder), swapped);
    let twice = "`decoder.onnx` wants the decoder of a translation model, found its encoder";
    assert_eq!(error(&one.encoder, &one.encoder), twice);
    let mut damaged = one.decoder.clone();
    let at = damaged.len() / 2;
    damaged[at] ^= 1;
    assert!(error(&one.encoder, &damaged).contains("decoder.onnx"));
    assert!(error(b"text", &one.decoder).contains("encoder.onnx"));
}

#[test]
fn a_folder_is_loaded_and_says_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let missing = TranslationRunner::load(folder.path()).err().unwrap();
    assert!(matches!(&missing, TranslationError::Run(_)) && missing.to_string().contains("encoder.onnx"), "{missing}");
    fs::write(folder.path().join("encoder.onnx"), model(1).encoder).unwrap();
    fs::write(folder.path().join("decoder.onnx"), model(1).decoder).unwrap();
    let runner = TranslationRunner::load(folder.path()).unwrap();
    assert_eq!((runner.metadata(), runner.task(), runner.form()), (&metadata(), &TASK, Form::Float));
    assert_eq!(runner.architecture(), &network());
}

#[test]
fn equal_networks_give_equal_files() {
    assert_eq!(model(1), model(1));
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn onnx_runtime_finds_the_same_translations_and_the_checker_no_fault() {
    let Some(python) = python() else {
        eprintln!("skipped: no Python with numpy, onnx and onnxruntime; set PYTHON to one that has");
        return;
    };
    // Deep networks of random add layers or bytes enlarge rounding until it decides between tokens.
    let cases = [
        (LinearForm::Dense, Form::Float, MIXES.len()),
        (LinearForm::Shift, Form::Float, MIXES.len()),
        (LinearForm::Add, Form::Float, 1),
        (LinearForm::Dense, Form::Int8, 1),
        (LinearForm::Shift, Form::Int8, 1),
        (LinearForm::Add, Form::Int8, 1),
    ];
    for (linear, form, depth) in cases {
        let folder = tempfile::tempdir().unwrap();
        let architecture = architecture(&MIXES[..depth], linear, linear);
        let floats = weights(&architecture, &TASK, 3);
        let weights = match form {
            Form::Float => floats,
            Form::Int8 => quantized(&architecture, &floats, &sentences(&TASK, &[9, 14], 6)),
        };
        let model = export_translation(&architecture, &TASK, &weights, form, &metadata()).unwrap();
        let sources = sentences(&TASK, &[3, 12, 7, 1, 20, 7], 5);
        let wanted = translated(&TranslationRunner::new(&model).unwrap(), &sources, Batching::default());
        fs::write(folder.path().join("encoder.onnx"), model.encoder).unwrap();
        fs::write(folder.path().join("decoder.onnx"), model.decoder).unwrap();
        fs::write(folder.path().join("onnx.checked"), "").unwrap();
        fs::write(folder.path().join("sources.txt"), lines(&sources)).unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/translate.py");
        let arguments = ["1", "512", "32", &TASK.longest.to_string()].map(str::to_owned);
        let output = Command::new(&python).arg(script).arg(folder.path()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let found = fs::read_to_string(folder.path().join("translations.txt")).unwrap();
        assert_eq!(found, lines(&tokens(&wanted)), "{linear} {form:?}");
    }
}

fn lines(sentences: &[Vec<u32>]) -> String {
    let line = |sentence: &Vec<u32>| sentence.iter().map(u32::to_string).collect::<Vec<_>>().join(" ") + "\n";
    sentences.iter().map(line).collect()
}
