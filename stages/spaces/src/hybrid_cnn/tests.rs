use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;

use super::*;
use crate::{SearchSpace, Space};

const ALL: [Operator; 4] = Operator::ALL;
const NO_ATTENTION: [Operator; 3] = [Operator::Conv, Operator::Add, Operator::Shift];

fn level(channels: usize, operators: &[Operator], min: usize, max: usize) -> Level {
    Level { channels, operators: operators.to_vec(), layers: LayerRange { min, max } }
}

/// Table 2 of the paper with the operator sets its release samples.
fn paper() -> HybridCnn {
    HybridCnn {
        stem: Stem { channels: 64, kernel: 7, stride: 2, pool: true },
        layers: 16,
        levels: vec![
            level(128, &NO_ATTENTION, 1, 4),
            level(256, &NO_ATTENTION, 1, 4),
            level(512, &ALL, 3, 7),
            level(1024, &[Operator::Attention, Operator::Conv], 4, 9),
        ],
        bottleneck: 4,
        head_channels: 64,
        attention: AttentionForm::Standard,
        path_weighting: PathWeighting::Subnets,
        cells: CellSet::Reachable,
    }
}

fn imagenet(classes: usize) -> Task {
    Task { input: FeatureMap { channels: 3, height: 224, width: 224 }, classes }
}

#[test]
fn the_papers_space_has_the_papers_size() {
    assert_eq!(paper().allocations().len(), 66);
    assert_eq!(paper().size(), 1_314_183_168);
}

#[test]
fn the_released_supernet_without_sharing_has_615_390_116_parameters_of_which_shift_holds_two_tensors() {
    let mut space = paper();
    space.levels[3].operators = ALL.to_vec();
    space.cells = CellSet::All;
    let plan = Space::HybridCnn(space).supernet(imagenet(100));
    let scalars = |(node, parameters): &(crate::Node, Vec<crate::Parameter>)| -> usize {
        let tensors = |kind| match (kind, &node.compute) {
            (crate::ParameterKind::Weight, Compute::Linear(linear)) if linear.arithmetic == Arithmetic::Shift => 2,
            _ => 1,
        };
        let trained = parameters.iter().filter(|parameter| parameter.kind.is_trained());
        trained.map(|parameter| parameter.shape.iter().product::<usize>() * tensors(parameter.kind)).sum()
    };
    assert_eq!(plan.nodes.iter().map(scalars).sum::<usize>(), 615_390_116);
}

#[test]
fn the_paper_size_network_keeps_the_papers_maps() {
    let space = paper();
    let genome = space.parse("CC.CSCC.SCADD.AACAA").unwrap();
    let graph = space.graph(&genome, imagenet(1000));
    let output = |name: &str| graph.nodes.iter().find(|node| node.name == name).unwrap().output.to_string();
    assert_eq!(output("stem.pool"), "64x56x56");
    assert_eq!(output("layers.1.out"), "128x56x56");
    assert_eq!(output("layers.5.out"), "256x28x28");
    assert_eq!(output("layers.10.out"), "512x14x14");
    assert_eq!(output("layers.15.out"), "1024x7x7");
    assert_eq!(output("head.classifier"), "1000x1x1");
}

#[test]
fn a_genome_survives_printing_and_reading() {
    let space = paper();
    let mut rng = ChaCha12Rng::seed_from_u64(1);
    for _ in 0..100 {
        let genome = space.sample(&mut rng);
        assert_eq!(space.parse(&space.format(&genome)), Ok(genome));
    }
}

#[test]
fn a_wrong_genome_is_refused_with_the_rule_it_breaks() {
    let space = paper();
    let message = |text: &str| space.parse(text).unwrap_err().to_string();
    assert_eq!(message("CC.CC"), "genome `CC.CC` has 2 levels separated by `.`, the space wants 4");
    assert_eq!(message("AC.CSCC.SCADD.AACAA"), "`A` is not offered at level 0, which offers CDS");
    assert_eq!(message("CCCCC.CSC.SCA.AACAA"), "level 0 has 5 layers, the space wants 1 to 4");
}

#[test]
fn subnets_are_drawn_uniformly_where_the_manifest_says_so() {
    let space = HybridCnn {
        layers: 3,
        levels: vec![level(16, &NO_ATTENTION, 1, 2), level(32, &[Operator::Conv], 1, 2)],
        ..paper()
    };
    assert_eq!(space.size(), 3 + 9);
    let mut counts = std::collections::BTreeMap::new();
    let mut rng = ChaCha12Rng::seed_from_u64(7);
    for _ in 0..12_000 {
        *counts.entry(space.format(&space.sample(&mut rng))).or_insert(0_usize) += 1;
    }
    assert_eq!(counts.len(), 12);
    // Each of 12 points is expected 1000 times; five standard deviations are 152.
    assert!(counts.values().all(|count| count.abs_diff(1000) < 152), "{counts:?}");
}

#[test]
fn spaces_without_a_point_are_refused() {
    let message = |space: HybridCnn| space.validate(imagenet(10)).unwrap_err().to_string();
    let mut space = paper();
    space.layers = 30;
    assert_eq!(message(space), "no choice of layers per level adds up to 30; the levels allow 9 to 24");
    let mut space = paper();
    space.bottleneck = 3;
    assert_eq!(message(space), "level 0 has 128 channels, which `bottleneck` 3 does not divide");
    let mut space = paper();
    space.levels[1].operators = vec![Operator::Conv, Operator::Conv];
    assert_eq!(message(space), "level 1 must offer at least one operator, each once");
    let mut space = paper();
    space.stem.stride = 0;
    assert_eq!(message(space), "`stem.stride` is 0, wanted 1 to 31");
    let tiny = Task { input: FeatureMap { channels: 1, height: 8, width: 8 }, classes: 10 };
    let error = paper().validate(tiny).unwrap_err().to_string();
    assert_eq!(error, "pictures of 1x8x8 leave no pixel at level 2; use fewer levels or a smaller stem stride");
}

#[test]
fn a_reachable_supernet_holds_exactly_what_paths_use() {
    let space = HybridCnn { layers: 3, levels: vec![level(16, &NO_ATTENTION, 1, 2), level(32, &ALL, 1, 2)], ..paper() };
    let task = Task { input: FeatureMap { channels: 3, height: 32, width: 32 }, classes: 10 };
    let plan = Space::HybridCnn(space.clone()).supernet(task);
    let key = |node: &crate::Node| node.site.as_ref().map_or(node.name.clone(), crate::Site::private_key);
    let held: std::collections::BTreeSet<String> = plan.nodes.iter().map(|(node, _)| key(node)).collect();
    let mut used = std::collections::BTreeSet::new();
    let mut rng = ChaCha12Rng::seed_from_u64(3);
    for _ in 0..500 {
        let graph = space.graph(&space.sample(&mut rng), task);
        used.extend(graph.nodes.iter().skip(1).map(key));
    }
    assert_eq!(held, used);
}

proptest! {
    #[test]
    fn mutation_and_crossover_stay_in_the_space(seed in any::<u64>()) {
        let space = paper();
        let mut rng = ChaCha12Rng::seed_from_u64(seed);
        let (left, right) = (space.sample(&mut rng), space.sample(&mut rng));
        let mutant = space.mutate(&left, 0.2, &mut rng).expect("redrawing operators never leaves the space");
        prop_assert_eq!(space.contains(&mutant), Ok(()));
        if let Some(child) = space.cross(&left, &right, &mut rng) {
            prop_assert_eq!(space.contains(&child), Ok(()));
        }
    }
}
