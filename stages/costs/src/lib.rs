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

mod counts;
mod error;
pub mod latency;
mod layer;

pub use counts::{Counts, Macs, NodeCounts, Params, counts, node_counts};
pub use error::CostError;
pub use layer::{Layer, Linear, Local, Network, Official, Role, Window, Work};
