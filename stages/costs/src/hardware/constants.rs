use serde::Serialize;
use spaces::Arithmetic;

/// Energy of one access per 16 bits of the word, in attojoules (10⁻⁶ pJ).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Memory {
    pub dram_aj: u64,
    pub buffer_aj: u64,
    /// Delivery of inputs and weights to the array.
    pub network_aj: u64,
    /// A partial sum handed from element to element.
    pub partial_sum_aj: u64,
    /// Inputs and partial sums in a register file.
    pub register_aj: u64,
    /// Weights in a register file.
    pub register_weight_aj: u64,
}

/// The channel to DRAM: so many bits per cycle of so many femtoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Bus {
    pub bits: u64,
    pub cycle_fs: u64,
}

/// What an arithmetic costs in one processing element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Unit {
    /// Multiplication, shift or subtraction of one tap, attojoules.
    pub operation_aj: u64,
    /// Its accumulation, attojoules.
    pub accumulate_aj: u64,
    /// Bits of a word of inputs, weights and outputs in memory.
    pub word_bits: u64,
    /// Time of one tap, femtoseconds.
    pub cycle_fs: u64,
}

/// What a tiling may hold at once; all but the first are exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Limits {
    /// M0.
    pub filters_at_most: u64,
    /// C0 · S.
    pub row_values_below: u64,
    /// M0 · C0 · S.
    pub weights_below: u64,
    /// M1 · C1 · E1 · R.
    pub elements_below: u64,
    /// Words of inputs and partial sums in the buffer.
    pub buffer_words_below: u64,
}

/// All constants of one bit width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Width {
    pub multiply: Unit,
    pub shift: Unit,
    pub add: Unit,
    pub limits: Limits,
}

impl Width {
    pub const fn unit(&self, arithmetic: Arithmetic) -> &Unit {
        match arithmetic {
            Arithmetic::Multiply => &self.multiply,
            Arithmetic::Shift => &self.shift,
            Arithmetic::Add => &self.add,
        }
    }
}
