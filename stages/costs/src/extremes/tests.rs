use std::convert::Infallible;

use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;
use spaces::{FeatureMap, SearchSpace, Space, Task};

use super::*;
use crate::{Accelerator, AcceleratorError, BitWidth, Hardware, Network, counts, size_bytes};

/// Sums of floats differ by their order: two dozen summands of 53 bits each leave this much room.
const SUMMATION: f64 = 1e-12;

const TASK: Task = Task { input: FeatureMap { channels: 3, height: 16, width: 16 }, classes: 5 };

fn space(text: &str) -> Space {
    let space: Space = toml::from_str(text).unwrap();
    space.validate(TASK).unwrap();
    space
}

/// Small enough to look at every architecture: 96 of one and 176 of the other, whose first layers may be left out.
fn small_spaces() -> [Space; 2] {
    let narrow = "kind = 'hybrid-cnn'\nlayers = 4\nbottleneck = 2\nhead_channels = 4\n\
                  stem = { channels = 8, kernel = 3, stride = 1, pool = true }\n";
    let all = "['attention', 'conv', 'shift', 'add']";
    [
        space(&format!(
            "{narrow}levels = [{{ channels = 8, operators = {all}, layers = {{ min = 1, max = 3 }} }},\n\
             {{ channels = 16, operators = ['add', 'conv'], layers = {{ min = 2, max = 3 }} }}]"
        )),
        space(&format!(
            "{narrow}levels = [{{ channels = 8, operators = ['shift', 'conv', 'add'], layers = {{ min = 0, max = 2 }} }},\n\
             {{ channels = 16, operators = ['conv'], layers = {{ min = 0, max = 2 }} }},\n\
             {{ channels = 12, operators = {all}, layers = {{ min = 1, max = 3 }} }}]"
        )),
    ]
}

fn paper() -> (Space, Task) {
    let text = include_str!("../../../../pipeline/manifests/imagenet.toml");
    let manifest: toml::Table = text.parse().unwrap();
    let space = manifest["stage"]["supernet"]["params"]["space"].clone().try_into().unwrap();
    (space, Task { input: FeatureMap { channels: 3, height: 224, width: 224 }, classes: 1000 })
}

/// Every point of a space, found by asking about every row of choices.
fn points(space: &Space) -> Vec<Genome> {
    let mut rows = vec![Vec::new()];
    for _ in 0..4 {
        rows = rows
            .iter()
            .flat_map(|row: &Vec<u16>| (0..12).map(move |choice| [row.as_slice(), &[choice]].concat()))
            .collect();
    }
    let points: Vec<Genome> = rows.into_iter().map(Genome).filter(|genome| space.contains(genome).is_ok()).collect();
    assert_eq!(points.len() as u128, space.size());
    points
}

/// An exact cost of a graph.
type Count = fn(&Graph) -> u64;

const COUNTS: [Count; 5] = [
    |graph| counts(graph).params.total(),
    |graph| counts(graph).macs.total(),
    |graph| counts(graph).macs.multiply,
    |graph| size_bytes(graph, BitWidth::Eight),
    |graph| size_bytes(graph, BitWidth::ThirtyTwo),
];

#[test]
fn counts_and_sizes_are_those_of_the_cheapest_and_dearest_of_all_architectures() {
    for space in small_spaces() {
        let trellis = space.trellis(TASK);
        let graphs: Vec<Graph> = points(&space).iter().map(|genome| space.graph(genome, TASK)).collect();
        for count in COUNTS {
            let all: Vec<u64> = graphs.iter().map(count).collect();
            let found = extremes(&trellis, |piece| Ok::<_, Infallible>(count(piece))).unwrap();
            assert_eq!(Some(&found.least.cost), all.iter().min());
            assert_eq!(Some(&found.most.cost), all.iter().max());
            for extreme in [found.least, found.most] {
                assert_eq!(space.contains(&extreme.genome), Ok(()));
                assert_eq!(count(&space.graph(&extreme.genome, TASK)), extreme.cost);
            }
        }
    }
}

#[test]
fn energies_and_latencies_are_those_of_the_cheapest_and_dearest_of_all_architectures() {
    let corrected = Accelerator::new(Hardware::preset("corrected").unwrap(), BitWidth::Eight);
    let cost = |graph: &Graph| corrected.network_cost(&Network::of_graph("", graph));
    type Of = fn(&crate::NetworkCost) -> f64;
    let parts: [Of; 2] = [|cost| cost.energy.total_mj, |cost| cost.latency_ms];
    for space in small_spaces() {
        let trellis = space.trellis(TASK);
        let all = points(&space).iter().map(|genome| cost(&space.graph(genome, TASK))).collect::<Result<Vec<_>, _>>();
        let all = all.unwrap();
        for of in parts {
            let found = extremes(&trellis, |piece| Ok::<_, AcceleratorError>(of(&cost(piece)?))).unwrap();
            let least = all.iter().map(of).fold(f64::INFINITY, f64::min);
            let most = all.iter().map(of).fold(0.0, f64::max);
            for (extreme, wanted) in [(found.least, least), (found.most, most)] {
                let own = of(&cost(&space.graph(&extreme.genome, TASK)).unwrap());
                assert!((extreme.cost - wanted).abs() <= SUMMATION * wanted, "{} {wanted}", extreme.cost);
                assert!((own - wanted).abs() <= SUMMATION * wanted, "{own} {wanted}");
            }
        }
    }
}

#[test]
fn the_papers_space_has_its_extremes_where_they_can_be_told_by_hand() {
    let (space, task) = paper();
    let trellis = space.trellis(task);
    let told = |count: Count| {
        let found = extremes(&trellis, |piece| Ok::<_, Infallible>(count(piece))).unwrap();
        [found.least, found.most].map(|extreme| (space.format(&extreme.genome), extreme.cost))
    };
    // Three levels offer operators that do not multiply, so none of their twelve layers is a convolution.
    let [least, _] = told(|graph| counts(graph).macs.multiply);
    assert!(least.0.chars().filter(|letter| letter.is_alphabetic()).take(12).all(|letter| letter != 'C'), "{least:?}");
    // A level has four times the weights of the one before: few scalars means few coarse layers.
    let [least, most] = told(|graph| counts(graph).params.total());
    assert_eq!(least.0.rsplit('.').next().map(str::len), Some(4), "{least:?}");
    assert_eq!(most.0.rsplit('.').next().map(str::len), Some(9), "{most:?}");
}

proptest! {
    #[test]
    fn no_architecture_of_the_papers_space_is_beyond_the_extremes(seed in any::<u64>()) {
        let (space, task) = paper();
        let trellis = space.trellis(task);
        let graph = space.graph(&space.sample(&mut ChaCha12Rng::seed_from_u64(seed)), task);
        for count in COUNTS {
            let found = extremes(&trellis, |piece| Ok::<_, Infallible>(count(piece))).unwrap();
            prop_assert!((found.least.cost..=found.most.cost).contains(&count(&graph)));
        }
    }
}
