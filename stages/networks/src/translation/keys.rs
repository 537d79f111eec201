use spaces::{Arithmetic, LinearForm};

use super::piece::{Owner, Piece, PieceKind};
use super::sharing::{MlpSharing, TranslationSharing};
use crate::sharing::SharingMode;

/// How trained tensors are keyed.
///
/// A subnet keys them by the names of the exported network. A supernet puts the mix in place of `mix` (and before the
/// MLP and the norms, if each candidate has its own), and the linear form behind the layer:
/// `encoder.0.AC.local.input.dense.bias`. A shared weight has no form in its key, that of a local operator the width
/// class in place of the mix: `encoder.0.hybrid.local.input.weight`.
#[derive(Clone, Debug)]
pub(crate) enum Keys {
    Subnet,
    Supernet(TranslationSharing),
}

/// Where the weight of a linear layer or a kernel comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WeightKey {
    /// A tensor of its own.
    Own(String),
    /// A shared tensor, with the key of T's factors where T applies.
    Pooled { pool: String, factors: Option<String> },
}

impl Piece {
    /// Returns whether its weight is rounded to powers of two.
    pub fn shifts(&self) -> bool {
        match self.kind {
            PieceKind::Linear { form, .. } => form == LinearForm::Shift,
            PieceKind::Embedding { .. } | PieceKind::Kernel { .. } | PieceKind::Norm { .. } => false,
        }
    }

    /// Returns whether it is the matrix of an add layer.
    pub fn adds(&self) -> bool {
        match self.kind {
            PieceKind::Linear { form, .. } => form == LinearForm::Add,
            PieceKind::Embedding { .. } | PieceKind::Kernel { .. } | PieceKind::Norm { .. } => false,
        }
    }

    /// Returns whether distances to its weight are taken, so that T applies to a shared one.
    pub fn measures_distances(&self) -> bool {
        match self.kind {
            PieceKind::Linear { form, .. } => form == LinearForm::Add,
            PieceKind::Kernel { operator, .. } => operator.kernel_arithmetic() == Arithmetic::Add,
            PieceKind::Embedding { .. } | PieceKind::Norm { .. } => false,
        }
    }
}

impl Keys {
    /// Returns the key of what no other mix reads.
    pub fn private(&self, piece: &Piece) -> String {
        let sharing = match self {
            Keys::Subnet => return piece.name.clone(),
            Keys::Supernet(sharing) => sharing,
        };
        match (piece.owner, sharing.mlp) {
            (Owner::Network | Owner::Layer(..), _) | (Owner::Mlp(..), MlpSharing::Shared) => piece.name.clone(),
            (Owner::Mlp(side, index, mix), MlpSharing::PerCandidate) => {
                let layer = format!("{side}.{index}.");
                let part = piece.name.strip_prefix(&layer).expect("a name begins with its layer");
                format!("{layer}{mix}.{part}")
            }
            (Owner::Attention(side, index, mix), _) => format!("{side}.{index}.{mix}.attention.{}", piece.part()),
            (Owner::Local(side, index, mix), _) => format!("{side}.{index}.{mix}.local.{}", piece.part()),
        }
    }

    /// Returns the prefix of bias, norm or factors of a linear layer.
    pub fn vectors(&self, piece: &Piece) -> String {
        match (self, piece.kind) {
            (Keys::Supernet(_), PieceKind::Linear { form, .. }) => format!("{}.{form}", self.private(piece)),
            (Keys::Subnet, _)
            | (Keys::Supernet(_), PieceKind::Embedding { .. } | PieceKind::Kernel { .. } | PieceKind::Norm { .. }) => {
                self.private(piece)
            }
        }
    }

    /// Returns where the weight of a linear layer or a kernel comes from.
    pub fn weight(&self, piece: &Piece) -> WeightKey {
        let suffix = match piece.kind {
            PieceKind::Kernel { .. } => "",
            PieceKind::Linear { .. } | PieceKind::Embedding { .. } | PieceKind::Norm { .. } => ".weight",
        };
        let mode = match self {
            Keys::Subnet => SharingMode::None,
            Keys::Supernet(sharing) => sharing.mode,
        };
        match mode {
            SharingMode::None => WeightKey::Own(format!("{}{suffix}", self.vectors(piece))),
            SharingMode::Naive => WeightKey::Pooled { pool: format!("{}{suffix}", self.pool(piece)), factors: None },
            SharingMode::Hws => {
                let factors = piece.measures_distances().then(|| format!("{}.factors", self.vectors(piece)));
                WeightKey::Pooled { pool: format!("{}{suffix}", self.pool(piece)), factors }
            }
        }
    }

    /// Returns the key of what all mixes of a width class read. The matrix of a shift branch is its input projection
    /// once more.
    fn pool(&self, piece: &Piece) -> String {
        match piece.owner {
            Owner::Local(side, index, mix) => {
                let class = if mix.attends() { "hybrid" } else { "pure" };
                let part = match piece.part() {
                    "shift" => "input",
                    part => part,
                };
                format!("{side}.{index}.{class}.local.{part}")
            }
            Owner::Network | Owner::Layer(..) | Owner::Mlp(..) | Owner::Attention(..) => self.private(piece),
        }
    }
}
