//! Files that are damaged, foreign or used wrongly give messages, not panics.

use std::error::Error;
use std::fs;
use std::num::NonZeroUsize;

use exports::{Form, Metadata, Normalization, RunError, Runner, check, export, latency};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use spaces::{Arithmetic, AttentionForm, Compute, FeatureMap, Graph};

use crate::network::{Network, linear, pictures, weights};
use crate::quantized::{Scales, quantized};

fn graph() -> Graph {
    let attention = Compute::SelfAttention { heads: 1, form: AttentionForm::Standard };
    Network::new(2, 4, 4)
        .then("conv", linear(Arithmetic::Multiply, 3, 1, 1, 1), 6)
        .then("attention", attention, 2)
        .then("relu", Compute::Relu, 2)
        .then("add", linear(Arithmetic::Add, 3, 2, 1, 1), 2)
        .finish(3)
}

fn described() -> Metadata {
    Metadata {
        name: "tiny".into(),
        architecture: None,
        class_names: ["cat", "dog", "owl"].map(String::from).to_vec(),
        normalization: Some(Normalization { mean: vec![0.5; 2], std: vec![0.25; 2] }),
        lineage: [("subnet".to_owned(), "d1".to_owned())].into(),
    }
}

fn float() -> Vec<u8> {
    export(&graph(), &weights(&graph(), 4), &described(), Form::Float).unwrap()
}

fn int8() -> Vec<u8> {
    let weights = quantized(&graph(), &weights(&graph(), 4), &pictures(&graph(), 1, 1), Scales::Any);
    export(&graph(), &weights, &described(), Form::Int8).unwrap()
}

/// Returns the bytes with one text replaced by another of the same length.
fn replaced(mut bytes: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    bytes
}

fn message(bytes: &[u8]) -> String {
    Runner::from_bytes(bytes, "m.onnx").err().map_or("no error".to_owned(), |error| error.to_string())
}

#[test]
fn a_summary_tells_what_the_file_holds() {
    let summary = check(&float()).unwrap();
    assert_eq!(summary.metadata, described());
    assert_eq!(summary.form, Form::Float);
    assert_eq!(summary.input, FeatureMap { channels: 2, height: 4, width: 4 });
    assert_eq!(summary.classes, 3);
    assert_eq!(summary.operators["Conv"], 1);
    assert_eq!(summary.operators["Scan"], 1);
    assert!(summary.constant_bytes > summary.constants);
    assert_eq!(check(&int8()).unwrap().form, Form::Int8);
}

#[test]
fn a_saved_file_classifies() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.onnx");
    fs::write(&path, float()).unwrap();
    let mut runner = Runner::load(&path).unwrap();
    let pictures = pictures(&graph(), 2, 1);
    let logits = runner.run(&pictures, 2).unwrap();
    let predictions = runner.classify(&pictures, 2).unwrap();
    for (row, prediction) in logits.chunks_exact(3).zip(&predictions) {
        assert!(row.iter().all(|&logit| logit <= row[prediction.class]));
        assert_eq!(prediction.name.as_ref(), described().class_names.get(prediction.class));
        assert!((1.0 / 3.0..=1.0).contains(&prediction.probability));
    }
}

#[test]
fn more_batch_sizes_than_kept_plans_give_the_same_logits() {
    let mut runner = Runner::from_bytes(&float(), "m.onnx").unwrap();
    let pictures = pictures(&graph(), 6, 1);
    let first = runner.run(&pictures[..32], 1).unwrap();
    for batch in (1..=6).chain(1..=6) {
        let logits = runner.run(&pictures[..32 * batch], batch).unwrap();
        assert!(first.iter().zip(&logits).all(|(one, other)| (one - other).abs() < 1e-4));
    }
}

#[test]
fn latency_is_measured_for_every_repetition() {
    let mut runner = Runner::from_bytes(&int8(), "m.onnx").unwrap();
    let [batch, repetitions] = [2, 5].map(|count| NonZeroUsize::new(count).unwrap());
    let latency = latency(&mut runner, batch, repetitions).unwrap();
    assert_eq!((latency.batch, latency.repetitions), (2, 5));
    assert!(latency.min_ms <= latency.median_ms && latency.median_ms <= latency.p95_ms);
}

#[test]
fn a_missing_file_is_named() {
    let error = Runner::load("nowhere/model.onnx").err().unwrap();
    assert_eq!(error.to_string(), "cannot read model `nowhere/model.onnx`");
    assert!(error.source().is_some());
}

#[test]
fn what_is_no_model_is_refused() {
    assert_eq!(message(b"P5 28 28 255"), "`m.onnx` is no ONNX model, or is damaged");
    assert_eq!(message(&[]), "model `m.onnx`: file wants an ONNX graph, found none");
}

#[test]
fn an_operator_that_is_not_ours_is_named_with_its_node() {
    let wanted = "model `m.onnx`: node `relu` wants an operator of opset 17 that this crate writes, found `Selu`";
    assert_eq!(message(&replaced(float(), "Relu", "Selu")), wanted);
}

#[test]
fn a_value_that_nobody_writes_is_named() {
    let found = message(&replaced(float(), "conv.weight", "conv.weighs"));
    assert_eq!(found, "model `m.onnx`: node conv wants inputs written before it, found `conv.weighs`");
}

#[test]
fn a_model_without_our_metadata_is_refused() {
    let found = message(&replaced(float(), "shiftaddnas.form", "shiftaddnas.farm"));
    assert_eq!(found, "model `m.onnx`: metadata `shiftaddnas.form` is missing; export the model again");
}

#[test]
fn a_batch_of_the_wrong_length_is_refused() {
    let mut runner = Runner::from_bytes(&float(), "m.onnx").unwrap();
    let message = runner.run(&[0.0; 31], 1).unwrap_err().to_string();
    assert_eq!(message, "model `m.onnx` wants 32 values for 1 pictures of 2x4x4, found 31");
    assert!(matches!(runner.run(&[], 0), Err(RunError::InputLength { batch: 0, .. })));
}

#[test]
fn a_truncated_file_is_refused() {
    let bytes = float();
    for length in (0..bytes.len()).step_by(7) {
        assert!(Runner::from_bytes(&bytes[..length], "m.onnx").is_err(), "{length} of {} bytes", bytes.len());
    }
}

#[test]
fn one_flipped_bit_is_noticed() {
    let mut rng = ChaCha12Rng::seed_from_u64(1);
    for bytes in [float(), int8()] {
        for _ in 0..2000 {
            let mut damaged = bytes.clone();
            let at = rng.random_range(0..bytes.len());
            damaged[at] ^= 1 << rng.random_range(0..8);
            assert!(Runner::from_bytes(&damaged, "m.onnx").is_err(), "byte {at} of {}", bytes.len());
        }
    }
    let found = message(&replaced(float(), "multiplication-reduced", "multiplication_reduced"));
    assert_eq!(found, "model `m.onnx` is damaged, or was changed by another program; export it again");
}
