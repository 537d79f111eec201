use serde::{Deserialize, Serialize};

/// The switches that tell hardware descriptions apart beside their constants.
///
/// Every field stands in the file's table `[assumptions]`; none has a default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assumptions {
    /// What a layer with channel groups is.
    pub grouped_layers: GroupedLayers,
    /// Whether accumulations cost energy.
    pub accumulation: Accumulation,
    /// Where add layers pay for their data.
    pub add_memory: MemoryLevels,
    /// When the array may hold one output row at a time.
    pub single_rows: SingleRows,
    /// Whether the channel to DRAM bounds the latency.
    pub dram_bandwidth: DramBandwidth,
    /// What the projections of a translation network's local branches are.
    pub local_projections: LocalProjections,
    /// What the shift matrix of a shift branch costs.
    pub shift_matrix: ShiftMatrix,
    /// What the kernel of a local branch is.
    pub local_kernel: LocalKernel,
}

/// What a layer with channel groups is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupedLayers {
    /// A dense layer of all channels: the groups are ignored, as in the release.
    Dense,
    /// One problem of the channels of a group, once per group, one after the other.
    PerGroup,
}

/// Whether accumulations cost energy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Accumulation {
    /// A tap costs its multiplication, shift or first addition, as in the release.
    Free,
    /// A tap costs its accumulation too; a tap of an add layer then costs two additions.
    Counted,
}

/// Where the data of a layer costs energy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemoryLevels {
    /// In the register files and where partial sums are handed on; DRAM, buffer and delivery over the network are
    /// free, as for add layers of the release.
    RegistersAndSums,
    /// At every level.
    AllLevels,
}

/// When the array may hold one output row at a time (E1 = 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SingleRows {
    /// Only if the map has one row, as in the release; a map whose rows are a large prime then has no tiling.
    OneRowMapsOnly,
    /// Always.
    Allowed,
}

/// Whether the channel to DRAM bounds the latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DramBandwidth {
    /// Latency is computing time alone, as in the release.
    Unlimited,
    /// Latency is the longer of computing time and the time that all words to and from DRAM take on the bus.
    Bounded,
}

/// What the projections W_a and W_b of a local branch are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LocalProjections {
    /// Words and cycles of shift layers around the arithmetic of the branch: shift for shift branches, multiply for
    /// the others. As in the release, for all branches.
    ShiftClass,
    /// Layers of their own arithmetic.
    OwnArithmetic,
}

/// What the shift matrix of a shift branch costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShiftMatrix {
    /// Nothing, as in the release.
    Free,
    /// What a shift layer of its size costs.
    Counted,
}

/// What the kernel of a local branch of width w and K taps is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LocalKernel {
    /// w / h dense convolutions of h channels with a window of ⌊√K⌋ × ⌊√K⌋ on one column of tokens, h the attention
    /// heads, data free above the register files: the stand-in of the release.
    DenseStandIn,
    /// One problem per channel: K taps along one column of tokens.
    DepthWise,
}
