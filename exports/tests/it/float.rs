//! Float models against the reference, one kind of layer at a time.

use exports::{Form, LoweringError, Runner, export, parity};
use spaces::{Arithmetic, AttentionForm, Compute, Graph, Weights};

use crate::network::{Network, biased, linear, metadata, pictures, weights};
use crate::reference;

/// Compares the model with the reference for several batch sizes, every value through a random projection.
fn agrees(graph: &Graph) {
    let weights = weights(graph, 7);
    let bytes = export(graph, &weights, &metadata(), Form::Float).unwrap();
    let mut runner = Runner::from_bytes(&bytes, "test").unwrap();
    for batch in [1, 3, 5] {
        let pictures = pictures(graph, batch, batch as u64);
        let wanted = reference::logits(graph, &weights, &pictures);
        let found = runner.run(&pictures, batch).unwrap();
        let parity = parity(&wanted, &found, runner.summary().classes).unwrap();
        assert!(parity.within(1e-5), "batch {batch}: {parity:?}");
    }
}

fn windows(arithmetic: Arithmetic) {
    // kernel, stride, padding, groups, outputs of 6 channels
    let cases = [
        (1, 1, 0, 1, 4),
        (3, 1, 1, 1, 8),
        (3, 2, 1, 1, 4),
        (3, 2, 0, 2, 4),
        (2, 2, 0, 6, 6),
        (3, 1, 1, 6, 6),
        (3, 2, 1, 6, 12),
        (5, 3, 2, 3, 9),
        (1, 2, 0, 1, 3),
    ];
    for (kernel, stride, padding, groups, channels) in cases {
        let layer = linear(arithmetic, kernel, stride, padding, groups);
        agrees(&Network::new(6, 7, 9).then("layer", layer, channels).finish(11));
        agrees(&Network::new(6, 9, 6).then("layer", biased(layer), channels).finish(11));
    }
}

#[test]
fn convolutions_of_every_window_agree() {
    windows(Arithmetic::Multiply);
}

#[test]
fn shift_layers_of_every_window_agree() {
    windows(Arithmetic::Shift);
}

#[test]
fn add_layers_of_every_window_agree() {
    windows(Arithmetic::Add);
}

#[test]
fn normalisations_fold_into_layers_and_affines() {
    for arithmetic in [Arithmetic::Multiply, Arithmetic::Shift, Arithmetic::Add] {
        let layer = linear(arithmetic, 3, 1, 1, 1);
        let network = Network::new(3, 5, 5).then("layer", layer, 4).then("norm", Compute::BatchNorm, 4);
        agrees(&network.then("relu", Compute::Relu, 4).finish(5));
    }
}

#[test]
fn both_forms_of_attention_agree() {
    for form in [AttentionForm::Standard, AttentionForm::Transposed] {
        for heads in [1, 2, 3] {
            let attention = Compute::SelfAttention { heads, form };
            agrees(&Network::new(18, 3, 4).then("attention", attention, 6).finish(9));
        }
    }
}

#[test]
fn pools_and_sums_agree() {
    for (kernel, stride, padding) in [(3, 2, 1), (2, 2, 0), (3, 1, 1)] {
        let mut network = Network::new(4, 7, 6);
        // Values below zero: a padding of zeros would win where −∞ must not.
        let low = network.add("low", linear(Arithmetic::Add, 1, 1, 0, 1), &[0], 4);
        let pool = Compute::MaxPool { kernel, stride, padding };
        let pooled = network.add("pool", pool, &[low], 4);
        let relu = network.add("relu", Compute::Relu, &[pooled], 4);
        network.add("sum", Compute::Sum, &[relu, pooled], 4);
        agrees(&network.finish(7));
    }
    agrees(&Network::new(5, 3, 7).then("mean", Compute::GlobalAveragePool, 5).finish(3));
}

#[test]
fn a_weight_that_is_no_power_of_two_is_refused() {
    let graph = Network::new(2, 3, 3).then("layer", linear(Arithmetic::Shift, 1, 1, 0, 1), 2).finish(2);
    let mut weights = weights(&graph, 1);
    weights.insert("layer.weight", vec![2, 2, 1, 1], vec![0.5, 0.25, 0.3, 0.0]);
    let message = export(&graph, &weights, &metadata(), Form::Float).unwrap_err().to_string();
    assert_eq!(message, "tensor `layer.weight` of a shift layer holds 0.3, wanted 0 or ±2^p with p in -15..=0");
}

#[test]
fn a_name_given_twice_is_refused() {
    let twice = Network::new(2, 3, 3).then("relu", Compute::Relu, 2).then("relu", Compute::Relu, 2).finish(2);
    let error = export(&twice, &weights(&twice, 1), &metadata(), Form::Float).unwrap_err();
    assert!(matches!(&error, LoweringError::DuplicateName { name } if name == "relu"), "{error}");
    let reserved = Network::new(2, 3, 3).then("images", Compute::Relu, 2).finish(2);
    let error = export(&reserved, &weights(&reserved, 1), &metadata(), Form::Float).unwrap_err();
    assert!(matches!(&error, LoweringError::DuplicateName { name } if name == "images"), "{error}");
}

#[test]
fn missing_weights_are_named() {
    let graph = Network::new(2, 3, 3).finish(2);
    let message = export(&graph, &Weights::default(), &metadata(), Form::Float).unwrap_err().to_string();
    assert_eq!(message, "weights hold no tensor `head.weight`");
}

#[test]
fn equal_networks_give_equal_bytes() {
    let graph = Network::new(3, 5, 5).then("layer", linear(Arithmetic::Add, 3, 1, 1, 1), 4).finish(5);
    let bytes = || export(&graph, &weights(&graph, 3), &metadata(), Form::Float).unwrap();
    assert_eq!(bytes(), bytes());
}
