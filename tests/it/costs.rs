//! The costs of a network are the same whether they are computed from its specification or read from its ONNX file.

use std::collections::BTreeMap;

use costs::{Accelerator, BitWidth, Hardware, Layer, Network, Work};
use datasets::{Normalization, Pictures, SourceKind, SourceOptions, SyntheticSize};
use exports::{Form, Metadata, export};
use networks::{Moments, ShiftForm, Statistics, quantize};
use spaces::{
    Architecture, Arithmetic, AttentionForm, Compute, FeatureMap, Genome, Graph, Operator, Parameter, SearchSpace,
    Space, Task, Weights, fold,
};
use stages::onnx_network;

use crate::trained::{device, random_architecture, space};
use crate::workspace;

/// Random architectures of each space.
const ARCHITECTURES: u64 = 4;
/// Side of the pictures and classes of the quickstart's data set.
const SIDE: usize = 28;
const CLASSES: usize = 10;

/// An architecture with untrained weights in both forms.
struct Exported {
    architecture: Architecture,
    files: Vec<(Form, Graph, Vec<u8>)>,
}

fn quickstart() -> Space {
    let text = std::fs::read_to_string(workspace::root().join("pipeline/manifests/quickstart.toml")).unwrap();
    let manifest: toml::Table = toml::from_str(&text).unwrap();
    manifest["stage"]["supernet"]["params"]["space"].clone().try_into().unwrap()
}

fn architectures() -> Vec<Architecture> {
    use rand_chacha::{ChaCha12Rng, rand_core::SeedableRng};
    let space_of_quickstart = quickstart();
    let task = Task { input: FeatureMap { channels: 1, height: SIDE, width: SIDE }, classes: CLASSES };
    let of_quickstart = |seed| {
        let genome: Genome = space_of_quickstart.sample(&mut ChaCha12Rng::seed_from_u64(seed));
        Architecture::new(space_of_quickstart.clone(), genome, task).unwrap()
    };
    let small = [AttentionForm::Standard, AttentionForm::Transposed].into_iter().flat_map(|form| {
        let space = space(form);
        (0..ARCHITECTURES).map(move |seed| random_architecture(&space, seed))
    });
    (0..ARCHITECTURES).map(of_quickstart).chain(small).collect()
}

fn untrained(graph: &Graph, seed: u64) -> Weights {
    let norms = graph.nodes.iter().filter(|node| node.compute == Compute::BatchNorm);
    let moments: BTreeMap<String, Moments> = norms
        .map(|node| {
            let channels = node.output.channels;
            (node.name.clone(), Moments { mean: vec![0.0; channels], variance: vec![1.0; channels] })
        })
        .collect();
    let network = networks::Network::subnet(graph, ShiftForm::Q, seed, &device());
    network.export(graph, &Statistics::from(moments)).unwrap()
}

fn pictures(task: Task) -> (Pictures, Normalization) {
    let FeatureMap { channels, height, .. } = task.input;
    let synthetic = SyntheticSize { classes: task.classes, channels, train: 4, test: 4, ..SyntheticSize::default() };
    let options = SourceOptions { size: Some(height), synthetic, ..SourceOptions::default() };
    let source = datasets::open(SourceKind::Synthetic, None, &options).unwrap();
    let mut pictures = Pictures::new(source.shape(), task.classes);
    source.examples(datasets::Part::Train).unwrap().for_each(|example| pictures.push(&example.unwrap()).unwrap());
    let pixels = Normalization::measure(&pictures);
    (pictures, pixels)
}

fn exported(architecture: Architecture, seed: u64) -> Exported {
    let graph = architecture.graph();
    let weights = untrained(&graph, seed);
    let (pictures, pixels) = pictures(architecture.task);
    let (folded, bytes) = quantize(&graph, &weights, &pictures, &pixels, 4, &device()).unwrap();
    let file = |graph: &Graph, weights: &Weights, form| export(graph, weights, &Metadata::default(), form).unwrap();
    let float = file(&graph, &weights, Form::Float);
    let int8 = file(&folded, &bytes, Form::Int8);
    let files = vec![(Form::Float, folded.clone(), float), (Form::Int8, folded, int8)];
    Exported { architecture, files }
}

/// Returns the layers that a strict count counts.
fn counted(network: &Network) -> Vec<&Layer> {
    network.layers.iter().filter(|layer| layer.work != Work::Free).collect()
}

