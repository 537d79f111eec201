//! How long the cost model takes, beside the time that it may take.

use std::hint::black_box;

use costs::{Accelerator, BitWidth, Network, Work, network};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use spaces::{FeatureMap, Genome, SearchSpace, Space, Task};

use super::{Bench, Case};
use crate::cost::Cost;
use crate::cost_model::{Bits, CostModel};
use crate::costing::{self, CostingError, manifest_space};

/// The paper's space as it is shipped.
const PAPER: &str = include_str!("../../../pipeline/manifests/imagenet.toml");
/// The hardware that is timed.
const HARDWARE: &str = "corrected";
/// Look-ups of one layer that are timed together.
const LOOK_UPS: usize = 100_000;
/// Random networks that are costed together.
const NETWORKS: usize = 1_000;
/// What the paper's networks read and answer.
const TASK: Task = Task { input: FeatureMap { channels: 3, height: 224, width: 224 }, classes: 1000 };
/// Seed of the networks.
const SEED: u64 = 1;

/// Runs all cases.
///
/// # Errors
/// If something has no cost, which would be a defect of the model.
pub fn run(bench: &mut Bench<'_>) -> Result<(), CostingError> {
    let network = network("T1_mix_v4", 256)?;
    let slowest = layers(bench, &network)?;
    let warm = accelerator()?;
    warm.cost(&slowest)?;
    let case =
        Case { case: "100,000 look-ups of a known layer", reference: "limit, 1 µs each", ops: LOOK_UPS, ..CASE };
    bench.compare_with(case, || (0..LOOK_UPS).for_each(|_| keep(warm.cost(black_box(&slowest)))), 100.0);
    let space = manifest_space("imagenet.toml".as_ref(), PAPER)?;
    random_networks(bench, &space, &warm)?;
    whole_space(bench, &space)
}

const CASE: Case<'static> = Case { case: "", reference: "", threads: 1, ops: 0, goal: Some(1.0) };

/// Times the search over tilings of a network's slowest layer, and returns it.
fn layers(bench: &mut Bench<'_>, network: &Network) -> Result<Work, CostingError> {
    let mut slowest = (0.0, Work::Free);
    for layer in &network.layers {
        let mut failed = None;
        let time = bench.time(|| failed = accelerator().and_then(|cold| Ok(cold.cost(&layer.work)?)).err());
        if let Some(error) = failed {
            return Err(error);
        }
        if time > slowest.0 {
            slowest = (time, layer.work);
        }
    }
    let case = Case { case: "slowest layer of T1_mix_v4 at 256, cold", reference: "limit, 20 ms", ..CASE };
    bench.compare_with(case, || keep(accelerator().map(|cold| cold.cost(&slowest.1))), 20.0);
    Ok(slowest.1)
}

/// Times networks of the paper's space, drawn, built and costed.
fn random_networks(bench: &mut Bench<'_>, space: &Space, warm: &Accelerator) -> Result<(), CostingError> {
    let genomes = genomes(space);
    let cost = |genome: &Genome| warm.network_cost(&Network::of_graph("random", &space.graph(genome, TASK)));
    for genome in &genomes {
        cost(genome)?;
    }
    let case = Case {
        case: "1,000 random networks of the paper's space, layers known",
        reference: "limit, 1 s",
        ops: NETWORKS,
        ..CASE
    };
    bench.compare_with(case, || genomes.iter().for_each(|genome| keep(cost(genome))), 1000.0);
    Ok(())
}

/// Times the least and the most that an architecture of the paper's space costs, in all costs that can be limited.
fn whole_space(bench: &mut Bench<'_>, space: &Space) -> Result<(), CostingError> {
    let model = CostModel::new(costing::hardware(HARDWARE)?, Bits::ThirtyTwo);
    let extremes = || {
        let trellis = space.trellis(TASK);
        Cost::ALL.into_iter().try_for_each(|cost| model.extremes(cost, &trellis).map(keep))
    };
    extremes()?;
    let case = Case {
        case: "least and most of the paper's space in all six costs, layers known",
        reference: "limit, 1 s",
        ..CASE
    };
    bench.compare_with(case, || keep(extremes()), 1000.0);
    Ok(())
}

fn genomes(space: &Space) -> Vec<Genome> {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    (0..NETWORKS).map(|_| space.sample(&mut rng)).collect()
}

fn accelerator() -> Result<Accelerator, CostingError> {
    costing::accelerator(HARDWARE, BitWidth::ThirtyTwo)
}

fn keep<T>(value: T) {
    black_box(value);
}
