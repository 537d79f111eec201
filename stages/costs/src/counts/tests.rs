use spaces::{
    Architecture, AttentionForm, CellSet, HybridCnn, LayerRange, Level, PathWeighting, SearchSpace, Space, Stem, Task,
};

use super::*;
use crate::{Network, Work};

/// A graph under construction; every method returns the index of the node it appended.
struct Drawing {
    nodes: Vec<Node>,
}

impl Drawing {
    fn new(input: FeatureMap) -> Self {
        let mut drawing = Self { nodes: Vec::new() };
        drawing.node("input", Compute::Input, vec![], input);
        drawing
    }

    fn node(&mut self, name: &str, compute: Compute, inputs: Vec<usize>, output: FeatureMap) -> usize {
        self.nodes.push(Node { name: name.to_owned(), compute, inputs, output, site: None });
        self.nodes.len() - 1
    }

    fn map(&self, from: usize) -> FeatureMap {
        self.nodes[from].output
    }

    /// A convolution that keeps the map at stride 1, and its normalisation.
    fn layer(&mut self, from: usize, arithmetic: Arithmetic, channels: usize, kernel: usize, stride: usize) -> usize {
        let padding = kernel / 2;
        let output = self.map(from).windowed(kernel, stride, padding).with_channels(channels);
        let linear = Linear { arithmetic, kernel, stride, padding, groups: 1, bias: false };
        let layer = self.node("layer", Compute::Linear(linear), vec![from], output);
        self.node("norm", Compute::BatchNorm, vec![layer], output)
    }

    fn classify(&mut self, from: usize, classes: usize) {
        let pooled = FeatureMap::vector(self.map(from).channels);
        let pooled = self.node("pool", Compute::GlobalAveragePool, vec![from], pooled);
        self.node("head", Compute::Classifier, vec![pooled], FeatureMap::vector(classes));
    }

    fn graph(self) -> Graph {
        Graph { nodes: self.nodes }
    }
}

/// ResNet-50 with the stride in the first 1x1 of a block, for pictures of 3x224x224 and 1000 classes.
fn resnet_50(body: Arithmetic) -> Graph {
    let mut drawing = Drawing::new(FeatureMap { channels: 3, height: 224, width: 224 });
    let stem = drawing.layer(0, Arithmetic::Multiply, 64, 7, 2);
    let pooled = drawing.map(stem).windowed(3, 2, 1);
    let mut at = drawing.node("pool", Compute::MaxPool { kernel: 3, stride: 2, padding: 1 }, vec![stem], pooled);
    for (width, blocks, first_stride) in [(64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)] {
        for block in 0..blocks {
            let stride = if block == 0 { first_stride } else { 1 };
            let shortcut = if block == 0 { drawing.layer(at, body, 4 * width, 1, stride) } else { at };
            let narrow = drawing.layer(at, body, width, 1, stride);
            let wide = drawing.layer(narrow, body, width, 3, 1);
            let wide = drawing.layer(wide, body, 4 * width, 1, 1);
            at = drawing.node("sum", Compute::Sum, vec![wide, shortcut], drawing.map(wide));
        }
    }
    drawing.classify(at, 1000);
    drawing.graph()
}

fn one_linear(input: FeatureMap, linear: Linear, channels: usize) -> NodeCounts {
    let mut drawing = Drawing::new(input);
    let output = input.windowed(linear.kernel, linear.stride, linear.padding).with_channels(channels);
    drawing.node("layer", Compute::Linear(linear), vec![0], output);
    node_counts(&drawing.graph()).remove(1)
}

#[test]
fn a_convolution_counts_window_times_channels_per_output_value() {
    // 8x8 -> 4x4 at stride 2; 4·4·5 outputs of 3·3·2 taps; 5·2·9 weights and 5 biases.
    let input = FeatureMap { channels: 2, height: 8, width: 8 };
    let linear = Linear { arithmetic: Arithmetic::Shift, kernel: 3, stride: 2, padding: 1, groups: 1, bias: true };
    let row = one_linear(input, linear, 5);
    assert_eq!((row.arithmetic, row.macs, row.params), (Some(Arithmetic::Shift), 1440, 95));
    assert_eq!(row.output, FeatureMap { channels: 5, height: 4, width: 4 });
}

#[test]
fn a_depth_wise_layer_reads_one_channel_per_output_channel() {
    // 6·4·4 outputs of 3·3·1 taps.
    let input = FeatureMap { channels: 6, height: 4, width: 4 };
    let linear = Linear { arithmetic: Arithmetic::Add, kernel: 3, stride: 1, padding: 1, groups: 6, bias: false };
    let row = one_linear(input, linear, 6);
    assert_eq!((row.arithmetic, row.macs, row.params), (Some(Arithmetic::Add), 864, 54));
}

