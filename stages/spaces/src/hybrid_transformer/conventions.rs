use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::positions::Positions;

/// What a translation network computes that neither its sizes nor its weights say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Conventions {
    /// The table of positions.
    pub positions: Positions,
    /// Where padding is taken out of local operators.
    pub masks: PaddingMasks,
    /// What normalises the sums of distances of local operators.
    pub local_norm: LocalNorm,
}

/// Where padding is taken out of the local operators of the encoder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PaddingMasks {
    /// Right before the kernel: what a sentence gives does not depend on its batch.
    #[default]
    Exact,
    /// As in the authors' release: hybrids before the first projection, whose bias then leaks in; pure blocks nowhere.
    Released,
}

/// What normalises y = −Σ |u − p| of local operators that add, before the projection behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LocalNorm {
    /// Each position over its channels: (y − mean) / √(variance + 1e-5), without weights of its own. The sums are large
    /// and of one sign, and would drown what the residual branch brings.
    #[default]
    Layer,
    /// Nothing, as in the authors' release.
    Released,
}
