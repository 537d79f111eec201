//! A small space with all operators and learnable pictures, for the tests of this crate.

use burn::tensor::Device;
use datasets::{Augmentation, ImageShape, Normalization, Part, Pictures, SourceKind, SourceOptions, SyntheticSize};
use spaces::{
    AttentionForm, CellSet, FeatureMap, Genome, HybridCnn, LayerRange, Level, Operator, PathWeighting, SearchSpace,
    Space, Stem, Task,
};

use crate::sharing::{Sharing, SharingMode, ShiftForm};
use crate::training::{Schedule, TrainingSettings};
use crate::{Network, Prior};

/// Edge of the pictures.
const EDGE: usize = 8;

/// Returns a space of two levels and three layers.
pub(crate) fn space() -> Space {
    let level = |channels| Level { channels, operators: Operator::ALL.to_vec(), layers: LayerRange { min: 1, max: 2 } };
    Space::HybridCnn(HybridCnn {
        stem: Stem { channels: 8, kernel: 3, stride: 1, pool: false },
        layers: 3,
        levels: vec![level(16), level(32)],
        bottleneck: 4,
        head_channels: 4,
        attention: AttentionForm::Standard,
        path_weighting: PathWeighting::Subnets,
        cells: CellSet::Reachable,
    })
}

/// Returns what the pictures ask for.
pub(crate) fn task() -> Task {
    Task { input: FeatureMap { channels: 3, height: EDGE, width: EDGE }, classes: 4 }
}

/// Returns a genome of the space by its printed form.
pub(crate) fn genome(text: &str) -> Genome {
    space().parse(text).expect("a point of the test space")
}

/// Returns synthetic pictures and their normalization.
pub(crate) fn pictures() -> (Pictures, Normalization) {
    let synthetic = SyntheticSize { train: 128, noise: 16.0, ..SyntheticSize::default() };
    let options = SourceOptions { size: Some(EDGE), synthetic, ..SourceOptions::default() };
    let source = datasets::open(SourceKind::Synthetic, None, &options).expect("a synthetic set needs no file");
    let shape = ImageShape { channels: 3, height: EDGE, width: EDGE };
    let mut pictures = Pictures::new(shape, 4);
    for example in source.examples(Part::Train).expect("a synthetic set has a train part") {
        pictures.push(&example.expect("synthetic examples are sound")).expect("of the set's shape");
    }
    let normalization = Normalization::measure(&pictures);
    (pictures, normalization)
}

/// Returns settings that learn the pictures in a few epochs.
pub(crate) fn settings(epochs: usize) -> TrainingSettings {
    TrainingSettings {
        epochs,
        batch_size: 16,
        learning_rate: 5e-3,
        schedule: Schedule::default(),
        optimizer: Default::default(),
        label_smoothing: 0.1,
        augmentation: Augmentation::default(),
        clip_norm: Some(5.0),
        add_gradient_scale: Some(0.2),
    }
}

/// Returns a fresh supernet of the space.
pub(crate) fn supernet(mode: SharingMode) -> Network {
    let sharing = Sharing { mode, segments: 10, refresh_every: 2, ..Sharing::default() };
    Network::supernet(&space().supernet(task()), sharing, ShiftForm::Q, 3, &Device::flex())
}

/// Returns the prior of a sharing mode.
pub(crate) fn prior(mode: SharingMode) -> Option<Prior> {
    (mode == SharingMode::Hws).then(Prior::default)
}
