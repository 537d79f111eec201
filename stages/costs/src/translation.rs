//! Translation networks as layers, the published ones by name, and what is published of their costs.
//!
//! Counting rules of the authors: see [`transformer`]. Names of layers: `encoder.0.self_attention.query`,
//! `encoder.0.local.kernel`, `encoder.0.mix_norm`, `encoder.0.mlp.expand`, `decoder.0.cross_attention.scores` and so on.

mod architecture_file;
mod attention;
mod builder;
mod cost;
mod local;
mod mixing;
mod named;
mod network;
mod pass;
mod printed;
mod reference;
mod released_objective;
mod rows;
mod smallest;
mod table3;

pub use architecture_file::{ArchitectureFileError, read_transformer, write_transformer};
pub use cost::{TranslationCost, TranslationCosts, translation_costs};
pub use named::{NamedTransformer, translation_network, translation_networks};
pub use network::transformer;
pub use pass::{Sources, TranslationPass};
pub use printed::{Agreement, Printed, PrintedError};
pub use reference::{TranslationReference, translation_references};
pub use released_objective::released_objective_reward;
pub(crate) use rows::rows;
pub use smallest::{Smallest, smallest};
pub use table3::{LanguagePair, System, Table3Row, table3};
