//! Random architectures of the hybrid CNN space, both forms.

use exports::{FLOAT_TOLERANCE, Form, INT8_TOLERANCE, Metadata, Runner, export, parity};
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;
use spaces::{
    Architecture, AttentionForm, CellSet, FeatureMap, Graph, HybridCnn, LayerRange, Level, Operator, PathWeighting,
    SearchSpace, Space, Stem, Task, Weights,
};

use crate::network::{pictures, weights};
use crate::quantized::{Scales, quantized};
use crate::reference;

/// A space of small networks with all operators at both levels.
pub fn architecture(seed: u64) -> Architecture {
    let level = |channels| Level { channels, operators: Operator::ALL.to_vec(), layers: LayerRange { min: 1, max: 4 } };
    let space = Space::HybridCnn(HybridCnn {
        stem: Stem { channels: 8, kernel: 3, stride: 2, pool: seed.is_multiple_of(2) },
        layers: 5,
        levels: vec![level(16), level(32)],
        bottleneck: 4,
        head_channels: 4,
        attention: if seed.is_multiple_of(2) { AttentionForm::Standard } else { AttentionForm::Transposed },
        path_weighting: PathWeighting::Subnets,
        cells: CellSet::Reachable,
    });
    let task = Task { input: FeatureMap { channels: 3, height: 18, width: 18 }, classes: 10 };
    let genome = space.sample(&mut ChaCha12Rng::seed_from_u64(seed));
    Architecture::new(space, genome, task).unwrap()
}

fn agrees(architecture: Architecture, graph: &Graph, weights: &Weights, form: Form, tolerance: f64) {
    let metadata = Metadata { name: architecture.name(), architecture: Some(architecture), ..Metadata::default() };
    let bytes = export(graph, weights, &metadata, form).unwrap();
    let mut runner = Runner::from_bytes(&bytes, &metadata.name).unwrap();
    assert_eq!((runner.metadata(), runner.summary().form), (&metadata, form));
    for batch in [1, 4] {
        let pictures = pictures(graph, batch, 9);
        let wanted = reference::logits(graph, weights, &pictures);
        let found = runner.run(&pictures, batch).unwrap();
        let parity = parity(&wanted, &found, 10).unwrap();
        assert!(parity.within(tolerance), "{} batch {batch}: {parity:?}", metadata.name);
    }
}

#[test]
fn every_float_architecture_agrees() {
    for seed in 0..12 {
        let architecture = architecture(seed);
        let graph = architecture.graph();
        agrees(architecture, &graph, &weights(&graph, seed), Form::Float, FLOAT_TOLERANCE);
    }
}

#[test]
fn every_int8_architecture_stays_within_the_tolerance() {
    for seed in 0..12 {
        let architecture = architecture(seed);
        let graph = architecture.graph();
        let (graph, floats) = spaces::fold(&graph, &weights(&graph, seed)).unwrap();
        let weights = quantized(&graph, &floats, &pictures(&graph, 1, 1), Scales::Any);
        agrees(architecture, &graph, &weights, Form::Int8, INT8_TOLERANCE);
    }
}