#[test]
fn attention_counts_its_two_products_whatever_the_number_of_heads() {
    // 2 heads of width 4 over 3·3 positions: 2 · 2 · 9 · 9 · 4; the softmax is free.
    let stacked = FeatureMap { channels: 24, height: 3, width: 3 };
    for heads in [1, 2, 4] {
        let mut drawing = Drawing::new(stacked);
        let attention = Compute::SelfAttention { heads, form: AttentionForm::Standard };
        drawing.node("attention", attention, vec![0], stacked.with_channels(8));
        let row = node_counts(&drawing.graph()).remove(1);
        assert_eq!((row.arithmetic, row.macs, row.params), (Some(Arithmetic::Multiply), 1296, 0));
    }
}

#[test]
fn normalization_pooling_activation_and_sums_cost_no_macs() {
    let map = FeatureMap { channels: 4, height: 6, width: 6 };
    let mut drawing = Drawing::new(map);
    let norm = drawing.node("norm", Compute::BatchNorm, vec![0], map);
    let relu = drawing.node("relu", Compute::Relu, vec![norm], map);
    let affine = drawing.node("affine", Compute::Affine, vec![relu], map);
    let sum = drawing.node("sum", Compute::Sum, vec![affine, norm], map);
    let pool = Compute::MaxPool { kernel: 2, stride: 2, padding: 0 };
    let pool = drawing.node("pool", pool, vec![sum], map.windowed(2, 2, 0));
    drawing.node("mean", Compute::GlobalAveragePool, vec![pool], FeatureMap::vector(4));
    let found = counts(&drawing.graph());
    let params = Params { normalization: 8, ..Params::default() };
    assert_eq!(found, Counts { params, macs: Macs::default() });
}

#[test]
fn additions_are_one_per_product_and_two_per_tap_of_an_add_layer() {
    let macs = Macs { multiply: 17, shift: 19, add: 11 };
    // Table 5 of ShiftAddNAS, CIFAR-10: 47 MACs, 58 additions (millions).
    assert_eq!((macs.total(), macs.additions(), macs.operations()), (47, 58, 94));
    assert_eq!([Arithmetic::Multiply, Arithmetic::Shift, Arithmetic::Add].map(|each| macs.of(each)), [17, 19, 11]);
}

/// Table 4: ResNet-50 has 26 M parameters and 3.9 G MACs. 25 557 032 is the count of every public implementation.
#[test]
fn resnet_50_counts_as_table_4_says() {
    let found = counts(&resnet_50(Arithmetic::Multiply));
    assert_eq!(found.params.total(), 25_557_032);
    assert_eq!(found.macs, Macs { multiply: 3_857_973_248, shift: 0, add: 0 });
}

/// Table 4: AdderNet-50 has 0.1 G multiplications and 7.6 G additions; its stem and classifier multiply.
#[test]
fn addernet_50_counts_as_table_4_says() {
    let macs = counts(&resnet_50(Arithmetic::Add)).macs;
    assert_eq!(macs.multiply, 118_013_952 + 2_048_000);
    assert_eq!(macs.additions(), 7_595_884_544);
}

/// Table 4: DeepShift-50 has 0.1 G multiplications, 3.9 G additions and 3.8 G shifts (3.74 here).
#[test]
fn deepshift_50_counts_as_table_4_says() {
    let macs = counts(&resnet_50(Arithmetic::Shift)).macs;
    assert_eq!((macs.multiply, macs.shift), (120_061_952, 3_737_911_296));
    assert_eq!(macs.additions(), 3_857_973_248);
}

#[test]
fn the_sum_over_the_arithmetics_is_what_the_graph_trains() {
    let graph = resnet_50(Arithmetic::Add);
    let params = counts(&graph).params;
    assert_eq!(params.total(), graph.trained_parameters() as u64);
    assert_eq!(params.multiply, 7 * 7 * 3 * 64 + 2048 * 1000 + 1000);
    assert_eq!(params.normalization, 53_120);
}

/// Table 2 of the paper with the operators that its release samples.
fn paper_space() -> Space {
    use Operator::{Add, Attention, Conv, Shift};
    let level = |channels, operators: &[Operator], min, max| Level {
        channels,
        operators: operators.to_vec(),
        layers: LayerRange { min, max },
    };
    Space::HybridCnn(HybridCnn {
        stem: Stem { channels: 64, kernel: 7, stride: 2, pool: true },
        layers: 16,
        levels: vec![
            level(128, &[Conv, Shift, Add], 1, 4),
            level(256, &[Conv, Shift, Add], 1, 4),
            level(512, &Operator::ALL, 3, 7),
            level(1024, &[Attention, Conv], 4, 9),
        ],
        bottleneck: 4,
        head_channels: 64,
        attention: AttentionForm::Standard,
        path_weighting: PathWeighting::Subnets,
        cells: CellSet::Reachable,
    })
}

fn paper_graph(genome: &str) -> Graph {
    let space = paper_space();
    let genome = space.parse(genome).unwrap();
    let input = FeatureMap { channels: 3, height: 224, width: 224 };
    Architecture::new(space, genome, Task { input, classes: 1000 }).unwrap().graph()
}

