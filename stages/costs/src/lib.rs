//! What a network costs before anybody trains it: exact counts read off its graph, what they cost on an accelerator, and
//! its latency on a device as far as rows measured there tell it.
//!
//! The nouns of counting:
//!
//! - [`Macs`]: multiply-accumulates by arithmetic, and the additions and operations that follow from them.
//! - [`Params`]: trained scalars by the arithmetic of the layer that owns them.
//! - [`NodeCounts`]: both for one node of a graph, one row of a table.
//! - [`Counts`]: the sums over a graph.
//! - [`latency::LatencyPredictor`]: milliseconds on a device, from networks measured there.
//! - [`AuditRow`]: a figure that the paper prints beside what is computed here.
//! - [`Extremes`]: the cheapest and the dearest architecture of a whole space.
//! - [`TranslationCost`]: a cost of translation networks by name; [`smallest`] finds its least value in a space.
//!
//! The counting rule is strict: what convolutions, shift and add layers, the classifier and the two products of an
//! attention compute is counted; normalisation, activation, pooling, softmax, biases and residual sums are free.
//! Counts of other tools that include those are a few tenths of a percent higher.
//!
//! The nouns of the accelerator:
//!
//! - [`Hardware`]: constants with their sources and named [`Assumptions`], a TOML file of `data/hardware`.
//! - [`Problem`]: the loop nest that a layer's [`Work`] is on a hardware, and its [`Tiling`].
//! - [`Accesses`]: how often a problem under a tiling touches each level of memory.
//! - [`LayerCost`] and [`NetworkCost`]: [`Energy`] and latency, with the digest of the hardware they hold for.
//! - [`Accelerator`]: a hardware at a bit width that remembers what it has searched.
//!
//! ```
//! use costs::{Accelerator, BitWidth, Hardware, Linear, Role, Work};
//! use spaces::Arithmetic;
//!
//! let accelerator = Accelerator::new(Hardware::preset("shiftaddnas-nlp")?, BitWidth::ThirtyTwo);
//! let arithmetic = Arithmetic::Multiply;
//! let linear = Work::Linear(Linear { arithmetic, rows: 30, inputs: 512, outputs: 512, role: Role::Plain });
//! let cost = accelerator.cost(&linear)?;
//! assert!((cost.energy.total_mj - 0.4098455552).abs() < 1e-9);
//! assert!((cost.latency_ms - 0.245760).abs() < 1e-9);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What it deliberately does not do: see weights (a zero weight counts like any other), run anything, read files,
//! compare costs of different hardware.

mod accelerator;
mod access;
mod clock;
mod cost;
mod counts;
mod energy;
mod error;
mod extremes;
mod hardware;
pub mod latency;
mod layer;
mod mapping;
mod module;
mod name;
mod named_network;
mod of_graph;
mod paper;
mod problem;
mod released_supernet;
mod size;
mod tiling;
mod translation;
mod unit_energy;
mod vision;
mod vision_space;

pub use accelerator::{Accelerator, AcceleratorError};
pub use access::{Accesses, Words};
pub use cost::{CostRatio, LayerCost, LayerRow, NetworkCost, Schedule, total};
pub use counts::{Counts, Macs, NodeCounts, Params, counts, node_counts};
pub use energy::{Energy, EnergyByData, EnergyByLevel};
pub use error::CostError;
pub use extremes::{Extreme, Extremes, extremes};
pub use hardware::{
    Accumulation, Assumptions, BitWidth, DramBandwidth, GroupedLayers, Hardware, HardwareDigest, HardwareError,
    LocalKernel, LocalProjections, MemoryLevels, ShiftMatrix, SingleRows,
};
pub use layer::{Layer, Linear, Local, Network, Official, Role, Window, Work};
pub use module::Module;
pub use name::NameError;
pub use named_network::{NamedNetwork, named_networks, network};
pub use paper::{AuditRow, How, PaperItem, Quoted, Relation, Verdict, audit};
pub use problem::{LARGEST_EXTENT, Problem, RepeatedProblem, UnitClass};
pub use released_supernet::{ReleasedSupernet, SupernetScalars, released_supernets};
pub use size::size_bytes;
pub use tiling::{Capacity, Tiling};
pub use translation::{
    Agreement, ArchitectureFileError, LanguagePair, NamedTransformer, Printed, PrintedError, Smallest, Sources, System,
    Table3Row, TranslationCost, TranslationCosts, TranslationPass, TranslationReference, read_transformer,
    released_objective_reward, smallest, table3, transformer, translation_costs, translation_network,
    translation_networks, translation_references, write_transformer,
};
pub use unit_energy::{Format, Technology, UnitEnergy, UnitEnergyRatio, unit_energies, unit_energy_ratios};
pub use vision_space::{Allocation, AllocationRule, VisionSpace, vision_spaces};
