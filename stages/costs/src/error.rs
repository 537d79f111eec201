use thiserror::Error;

use crate::Work;

/// Why something has no cost.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum CostError {
    /// A count exceeds 64 bits.
    #[error("the multiply-accumulates of {work:?} exceed 64 bits")]
    Overflow {
        /// The layer's work.
        work: Work,
    },
    /// A size is 0.
    #[error("every size of a layer is at least 1, found {work:?}")]
    Zero {
        /// The layer's work.
        work: Work,
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
    /// A sum over layers exceeds 64 bits.
    #[error("the counts of network `{network}` exceed 64 bits")]
    Total {
        /// Name of the network.
        network: String,
    },
}
