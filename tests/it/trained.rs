//! Small trained networks of the hybrid CNN space, made inside this process.

use std::ops::ControlFlow;

use datasets::{Augmentation, Flip, Normalization, Part, Pictures, SourceKind, SourceOptions, SyntheticSize};
use networks::training::{Schedule, Trainer, TrainingSettings};
use networks::{Device, Network, ShiftForm};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use spaces::{Architecture, AttentionForm, FeatureMap, Genome, HybridCnn, Space, Task, Weights};

/// Edge of the pictures: odd, so that strides meet a rest.
const SIZE: usize = 15;
const CLASSES: usize = 4;

/// Two levels with every operator, at most two layers each.
const SPACE: &str = r#"
stem = { channels = 6, kernel = 3, stride = 1 }
layers = 3
head_channels = 2
levels = [
    { channels = 12, operators = ["attention", "conv", "shift", "add"], layers = { min = 1, max = 2 } },
    { channels = 24, operators = ["attention", "conv", "shift", "add"], layers = { min = 1, max = 2 } },
]
"#;

/// Returns the space with the given attention.
pub fn space(attention: AttentionForm) -> Space {
    let space: HybridCnn = toml::from_str(SPACE).unwrap();
    Space::HybridCnn(HybridCnn { attention, ..space })
}

/// Returns what the networks are for.
pub fn task() -> Task {
    Task { input: FeatureMap { channels: 3, height: SIZE, width: SIZE }, classes: CLASSES }
}

/// Returns train pictures with the normalization of their pixels.
pub fn pictures() -> (Pictures, Normalization) {
    let synthetic = SyntheticSize { classes: CLASSES, train: 96, test: 4, ..SyntheticSize::default() };
    let options = SourceOptions { size: Some(SIZE), synthetic, ..SourceOptions::default() };
    let source = datasets::open(SourceKind::Synthetic, None, &options).unwrap();
    let mut pictures = Pictures::new(source.shape(), CLASSES);
    source.examples(Part::Train).unwrap().for_each(|example| pictures.push(&example.unwrap()).unwrap());
    let pixels = Normalization::measure(&pictures);
    (pictures, pixels)
}

/// Returns the weights of an architecture after some epochs.
///
/// Normalisations in front of a residual sum start at zero, which would hide their blocks; they are drawn anew.
pub fn trained(architecture: &Architecture, shift: ShiftForm, epochs: usize, seed: u64) -> Weights {
    let graph = architecture.graph();
    let mut network = Network::subnet(&graph, shift, seed, &device());
    draw_normalisations(&mut network, seed);
    let settings = settings(epochs);
    let mut trainer = Trainer::new(network, &settings, None, seed);
    let (pictures, pixels) = pictures();
    for _ in 0..epochs {
        trainer.epoch(&pictures, &pixels, |_| graph.clone(), |_, _| ControlFlow::Continue(())).unwrap();
    }
    trainer.network.export(&graph, &trainer.statistics).unwrap()
}

/// Returns the architecture of a random point of the space.
pub fn random_architecture(space: &Space, seed: u64) -> Architecture {
    use spaces::SearchSpace;
    architecture(space, space.sample(&mut ChaCha12Rng::seed_from_u64(seed)))
}

/// Returns the architecture of a point of the space.
pub fn architecture(space: &Space, genome: Genome) -> Architecture {
    Architecture::new(space.clone(), genome, task()).unwrap()
}

/// Returns the device of all tests.
pub fn device() -> Device {
    networks::device::device("flex").unwrap()
}

fn draw_normalisations(network: &mut Network, seed: u64) {
    let mut rng = ChaCha12Rng::seed_from_u64(seed);
    let mut uniform = |low: f32, high: f32| low + (high - low) * (rng.next_u32() as f32 / u32::MAX as f32);
    let vectors: Vec<(String, Vec<usize>)> =
        network.parameters.iter().map(|(key, parameter)| (key.clone(), parameter.shape.clone())).collect();
    for (key, shape) in vectors {
        let (low, high) = match key.rsplit('.').next() {
            Some("gamma") => (0.5, 1.5),
            Some("beta" | "bias") => (-0.5, 0.5),
            _ => continue,
        };
        let values = (0..shape[0]).map(|_| uniform(low, high)).collect();
        network.parameters.insert(key, shape, values);
    }
}

fn settings(epochs: usize) -> TrainingSettings {
    TrainingSettings {
        epochs,
        batch_size: 16,
        learning_rate: 4e-3,
        schedule: Schedule::default(),
        optimizer: networks::training::OptimizerSettings::default(),
        label_smoothing: 0.0,
        augmentation: Augmentation { flip: Flip::Horizontal, ..Augmentation::default() },
        clip_norm: None,
        add_gradient_scale: Some(0.2),
    }
}
