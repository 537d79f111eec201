use serde::Serialize;
use spaces::{Arithmetic, Operator};

use crate::{CostError, Macs};

/// A network as counting rules and hardware models see it: layers in execution order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Network {
    /// What it is called.
    pub name: String,
    /// Its layers; names are unique.
    pub layers: Vec<Layer>,
}

/// One layer: what it computes for one picture or sentence, and what it stores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// Name, for example `layers.3.expand`.
    pub name: String,
    /// Operator of the block that owns it; `None` outside searchable layers.
    pub operator: Option<Operator>,
    /// What it computes.
    pub work: Work,
    /// Trained scalars; the exponents and signs of a shift layer of form PS count both.
    pub params: u64,
    /// What the counters of the paper's authors say of it.
    pub official: Official,
}

/// What the counters of the paper's authors say of a layer: the figures of their tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Official {
    /// Trained scalars.
    pub params: u64,
    /// Operations; two per multiply-accumulate, and what else their counter adds.
    pub flops: u64,
}

/// What a layer computes for one picture or sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "work", rename_all = "kebab-case")]
pub enum Work {
    /// A convolution-like layer on maps.
    Window(Window),
    /// A matrix of weights applied to every row: y = W x.
    Linear(Linear),
    /// A product of two activations, as in attention: `batch` products of `[rows, inner]` and `[inner, columns]`.
    Product {
        /// Number of products, for example heads.
        batch: u64,
        /// Rows of the left factor.
        rows: u64,
        /// What is summed over.
        inner: u64,
        /// Columns of the right factor.
        columns: u64,
    },
    /// The kernel of a translation block's local branch: every channel sees `taps` neighbours in time.
    Local(Local),
    /// Normalisation, activation, pooling, sums, embeddings: nothing that a strict count or the hardware model counts.
    Free,
}

/// The geometry of a convolution-like layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Window {
    /// How weights and inputs meet.
    pub arithmetic: Arithmetic,
    /// Input channels.
    pub in_channels: u64,
    /// Output channels.
    pub out_channels: u64,
    /// Input rows.
    pub height: u64,
    /// Input columns.
    pub width: u64,
    /// Output rows.
    pub out_height: u64,
    /// Output columns.
    pub out_width: u64,
    /// Edge of the square window.
    pub kernel: u64,
    /// Step of the window.
    pub stride: u64,
    /// Channel groups.
    pub groups: u64,
}

/// A matrix of weights applied to rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Linear {
    /// How weights and inputs meet.
    pub arithmetic: Arithmetic,
    /// Rows, for example tokens.
    pub rows: u64,
    /// Values of a row.
    pub inputs: u64,
    /// Values of an output row.
    pub outputs: u64,
    /// What the matrix is for, which one of the released hardware models asks.
    pub role: Role,
}

/// What a matrix is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Nothing special.
    Plain,
    /// W_a or W_b of a local branch whose operator has this arithmetic.
    Projection(Arithmetic),
    /// The shift matrix between W_a and the kernel of a shift branch.
    ShiftMatrix,
}

/// The kernel of a local branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Local {
    /// Multiply for Conv, add for Add and Shift.
    pub arithmetic: Arithmetic,
    /// Positions.
    pub tokens: u64,
    /// Channels.
    pub width: u64,
    /// Length of the kernel.
    pub taps: u64,
    /// Attention heads of the layer, which the released hardware model takes for channels.
    pub heads: u64,
}

impl Work {
    /// Returns how weights and inputs meet; `None` where nothing is multiplied, shifted or subtracted.
    pub const fn arithmetic(&self) -> Option<Arithmetic> {
        match self {
            Work::Window(window) => Some(window.arithmetic),
            Work::Linear(linear) => Some(linear.arithmetic),
            Work::Product { .. } => Some(Arithmetic::Multiply),
            Work::Local(local) => Some(local.arithmetic),
            Work::Free => None,
        }
    }

    /// Returns the multiply-accumulates of its arithmetic: one per tap of every output, taps on the padding included.
    ///
    /// # Errors
    /// [`CostError::Overflow`] if they exceed 64 bits, [`CostError::Zero`] if a size or a group is none.
    pub fn macs(&self) -> Result<u64, CostError> {
        let factors = match *self {
            Work::Window(Window { in_channels, out_channels, out_height, out_width, kernel, groups, .. }) => {
                if groups == 0 || !in_channels.is_multiple_of(groups) || !out_channels.is_multiple_of(groups) {
                    return Err(CostError::Groups { groups, in_channels, out_channels });
                }
                vec![out_channels, out_height, out_width, in_channels / groups, kernel, kernel]
            }
            Work::Linear(Linear { rows, inputs, outputs, .. }) => vec![rows, inputs, outputs],
            Work::Product { batch, rows, inner, columns } => vec![batch, rows, inner, columns],
            Work::Local(Local { tokens, width, taps, .. }) => vec![tokens, width, taps],
            Work::Free => return Ok(0),
        };
        if factors.contains(&0) {
            return Err(CostError::Zero { work: *self });
        }
        let product = factors.iter().try_fold(1_u64, |product, &factor| product.checked_mul(factor));
        product.ok_or(CostError::Overflow { work: *self })
    }
}

impl Network {
    /// Returns the multiply-accumulates of all layers by arithmetic, counted strictly.
    ///
    /// # Errors
    /// As [`Work::macs`], and [`CostError::Total`] if a sum exceeds 64 bits.
    pub fn macs(&self) -> Result<Macs, CostError> {
        let mut total = Macs::default();
        for layer in &self.layers {
            let Some(arithmetic) = layer.work.arithmetic() else { continue };
            let sum = total.of_mut(arithmetic);
            *sum =
                sum.checked_add(layer.work.macs()?).ok_or_else(|| CostError::Total { network: self.name.clone() })?;
        }
        Ok(total)
    }

    /// Returns the trained scalars.
    pub fn params(&self) -> u64 {
        self.layers.iter().map(|layer| layer.params).sum()
    }

    /// Returns what the counters of the paper's authors say.
    pub fn official(&self) -> Official {
        let sum = |sum: Official, layer: &Layer| Official {
            params: sum.params + layer.official.params,
            flops: sum.flops + layer.official.flops,
        };
        self.layers.iter().fold(Official::default(), sum)
    }

    /// Returns the authors' operations of the layers of one arithmetic; layers without one count as multiplying.
    pub fn official_flops(&self, arithmetic: Arithmetic) -> u64 {
        let of = |layer: &&Layer| layer.work.arithmetic().unwrap_or(Arithmetic::Multiply) == arithmetic;
        self.layers.iter().filter(of).map(|layer| layer.official.flops).sum()
    }
}
