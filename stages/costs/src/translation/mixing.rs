use spaces::{LinearForm, Mix, Operator};

use crate::Layer;

use super::attention::Attention;
use super::builder::Part;
use super::local::LocalBranch;

/// The geometry of what mixes positions in one layer: attention, a local branch, or each on half of the channels.
pub(super) struct Mixing {
    /// The branches.
    pub mix: Mix,
    /// Heads of self-attention.
    pub heads: u64,
    /// Width of queries, keys and values, also for half of the channels.
    pub inner: u64,
    /// Length of the local kernel.
    pub taps: u64,
    /// Width of the layer.
    pub width: u64,
    /// Positions.
    pub tokens: u64,
    /// Arithmetic of the matrices around attention and local kernel.
    pub form: LinearForm,
}

impl Mixing {
    /// Appends the layers of the branches, attention first.
    pub(super) fn append(&self, layers: &mut Vec<Layer>, prefix: &str) {
        let Self { mix, heads, inner, taps, tokens, form, .. } = *self;
        let width = self.width / mix.branches() as u64;
        if mix.attends() {
            let attention = Attention { queries: tokens, keys: tokens, width, key_width: width, inner, heads, form };
            let name = format!("{prefix}.self_attention");
            attention.append(&mut Part::new(layers, name, Some(Operator::Attention)));
        }
        if let Some(operator) = mix.local() {
            let branch = LocalBranch { operator, tokens, width, taps, kernels: mix.kernels() as u64, heads, form };
            branch.append(&mut Part::new(layers, format!("{prefix}.local"), Some(operator.operator())));
        }
    }
}
