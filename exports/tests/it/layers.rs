//! Layers read off ONNX files of this crate, layer by layer.

use exports::{Form, LayersError, OnnxLayer, OnnxWindow, OnnxWork, export, layers};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use spaces::{Arithmetic, AttentionForm, Compute, Graph, Linear};

use crate::network::{Network, biased, linear, metadata, pictures, weights};
use crate::quantized::{Scales, quantized};

/// Returns the layers of the float and the int8 file.
fn both(graph: &Graph) -> [Vec<OnnxLayer>; 2] {
    let floats = weights(graph, 5);
    let bytes = quantized(graph, &floats, &pictures(graph, 1, 1), Scales::Any);
    let read = |weights, form| layers(&export(graph, weights, &metadata(), form).unwrap()).unwrap();
    [read(&floats, Form::Float), read(&bytes, Form::Int8)]
}

#[test]
fn windows_of_every_arithmetic_have_their_geometry() {
    let cases = [(1, 1, 0, 1, 4), (3, 2, 1, 1, 4), (3, 1, 1, 6, 6), (5, 3, 2, 3, 9), (1, 2, 0, 1, 3), (2, 2, 0, 2, 4)];
    for arithmetic in [Arithmetic::Multiply, Arithmetic::Shift, Arithmetic::Add] {
        for (kernel, stride, padding, groups, channels) in cases {
            for layer in [linear(arithmetic, kernel, stride, padding, groups)].map(|bare| [bare, biased(bare)]).concat()
            {
                window(layer, channels);
            }
        }
    }
}

fn window(layer: Compute, channels: usize) {
    let graph = Network::new(6, 7, 9).then("layer", layer, channels).finish(11);
    let Compute::Linear(Linear { arithmetic, kernel, stride, padding, groups, bias }) = layer else { unreachable!() };
    let output = graph.nodes[1].output;
    let wanted = OnnxWindow {
        arithmetic,
        in_channels: 6,
        out_channels: channels as u64,
        height: 7,
        width: 9,
        out_height: output.height as u64,
        out_width: output.width as u64,
        kernel: kernel as u64,
        stride: stride as u64,
        padding: [padding as u64; 4],
        groups: groups as u64,
    };
    for found in both(&graph) {
        let [first, head] = found.as_slice() else { panic!("{layer:?}: {found:?}") };
        assert_eq!((first.name.as_str(), first.work), ("layer", OnnxWork::Window(wanted)), "{layer:?}");
        let weights = channels * 6 / groups * kernel * kernel;
        assert_eq!((first.weights, first.biases), (weights as u64, if bias { channels as u64 } else { 0 }));
        let inputs = output.values() as u64;
        let matrix = OnnxWork::Matrix { arithmetic: Arithmetic::Multiply, rows: 1, inputs, outputs: 11 };
        assert_eq!((head.work, head.weights, head.biases), (matrix, 11 * inputs, 11));
    }
}

#[test]
fn attention_is_two_products() {
    for form in [AttentionForm::Standard, AttentionForm::Transposed] {
        let attention = Compute::SelfAttention { heads: 2, form };
        let graph = Network::new(18, 3, 4).then("attention", attention, 6).finish(9);
        for found in both(&graph) {
            let products: Vec<_> = found.iter().filter(|layer| layer.operator == "MatMul").collect();
            let scores = OnnxWork::Product { batch: 2, rows: 12, inner: 3, columns: 12 };
            let mixed = OnnxWork::Product { batch: 2, rows: 3, inner: 12, columns: 12 };
            assert_eq!(products.iter().map(|layer| layer.work).collect::<Vec<_>>(), [scores, mixed]);
        }
    }
}

#[test]
fn a_folded_normalisation_is_a_bias_or_factors() {
    let graph = |arithmetic| {
        let network = Network::new(3, 5, 5).then("layer", linear(arithmetic, 3, 1, 1, 1), 4);
        network.then("norm", Compute::BatchNorm, 4).then("relu", Compute::Relu, 4).finish(5)
    };
    let read = |arithmetic| {
        let graph = graph(arithmetic);
        let bytes = export(&graph, &weights(&graph, 3), &metadata(), Form::Float).unwrap();
        let layers = layers(&bytes).unwrap();
        layers.into_iter().map(|layer| (layer.name, layer.weights, layer.biases)).collect::<Vec<_>>()
    };
    let named = |name: &str, weights, biases| (name.to_owned(), weights, biases);
    let (relu, head) = (named("relu", 0, 0), named("logits", 500, 5));
    assert_eq!(read(Arithmetic::Multiply)[..2], [named("layer", 108, 4), relu.clone()]);
    let factors = [named("layer", 108, 0), named("norm/scaled", 4, 0), named("norm", 0, 4), relu];
    assert_eq!(read(Arithmetic::Shift)[..4], factors);
    assert_eq!(read(Arithmetic::Add)[..4], factors);
    assert_eq!(read(Arithmetic::Add)[4], named("head", head.1, head.2));
}

#[test]
fn where_all_weights_are_zero_the_text_of_the_lowering_decides() {
    for arithmetic in [Arithmetic::Multiply, Arithmetic::Shift] {
        let graph = Network::new(2, 3, 3).then("layer", linear(arithmetic, 1, 1, 0, 1), 2).finish(2);
        let mut weights = weights(&graph, 1);
        weights.insert("layer.weight", vec![2, 2, 1, 1], vec![0.0; 4]);
        let found = layers(&export(&graph, &weights, &metadata(), Form::Float).unwrap()).unwrap();
        assert!(matches!(found[0].work, OnnxWork::Window(window) if window.arithmetic == arithmetic), "{found:?}");
    }
}

#[test]
fn a_changed_file_of_ours_is_refused() {
    let graph = Network::new(2, 3, 3).then("layer", linear(Arithmetic::Shift, 1, 1, 0, 1), 2).finish(2);
    let bytes = export(&graph, &weights(&graph, 1), &metadata(), Form::Float).unwrap();
    let mut rng = ChaCha12Rng::seed_from_u64(1);
    for _ in 0..2000 {
        let mut damaged = bytes.clone();
        damaged[rng.random_range(0..bytes.len())] ^= 1 << rng.random_range(0..8);
        assert!(layers(&damaged).is_err());
    }
    for length in 0..bytes.len() {
        assert!(layers(&bytes[..length]).is_err(), "{length} of {} bytes", bytes.len());
    }
    assert!(matches!(layers(b"P5 28 28 255"), Err(LayersError::NotOnnx(_))));
}
