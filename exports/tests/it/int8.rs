//! Int8 models against the same quantized arithmetic in the reference.

use exports::{Form, INT8_TOLERANCE, LoweringError, Runner, export, parity};
use spaces::{Arithmetic, AttentionForm, Compute, Graph, Weights};

use crate::network::{Network, biased, linear, metadata, pictures, weights};
use crate::quantized::{Scales, quantized};
use crate::reference;

fn agrees(graph: &Graph, weights: &Weights, steps: f32, tolerance: f64) {
    let bytes = export(graph, weights, &metadata(), Form::Int8).unwrap();
    let mut runner = Runner::from_bytes(&bytes, "test").unwrap();
    for batch in [1, 3] {
        let pictures: Vec<f32> =
            pictures(graph, batch, 5).iter().map(|value| (value * steps).round() / steps).collect();
        let wanted = reference::logits(graph, weights, &pictures);
        let found = runner.run(&pictures, batch).unwrap();
        let parity = parity(&wanted, &found, runner.summary().classes).unwrap();
        assert!(parity.within(tolerance), "batch {batch}: {parity:?}");
    }
}

/// Every kind of linear layer, plain, strided, grouped and depth-wise, with bias and affine.
fn mixed() -> Graph {
    let mut network = Network::new(4, 7, 6);
    let mut last = 0;
    for arithmetic in [Arithmetic::Multiply, Arithmetic::Shift, Arithmetic::Add] {
        let name = format!("{arithmetic:?}").to_lowercase();
        let wide = network.add(&format!("{name}.wide"), biased(linear(arithmetic, 3, 1, 1, 1)), &[last], 6);
        let affine = network.add(&format!("{name}.affine"), Compute::Affine, &[wide], 6);
        let relu = network.add(&format!("{name}.relu"), Compute::Relu, &[affine], 6);
        let each = network.add(&format!("{name}.each"), linear(arithmetic, 3, 1, 1, 6), &[relu], 6);
        let grouped = network.add(&format!("{name}.grouped"), linear(arithmetic, 1, 1, 0, 2), &[each], 6);
        last = network.add(&format!("{name}.sum"), Compute::Sum, &[grouped, affine], 6);
    }
    network.finish(10)
}

#[test]
fn where_sums_are_exact_the_quantized_arithmetic_is_the_reference_s() {
    let graph = mixed();
    let floats = weights(&graph, 11);
    let weights = quantized(&graph, &floats, &pictures(&graph, 1, 1), Scales::PowersOfTwo);
    agrees(&graph, &weights, 64.0, 1e-6);
}

#[test]
fn with_any_scales_an_int8_model_stays_within_its_tolerance() {
    for seed in 0..5 {
        let graph = mixed();
        let floats = weights(&graph, seed);
        let weights = quantized(&graph, &floats, &pictures(&graph, 1, 1), Scales::Any);
        agrees(&graph, &weights, 1e6, INT8_TOLERANCE);
    }
}

#[test]
fn attention_between_int8_layers_stays_within_the_tolerance() {
    let attention = Compute::SelfAttention { heads: 2, form: AttentionForm::Standard };
    let stacked = Network::new(4, 4, 4).then("qkv", linear(Arithmetic::Multiply, 1, 1, 0, 1), 12);
    let graph = stacked.then("attention", attention, 4).finish(6);
    let floats = weights(&graph, 3);
    let weights = quantized(&graph, &floats, &pictures(&graph, 1, 1), Scales::Any);
    agrees(&graph, &weights, 1e6, INT8_TOLERANCE);
}

#[test]
fn weights_of_more_than_a_million_values_are_decoded_rightly() {
    for arithmetic in [Arithmetic::Multiply, Arithmetic::Shift] {
        let graph = Network::new(1024, 1, 2).then("wide", linear(arithmetic, 1, 1, 0, 1), 1040).finish(3);
        let floats = weights(&graph, 2);
        let weights = quantized(&graph, &floats, &pictures(&graph, 1, 1), Scales::PowersOfTwo);
        agrees(&graph, &weights, 64.0, 1e-5);
    }
}

#[test]
fn an_int8_file_is_about_a_quarter_of_the_float_file() {
    for arithmetic in [Arithmetic::Multiply, Arithmetic::Shift, Arithmetic::Add] {
        let graph = Network::new(64, 2, 2).then("layer", linear(arithmetic, 3, 1, 1, 1), 128).finish(10);
        let floats = weights(&graph, 2);
        let bytes = quantized(&graph, &floats, &pictures(&graph, 1, 1), Scales::Any);
        let float = export(&graph, &floats, &metadata(), Form::Float).unwrap().len();
        let int8 = export(&graph, &bytes, &metadata(), Form::Int8).unwrap().len();
        assert!(int8 * 100 < float * 28, "{arithmetic:?}: {int8} of {float} bytes");
    }
}

#[test]
fn an_unfolded_graph_is_refused() {
    let graph = Network::new(2, 3, 3).then("norm", Compute::BatchNorm, 2).finish(2);
    let error = export(&graph, &weights(&graph, 1), &metadata(), Form::Int8).unwrap_err();
    assert!(matches!(&error, LoweringError::NotFolded { node } if node == "norm"), "{error}");
}

#[test]
fn a_scale_of_zero_is_refused() {
    let graph = Network::new(2, 3, 3).finish(2);
    let mut weights = quantized(&graph, &weights(&graph, 1), &pictures(&graph, 1, 1), Scales::Any);
    weights.insert("head.input_scale", vec![1], vec![0.0]);
    let message = export(&graph, &weights, &metadata(), Form::Int8).unwrap_err().to_string();
    assert_eq!(message, "tensor `head.input_scale` wants positive scales, found 0");
}

#[test]
fn a_float_network_has_no_int8_form() {
    let graph = Network::new(2, 3, 3).finish(2);
    let message = export(&graph, &weights(&graph, 1), &metadata(), Form::Int8).unwrap_err().to_string();
    assert_eq!(message, "weights hold no tensor `head.input_scale`");
}
