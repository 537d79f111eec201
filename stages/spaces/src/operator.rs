use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The arithmetic of a block (Table 2 of ShiftAddNAS, arXiv 2205.08119).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Operator {
    /// Multi-head self-attention between two 1x1 convolutions (Eq. 1).
    Attention,
    /// Convolution, multiply and accumulate (Eq. 2).
    Conv,
    /// Convolution whose weights are sign · 2^p (Eq. 3).
    Shift,
    /// Negative l1 distance between input patch and weights (Eq. 4).
    Add,
}

impl Operator {
    /// All operators, in the order in which reports list them.
    pub const ALL: [Operator; 4] = [Operator::Attention, Operator::Conv, Operator::Shift, Operator::Add];

    /// Returns the letter that stands for the operator in a printed genome: A, C, S, D (adDer).
    pub const fn letter(self) -> char {
        match self {
            Operator::Attention => 'A',
            Operator::Conv => 'C',
            Operator::Shift => 'S',
            Operator::Add => 'D',
        }
    }

    /// Returns the name used in manifests and tables.
    pub const fn name(self) -> &'static str {
        match self {
            Operator::Attention => "attention",
            Operator::Conv => "conv",
            Operator::Shift => "shift",
            Operator::Add => "add",
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
