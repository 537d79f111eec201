use super::*;
use crate::{FeatureMap, Linear};

fn linear(arithmetic: Arithmetic) -> Compute {
    Compute::Linear(Linear { arithmetic, kernel: 1, stride: 1, padding: 0, groups: 1, bias: false })
}

/// A 1x1 layer on one value, then a normalisation.
fn network(arithmetic: Arithmetic) -> (Graph, Weights) {
    let output = FeatureMap::vector(1);
    let node = |name: &str, compute, inputs| Node { name: name.into(), compute, inputs, output, site: None };
    let nodes = vec![
        node("images", Compute::Input, vec![]),
        node("layer", linear(arithmetic), vec![0]),
        node("norm", Compute::BatchNorm, vec![1]),
        node("relu", Compute::Relu, vec![2]),
    ];
    let mut weights = Weights::default();
    weights.insert("layer.weight", vec![1, 1, 1, 1], vec![0.5]);
    for (kind, value) in [("gamma", 3.0), ("beta", 1.0), ("mean", 2.0), ("variance", 4.0 - BATCH_NORM_EPSILON)] {
        weights.insert(format!("norm.{kind}"), vec![1], vec![value]);
    }
    (Graph { nodes }, weights)
}

#[test]
fn a_normalisation_disappears_into_a_multiplying_layer() {
    let (graph, weights) = network(Arithmetic::Multiply);
    let (graph, weights) = fold(&graph, &weights).unwrap();
    let names: Vec<&str> = graph.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["images", "layer", "relu"]);
    assert_eq!(graph.nodes[2].inputs, [1]);
    // scale = 3 / sqrt(4) = 1.5; weight 0.5 · 1.5; bias 1 − 1.5 · 2.
    assert_eq!(weights.floats("layer.weight", &[1, 1, 1, 1]).unwrap(), [0.75]);
    assert_eq!(weights.floats("layer.bias", &[1]).unwrap(), [-2.0]);
}

#[test]
fn shift_and_add_layers_keep_their_weights() {
    for arithmetic in [Arithmetic::Shift, Arithmetic::Add] {
        let (graph, weights) = network(arithmetic);
        let (graph, weights) = fold(&graph, &weights).unwrap();
        assert_eq!(graph.nodes[2].compute, Compute::Affine);
        assert_eq!(weights.floats("layer.weight", &[1, 1, 1, 1]).unwrap(), [0.5]);
        assert_eq!(weights.floats("norm.scale", &[1]).unwrap(), [1.5]);
        assert_eq!(weights.floats("norm.offset", &[1]).unwrap(), [-2.0]);
    }
}

#[test]
fn a_layer_with_two_readers_keeps_its_weights() {
    let (mut graph, weights) = network(Arithmetic::Multiply);
    let mut sum = graph.nodes[3].clone();
    sum.name = "sum".into();
    sum.compute = Compute::Sum;
    sum.inputs = vec![3, 1];
    graph.nodes.push(sum);
    let (graph, _) = fold(&graph, &weights).unwrap();
    assert_eq!(graph.nodes[2].compute, Compute::Affine);
    assert_eq!(graph.nodes[4].inputs, [3, 1]);
}

#[test]
fn a_missing_statistic_is_named() {
    let (graph, mut weights) = network(Arithmetic::Multiply);
    weights.tensors.remove("norm.mean");
    assert_eq!(fold(&graph, &weights).unwrap_err().to_string(), "weights hold no tensor `norm.mean`");
}