/// The goldens are the output of paper_size.py in this folder.
#[test]
fn networks_of_the_papers_size_count_as_an_independent_calculator_says() {
    let two_adds = Counts {
        params: Params { multiply: 10_700_136, shift: 1_426_688, add: 559_360, normalization: 30_912 },
        macs: Macs { multiply: 1_249_716_480, shift: 298_873_344, add: 109_634_560 },
    };
    let four_shifts = Counts {
        params: Params { multiply: 10_629_864, shift: 2_056_576, add: 0, normalization: 30_912 },
        macs: Macs { multiply: 1_194_673_408, shift: 463_550_976, add: 0 },
    };
    assert_eq!(counts(&paper_graph("CC.CCCC.SCADD.AACAA")), two_adds);
    assert_eq!(counts(&paper_graph("CC.CSCC.SCASS.AACAA")), four_shifts);
}

#[test]
fn a_row_names_the_operator_of_its_block_and_every_layer_of_an_add_block_adds() {
    let rows = node_counts(&paper_graph("CC.CCCC.SCADD.AACAA"));
    let of = |operator| rows.iter().filter(move |row| row.operator == Some(operator) && row.macs > 0);
    // Two blocks of four layers each: no shortcut has a projection within a level.
    assert_eq!(of(Operator::Add).count(), 8);
    assert!(of(Operator::Add).all(|row| row.arithmetic == Some(Arithmetic::Add)));
    assert!(of(Operator::Attention).all(|row| row.arithmetic == Some(Arithmetic::Multiply)));
    assert!(rows.iter().all(|row| row.arithmetic.is_some() || row.macs == 0));
    let stem = rows.iter().find(|row| row.name == "stem.conv").unwrap();
    assert_eq!((stem.operator, stem.macs, stem.params), (None, 118_013_952, 9408));
}

#[test]
fn folding_normalizations_away_changes_no_macs() {
    let graph = paper_graph("CC.CCCC.SCADD.AACAA");
    let mut weights = spaces::Weights::default();
    for parameter in graph.parameters() {
        let values = vec![1.0; parameter.shape.iter().product()];
        weights.insert(parameter.name, parameter.shape, values);
    }
    let (folded, _) = spaces::fold(&graph, &weights).unwrap();
    assert_eq!(counts(&folded).macs, counts(&graph).macs);
    assert_eq!(counts(&folded).params.normalization, 0);
}

/// What [`Network::of_graph`] makes of every graph of this file.
#[test]
fn a_network_of_a_graph_counts_as_the_graph() {
    let bodies = [Arithmetic::Multiply, Arithmetic::Shift, Arithmetic::Add].map(resnet_50);
    let papers = ["CC.CCCC.SCADD.AACAA", "CC.CSCC.SCASS.AACAA", "D.S.DASCDSA.CAACAAA"].map(paper_graph);
    for graph in bodies.iter().chain(&papers) {
        let network = Network::of_graph("graph", graph);
        let found = counts(graph);
        assert_eq!(network.macs().unwrap(), found.macs);
        assert_eq!((network.params(), network.official().params), (found.params.total(), found.params.total()));
    }
}

#[test]
fn an_attention_becomes_two_products_and_layers_keep_their_operator() {
    let graph = paper_graph("CC.CCCC.SCADD.AACAA");
    let network = Network::of_graph("graph", &graph);
    assert_eq!(network.layers.len(), graph.nodes.len() - 1 + 5);
    let layer = |name: &str| network.layers.iter().find(|layer| layer.name == name).unwrap();
    // Layer 8 is the attention at 14x14: two heads of width 64 over 196 positions.
    let scores = Work::Product { batch: 2, rows: 196, inner: 64, columns: 196 };
    let values = Work::Product { batch: 2, rows: 64, inner: 196, columns: 196 };
    assert_eq!((layer("layers.8.attention.qk").work, layer("layers.8.attention.av").work), (scores, values));
    assert_eq!(layer("layers.8.attention.qk").operator, Some(Operator::Attention));
    // The positional encoding of an add block has no bias, but the authors' counter books one.
    let peg = layer("layers.9.peg");
    assert_eq!((peg.params, peg.official.flops), (9 * 128, (2 * 9 + 1) * 128 * 196));
}

#[test]
fn the_authors_operations_of_a_graph_are_twice_its_macs_and_what_their_counter_adds() {
    let graph = paper_graph("CC.CCCC.SCADD.AACAA");
    let network = Network::of_graph("graph", &graph);
    let macs = counts(&graph).macs;
    // Two add blocks at 14x14 with 128, 128, 128 and 512 output channels.
    assert_eq!(network.official_flops(Arithmetic::Add), 2 * macs.add + 2 * (3 * 128 + 512) * 196);
    // The bias of one positional encoding, which halves the map.
    assert_eq!(network.official_flops(Arithmetic::Shift), 2 * macs.shift + 128 * 196);
    assert!(network.official_flops(Arithmetic::Multiply) > 2 * macs.multiply);
}
