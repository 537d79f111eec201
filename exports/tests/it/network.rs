//! Small networks with random weights.

use exports::Metadata;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use spaces::{Arithmetic, Compute, FeatureMap, Graph, Linear, Node, Parameter, ParameterKind, Weights};

/// A graph that grows node by node; every node's size follows from its computation.
pub struct Network {
    nodes: Vec<Node>,
}

impl Network {
    pub fn new(channels: usize, height: usize, width: usize) -> Self {
        let input = FeatureMap { channels, height, width };
        let node = Node { name: "input".into(), compute: Compute::Input, inputs: vec![], output: input, site: None };
        Self { nodes: vec![node] }
    }

    /// Adds a node with `channels` output channels and returns its index.
    pub fn add(&mut self, name: &str, compute: Compute, inputs: &[usize], channels: usize) -> usize {
        let from = self.nodes[inputs[0]].output;
        let output = match compute {
            Compute::Linear(linear) => from.windowed(linear.kernel, linear.stride, linear.padding),
            Compute::MaxPool { kernel, stride, padding } => from.windowed(kernel, stride, padding),
            Compute::GlobalAveragePool | Compute::Classifier => FeatureMap::vector(channels),
            _ => from,
        };
        let output = output.with_channels(channels);
        self.nodes.push(Node { name: name.into(), compute, inputs: inputs.to_vec(), output, site: None });
        self.nodes.len() - 1
    }

    /// Adds a node behind the last one.
    pub fn then(mut self, name: &str, compute: Compute, channels: usize) -> Self {
        self.add(name, compute, &[self.nodes.len() - 1], channels);
        self
    }

    pub fn finish(self, classes: usize) -> Graph {
        let classified = self.then("head", Compute::Classifier, classes);
        Graph { nodes: classified.nodes }
    }
}

pub fn linear(arithmetic: Arithmetic, kernel: usize, stride: usize, padding: usize, groups: usize) -> Compute {
    Compute::Linear(Linear { arithmetic, kernel, stride, padding, groups, bias: false })
}

pub fn biased(compute: Compute) -> Compute {
    match compute {
        Compute::Linear(linear) => Compute::Linear(Linear { bias: true, ..linear }),
        other => other,
    }
}

/// Returns float weights: Gaussian-like for multiplying layers, ±2^p or 0 for shift layers.
pub fn weights(graph: &Graph, seed: u64) -> Weights {
    let mut rng = ChaCha12Rng::seed_from_u64(seed);
    let mut weights = Weights::default();
    for index in 0..graph.nodes.len() {
        for parameter in graph.parameters_of(index) {
            let count = parameter.shape.iter().product();
            let values = (0..count).map(|_| value(&mut rng, graph.nodes[index].compute, &parameter)).collect();
            weights.insert(parameter.name, parameter.shape, values);
        }
    }
    weights
}

/// Returns 0 or sign · 2^(1 − |code|).
fn shift_weight(code: i32) -> f32 {
    (1.0 - code.abs() as f32).exp2() * code.signum() as f32
}

fn value(rng: &mut ChaCha12Rng, compute: Compute, parameter: &Parameter) -> f32 {
    let shift = matches!(compute, Compute::Linear(Linear { arithmetic: Arithmetic::Shift, .. }));
    match parameter.kind {
        ParameterKind::Weight if shift => shift_weight(rng.random_range(-8..=8)),
        ParameterKind::Weight => {
            let taps: usize = parameter.shape[1..].iter().product();
            rng.random_range(-2.0..2.0) / (taps as f32).sqrt()
        }
        ParameterKind::Gamma | ParameterKind::Variance | ParameterKind::Scale => rng.random_range(0.5..1.5),
        ParameterKind::Bias | ParameterKind::Beta | ParameterKind::Mean | ParameterKind::Offset => {
            rng.random_range(-1.0..1.0)
        }
    }
}

/// Returns `batch` random normalized pictures.
pub fn pictures(graph: &Graph, batch: usize, seed: u64) -> Vec<f32> {
    let mut rng = ChaCha12Rng::seed_from_u64(seed);
    (0..batch * graph.input().values()).map(|_| rng.random_range(-2.0..2.0)).collect()
}

pub fn metadata() -> Metadata {
    Metadata { name: "test".into(), ..Metadata::default() }
}
