//! What a network costs before anybody trains it: exact integers read off its graph, and its latency on a device as far
//! as rows measured there tell it.
//!
//! The nouns:
//!
//! - [`Macs`]: multiply-accumulates by arithmetic, and the additions and operations that follow from them.
//! - [`Params`]: trained scalars by the arithmetic of the layer that owns them.
//! - [`NodeCounts`]: both for one node of a graph, one row of a table.
//! - [`Counts`]: the sums over a graph.
//! - [`latency::LatencyPredictor`]: milliseconds on a device, from networks measured there.
//!
//! The counting rule is strict: what convolutions, shift and add layers, the classifier and the two products of an
//! attention compute is counted; normalisation, activation, pooling, softmax, biases and residual sums are free.
//! Counts of other tools that include those are a few tenths of a percent higher.
//!
//! What it deliberately does not do: see weights (a zero weight counts like any other), run anything, read files.

mod accelerator;
mod access;
mod clock;
mod cost;
mod counts;
mod energy;
mod error;
mod hardware;
pub mod latency;
mod layer;
mod mapping;
mod module;
mod name;
mod named_network;
mod of_graph;
mod problem;
mod released_supernet;
mod tiling;
mod translation;
mod vision;
mod vision_space;

pub use accelerator::{Accelerator, AcceleratorError};
pub use access::{Accesses, Words};
pub use cost::{CostRatio, LayerCost, LayerRow, NetworkCost, Schedule, total};
pub use counts::{Counts, Macs, NodeCounts, Params, counts, node_counts};
pub use energy::{Energy, EnergyByData, EnergyByLevel};
pub use error::CostError;
pub use hardware::{
    Accumulation, Assumptions, BitWidth, DramBandwidth, GroupedLayers, Hardware, HardwareDigest, HardwareError,
    LocalKernel, LocalProjections, MemoryLevels, ShiftMatrix, SingleRows,
};
pub use layer::{Layer, Linear, Local, Network, Official, Role, Window, Work};
pub use module::Module;
pub use name::NameError;
pub use named_network::{NamedNetwork, named_networks, network};
pub use problem::{LARGEST_EXTENT, Problem, RepeatedProblem, UnitClass};
pub use released_supernet::{ReleasedSupernet, SupernetScalars, released_supernets};
pub use tiling::{Capacity, Tiling};
pub use translation::{
    Agreement, LanguagePair, NamedTransformer, Printed, PrintedError, Sources, System, Table3Row, TranslationPass,
    TranslationReference, table3, transformer, translation_network, translation_networks, translation_references,
};
pub use vision_space::{Allocation, AllocationRule, VisionSpace, vision_spaces};
