use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Arithmetic;

/// Arithmetic of the linear layers of a translation network, an extension of the paper's space: with dense layers only,
/// 99.5 % and more of the operations of the published networks are multiplications.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LinearForm {
    /// y = W x + b.
    #[default]
    Dense,
    /// y = W x + b, weights sign · 2^p.
    Shift,
    /// y = norm(−Σ |x − w|), the norm over the outputs, with its own scale and offset in place of a bias: distances
    /// grow with the width and would drown the residual.
    Add,
}

impl LinearForm {
    /// All forms.
    pub const ALL: [LinearForm; 3] = [LinearForm::Dense, LinearForm::Shift, LinearForm::Add];

    /// Returns the name used in manifests.
    pub const fn name(self) -> &'static str {
        match self {
            LinearForm::Dense => "dense",
            LinearForm::Shift => "shift",
            LinearForm::Add => "add",
        }
    }

    /// Returns how weights and inputs meet.
    pub const fn arithmetic(self) -> Arithmetic {
        match self {
            LinearForm::Dense => Arithmetic::Multiply,
            LinearForm::Shift => Arithmetic::Shift,
            LinearForm::Add => Arithmetic::Add,
        }
    }
}

impl fmt::Display for LinearForm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
