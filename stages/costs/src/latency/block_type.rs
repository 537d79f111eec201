use serde::{Deserialize, Serialize};

/// What a block of the translation space is made of, as the columns of block types name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockType {
    /// Attention.
    Attention,
    /// Convolution.
    Conv,
    /// Add.
    Add,
    /// Shift, then add.
    ShiftAdd,
    /// Attention in one branch, convolution in the other.
    AttentionConv,
    /// Attention in one branch, add in the other.
    AttentionAdd,
    /// Attention in one branch, shift and add in the other.
    AttentionShiftAdd,
}

impl BlockType {
    /// All block types, in the order of their one-hot code.
    pub const ALL: [BlockType; 7] = [
        BlockType::Attention,
        BlockType::Conv,
        BlockType::Add,
        BlockType::ShiftAdd,
        BlockType::AttentionConv,
        BlockType::AttentionAdd,
        BlockType::AttentionShiftAdd,
    ];

    /// Returns the name that a table of latencies uses.
    pub const fn name(self) -> &'static str {
        match self {
            BlockType::Attention => "self_attention",
            BlockType::Conv => "lightweight_conv",
            BlockType::Add => "lightweight_add",
            BlockType::ShiftAdd => "lightweight_shiftadd",
            BlockType::AttentionConv => "self_attention+lightweight_conv",
            BlockType::AttentionAdd => "self_attention+lightweight_add",
            BlockType::AttentionShiftAdd => "self_attention+lightweight_shiftadd",
        }
    }

    /// Returns the block type of that name.
    pub fn of_name(name: &str) -> Option<BlockType> {
        Self::ALL.into_iter().find(|block| block.name() == name)
    }
}
