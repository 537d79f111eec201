use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Arithmetic, Operator};

/// Kernel lengths of local operators by layer, encoder and decoder alike; later layers have the last one.
const KERNEL_LENGTHS: [usize; 6] = [3, 7, 15, 31, 31, 31];
/// Kernels of a local operator that has the whole width; channels of one head share one.
const FULL_WIDTH_KERNELS: usize = 16;
/// Kernels of a local operator beside an attention.
const HALF_WIDTH_KERNELS: usize = 4;

/// How a layer of a translation network mixes positions: one branch, or attention and a local branch side by side.
///
/// With two branches the first half of the channels goes to attention, the second half to the local operator, and
/// the outputs are concatenated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Mix {
    /// Lightweight convolution over time.
    #[serde(rename = "C")]
    Conv,
    /// Negative l1 distance to a kernel over time (adDer).
    #[serde(rename = "D")]
    Add,
    /// A shift layer, then as [`Mix::Add`].
    #[serde(rename = "S")]
    Shift,
    /// Multi-head attention.
    #[serde(rename = "A")]
    Attention,
    /// Attention beside [`Mix::Conv`].
    #[serde(rename = "AC")]
    AttentionConv,
    /// Attention beside [`Mix::Add`].
    #[serde(rename = "AD")]
    AttentionAdd,
    /// Attention beside [`Mix::Shift`].
    #[serde(rename = "AS")]
    AttentionShift,
}

/// What a local branch computes between its two projections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LocalOperator {
    /// Lightweight convolution.
    Conv,
    /// Add kernel.
    Add,
    /// Shift layer and add kernel.
    Shift,
}

impl Mix {
    /// All mixes, in the order of the class index of the released latency predictors.
    pub const ALL: [Mix; 7] =
        [Mix::Conv, Mix::Add, Mix::Shift, Mix::Attention, Mix::AttentionConv, Mix::AttentionAdd, Mix::AttentionShift];
    /// The mixes with attention, in the order of the class index of decoder layers.
    pub const ATTENDING: [Mix; 4] = [Mix::Attention, Mix::AttentionConv, Mix::AttentionAdd, Mix::AttentionShift];

    /// Returns the letters of its branches: A attention, C conv, D add, S shift.
    pub const fn letters(self) -> &'static str {
        match self {
            Mix::Conv => "C",
            Mix::Add => "D",
            Mix::Shift => "S",
            Mix::Attention => "A",
            Mix::AttentionConv => "AC",
            Mix::AttentionAdd => "AD",
            Mix::AttentionShift => "AS",
        }
    }

    /// Returns the operator of the local branch, `None` without one.
    pub const fn local(self) -> Option<LocalOperator> {
        match self {
            Mix::Conv | Mix::AttentionConv => Some(LocalOperator::Conv),
            Mix::Add | Mix::AttentionAdd => Some(LocalOperator::Add),
            Mix::Shift | Mix::AttentionShift => Some(LocalOperator::Shift),
            Mix::Attention => None,
        }
    }

    /// Returns whether one branch is attention.
    pub const fn attends(self) -> bool {
        match self {
            Mix::Conv | Mix::Add | Mix::Shift => false,
            Mix::Attention | Mix::AttentionConv | Mix::AttentionAdd | Mix::AttentionShift => true,
        }
    }

    /// Returns the number of branches, 1 or 2. Each has that part of the layer's width.
    pub const fn branches(self) -> usize {
        match self {
            Mix::Conv | Mix::Add | Mix::Shift | Mix::Attention => 1,
            Mix::AttentionConv | Mix::AttentionAdd | Mix::AttentionShift => 2,
        }
    }

    /// Returns the kernels of the local branch, whatever the attention heads; 0 without one.
    pub const fn kernels(self) -> usize {
        match self {
            Mix::Conv | Mix::Add | Mix::Shift => FULL_WIDTH_KERNELS,
            Mix::AttentionConv | Mix::AttentionAdd | Mix::AttentionShift => HALF_WIDTH_KERNELS,
            Mix::Attention => 0,
        }
    }

    /// Returns the smallest number that has to divide the width of a layer with this mix.
    pub const fn width_divisor(self) -> usize {
        match self {
            Mix::Attention => 1,
            Mix::Conv | Mix::Add | Mix::Shift => FULL_WIDTH_KERNELS,
            Mix::AttentionConv | Mix::AttentionAdd | Mix::AttentionShift => 2 * HALF_WIDTH_KERNELS,
        }
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.letters())
    }
}

impl LocalOperator {
    /// Returns the operator that gives the branch its name.
    pub const fn operator(self) -> Operator {
        match self {
            LocalOperator::Conv => Operator::Conv,
            LocalOperator::Add => Operator::Add,
            LocalOperator::Shift => Operator::Shift,
        }
    }

    /// Returns the arithmetic that gives the branch its name.
    pub const fn arithmetic(self) -> Arithmetic {
        match self {
            LocalOperator::Conv => Arithmetic::Multiply,
            LocalOperator::Add => Arithmetic::Add,
            LocalOperator::Shift => Arithmetic::Shift,
        }
    }

    /// Returns the arithmetic of the kernel: a shift branch shifts in its matrix only, its kernel is an add kernel.
    pub const fn kernel_arithmetic(self) -> Arithmetic {
        match self {
            LocalOperator::Conv => Arithmetic::Multiply,
            LocalOperator::Add | LocalOperator::Shift => Arithmetic::Add,
        }
    }
}

/// Returns the length of a local operator's kernel in a layer, counted from 0 in encoder and decoder alike.
pub fn kernel_length(layer: usize) -> usize {
    KERNEL_LENGTHS[layer.min(KERNEL_LENGTHS.len() - 1)]
}