/// Checks one file against the specification it was exported from.
fn agrees(specification: &Network, file: &Network, folded: &Graph, accelerators: &[Accelerator]) {
    let name = &specification.name;
    let work = |network: &Network| counted(network).iter().map(|layer| layer.work).collect::<Vec<_>>();
    assert_eq!(work(specification), work(file), "{name}");
    assert_eq!(specification.macs(), file.macs(), "{name}");
    weights_agree(specification, file, folded);
    for accelerator in accelerators {
        let [wanted, found] = [specification, file].map(|network| accelerator.network_cost(network).unwrap());
        assert!(wanted.energy.total_mj > 0.0 && wanted.latency_ms > 0.0, "{name}");
        assert_eq!(wanted.energy, found.energy, "{name} on {}", accelerator.hardware().name());
        assert_eq!(wanted.latency_ms.to_bits(), found.latency_ms.to_bits(), "{name}");
        let rows = |cost: &costs::NetworkCost| {
            let counted = cost.layers.iter().filter(|row| row.cost.schedule.is_some());
            counted.map(|row| row.cost).collect::<Vec<_>>()
        };
        assert_eq!(rows(&wanted), rows(&found), "{name}");
    }
}

/// Weights are those of the specification, layer by layer. All trained scalars are those of the folded network: behind
/// a multiplying layer a normalisation's 2 C scalars became the C values of a bias, elsewhere 2 C factors and summands.
fn weights_agree(specification: &Network, file: &Network, folded: &Graph) {
    let name = &specification.name;
    let of_folded = Network::of_graph(name, folded);
    let params = |network: &Network| counted(network).iter().map(|layer| layer.params).collect::<Vec<_>>();
    assert_eq!(params(&of_folded), params(file), "{name}");
    let scalars = |parameter: Parameter| parameter.shape.iter().product::<usize>() as u64;
    assert_eq!(file.params(), folded.parameters().into_iter().map(scalars).sum::<u64>(), "{name}");
    let biases =
        |network: &Network| network.layers.iter().map(|layer| layer.params - weights(&layer.work)).sum::<u64>();
    let of_file = counted(file).iter().map(|layer| weights(&layer.work)).sum::<u64>();
    assert_eq!(specification.params() - biases(specification), of_file, "{name}");
}

fn weights(work: &Work) -> u64 {
    match work {
        Work::Window(window) => window.out_channels * window.in_channels / window.groups * window.kernel.pow(2),
        Work::Linear(linear) => linear.inputs * linear.outputs,
        Work::Product { .. } | Work::Local(_) | Work::Free => 0,
    }
}

fn accelerators() -> Vec<Accelerator> {
    let presets = Hardware::preset_names().map(|name| Hardware::preset(name).unwrap());
    presets.into_iter().map(|hardware| Accelerator::new(hardware, BitWidth::ThirtyTwo)).collect()
}

#[test]
fn a_file_costs_what_its_specification_costs() {
    let accelerators = accelerators();
    for (seed, architecture) in architectures().into_iter().enumerate() {
        let Exported { architecture, files } = exported(architecture, seed as u64);
        let specification = Network::of_graph(&architecture.name(), &architecture.graph());
        for (form, folded, bytes) in &files {
            let file = onnx_network(bytes, &architecture.name());
            let file = file.unwrap_or_else(|error| panic!("{} {form:?}: {error:?}", architecture.name()));
            agrees(&specification, &file, folded, &accelerators);
        }
    }
}

#[test]
fn the_compared_architectures_hold_every_operator_and_arithmetic() {
    let graphs: Vec<Graph> = architectures().iter().map(Architecture::graph).collect();
    let nodes = || graphs.iter().flat_map(|graph| &graph.nodes);
    for operator in Operator::ALL {
        assert!(nodes().filter_map(|node| node.site.as_ref()).any(|site| site.operator == operator), "no {operator}");
    }
    for arithmetic in [Arithmetic::Multiply, Arithmetic::Shift, Arithmetic::Add] {
        assert!(nodes().any(|node| node.compute.arithmetic() == Some(arithmetic)), "no {arithmetic:?}");
    }
}

#[test]
fn layers_of_a_file_have_the_names_of_the_nodes() {
    let architecture = random_architecture(&space(AttentionForm::Standard), 1);
    let graph = architecture.graph();
    let weights = untrained(&graph, 1);
    let bytes = export(&graph, &weights, &Metadata::default(), Form::Float).unwrap();
    let file = onnx_network(&bytes, "file").unwrap();
    let (folded, _) = fold(&graph, &weights).unwrap();
    let named = Network::of_graph("folded", &folded);
    let names = |network: &Network| {
        let weighted = counted(network).into_iter().filter(|layer| !matches!(layer.work, Work::Product { .. }));
        weighted.map(|layer| layer.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&file), names(&named));
}
