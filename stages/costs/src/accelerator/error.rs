use thiserror::Error;

use crate::{Capacity, HardwareDigest, Problem};

/// Why an accelerator has no cost for something, or refuses to compare costs.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum AcceleratorError {
    /// An extent is 0 or larger than is searched.
    #[error("extent `{extent}` is {value}, wanted 1 to {limit}")]
    Extent {
        /// Which extent of [`Problem`].
        extent: &'static str,
        /// Its value.
        value: u64,
        /// Largest value.
        limit: u64,
    },
    /// Groups do not divide the channels.
    #[error("{groups} groups do not divide {in_channels} input and {out_channels} output channels")]
    Groups {
        /// Groups.
        groups: u64,
        /// Input channels.
        in_channels: u64,
        /// Output channels.
        out_channels: u64,
    },
    /// Heads do not divide the channels of a local branch.
    #[error("{heads} heads do not divide {width} channels of a local branch")]
    Heads {
        /// Attention heads.
        heads: u64,
        /// Channels.
        width: u64,
    },
    /// Not even the tiling with the least factors fits.
    #[error("no tiling fits: {capacity:?} wants at least {needed}, fewer than {limit} are there, for {problem:?}")]
    NoTiling {
        /// The capacity that is too small.
        capacity: Capacity,
        /// What the least tiling needs.
        needed: u64,
        /// The exclusive limit.
        limit: u64,
        /// What was to be computed.
        problem: Problem,
    },
    /// Counts, energy or latency exceed the integers that keep them exact.
    #[error("the counts of {problem:?} are too large to be exact")]
    TooLarge {
        /// What was to be computed.
        problem: Problem,
    },
    /// A layer of a network has no cost.
    #[error("layer `{layer}` of network `{network}` has no cost")]
    Layer {
        /// Name of the network.
        network: String,
        /// Name of the layer.
        layer: String,
        /// Why.
        #[source]
        reason: Box<AcceleratorError>,
    },
    /// Two costs belong to different hardware.
    #[error(
        "costs of hardware {} and {} are not comparable; cost both again with one `Accelerator`, that is with one \
         hardware and one bit width",
        short(left),
        short(right)
    )]
    DifferentHardware {
        /// Hardware of the first.
        left: HardwareDigest,
        /// Hardware of the other.
        right: HardwareDigest,
    },
}

/// Twelve digits tell two digests apart for a reader.
fn short(digest: &HardwareDigest) -> String {
    digest.to_string()[..12].to_owned()
}
