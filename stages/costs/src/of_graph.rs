use spaces::{Arithmetic, Compute, FeatureMap, Graph};

use crate::counts::trained_scalars;
use crate::{Layer, Linear, Module, Network, Role, Window};

impl Network {
    /// Returns the layers of a graph: one per node, but two per attention, `NAME.qk` and `NAME.av`, and none for the
    /// input. A graph does not say how shift layers are trained; their weights count once.
    pub fn of_graph(name: &str, graph: &Graph) -> Self {
        let nodes = 0..graph.nodes.len();
        Self { name: name.to_owned(), layers: nodes.flat_map(|index| layers(graph, index)).collect() }
    }
}

fn layers(graph: &Graph, index: usize) -> Vec<Layer> {
    let node = &graph.nodes[index];
    let operator = node.site.as_ref().map(|site| site.operator);
    let layer = |(suffix, module): (&str, Module)| {
        module.layer(format!("{}{suffix}", node.name), operator, trained_scalars(graph, index))
    };
    modules(graph, index).into_iter().map(layer).collect()
}

/// Returns what a node computes, with the suffixes of the layers' names.
fn modules(graph: &Graph, index: usize) -> Vec<(&'static str, Module)> {
    let node = &graph.nodes[index];
    let output = node.output;
    let values = output.values() as u64;
    let module = match node.compute {
        Compute::Input => return Vec::new(),
        Compute::Linear(linear) => window(linear, graph.input_of(index), output),
        Compute::SelfAttention { heads, .. } => return attention(graph.input_of(index), heads as u64).to_vec(),
        Compute::Classifier => classifier(graph.input_of(index), output),
        Compute::BatchNorm | Compute::Affine => {
            Module::BatchNorm { channels: output.channels as u64, positions: output.positions() as u64 }
        }
        Compute::Relu => Module::Relu { values },
        Compute::MaxPool { kernel, .. } => Module::Pool { kernel: kernel as u64, outputs: values },
        Compute::Sum | Compute::GlobalAveragePool => Module::Free,
    };
    vec![("", module)]
}

const fn window(linear: spaces::Linear, input: FeatureMap, output: FeatureMap) -> Module {
    let window = Window {
        arithmetic: linear.arithmetic,
        in_channels: input.channels as u64,
        out_channels: output.channels as u64,
        height: input.height as u64,
        width: input.width as u64,
        out_height: output.height as u64,
        out_width: output.width as u64,
        kernel: linear.kernel as u64,
        stride: linear.stride as u64,
        groups: linear.groups as u64,
    };
    Module::Window { window, bias: linear.bias }
}

/// qᵀk and V·A per head, both n x n positions and the width of a head, which is a third of the stacked channels over
/// the heads.
const fn attention(stacked: FeatureMap, heads: u64) -> [(&'static str, Module); 2] {
    let positions = stacked.positions() as u64;
    let width = stacked.channels as u64 / 3 / heads;
    let scores = Module::Product { batch: heads, rows: positions, inner: width, columns: positions };
    let values = Module::Product { batch: heads, rows: width, inner: positions, columns: positions };
    [(".qk", scores), (".av", values)]
}

const fn classifier(input: FeatureMap, output: FeatureMap) -> Module {
    let (inputs, outputs) = (input.values() as u64, output.channels as u64);
    let linear = Linear { arithmetic: Arithmetic::Multiply, rows: 1, inputs, outputs, role: Role::Plain };
    Module::Linear { linear, bias: true }
}
