//! Ids that every dictionary begins with, in the order of fairseq.

/// Start of sentence; nothing here writes it.
pub const BEGIN: u32 = 0;
/// Padding.
pub const PAD: u32 = 1;
/// End of sentence; also the first token a decoder reads.
pub const END: u32 = 2;
/// A token that is not in the dictionary.
pub const UNKNOWN: u32 = 3;
/// Their spellings, by id.
pub const SPELLINGS: [&str; 4] = ["<s>", "<pad>", "</s>", "<unk>"];
