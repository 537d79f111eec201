use std::collections::BTreeMap;

use burn::Tensor;
use spaces::{TransformerArchitecture, TranslationTask, Weights, WeightsError};

use crate::quantization::round_to_bytes;
use crate::translation::piece::{PieceKind, pieces};
use crate::translation::tap::LayerTap;

/// Makes inputs of linear layers what their bytes stand for.
pub(crate) struct RoundedInputs {
    /// Scale and zero point of each linear layer.
    grids: BTreeMap<String, (f32, f32)>,
}

impl RoundedInputs {
    /// Returns the grids of 8-bit weights.
    ///
    /// # Errors
    /// If one is missing or has another type or shape.
    pub fn of_weights(
        architecture: &TransformerArchitecture,
        task: &TranslationTask,
        quantized: &Weights,
    ) -> Result<Self, WeightsError> {
        let mut grids = BTreeMap::new();
        for piece in pieces(architecture, task) {
            match piece.kind {
                PieceKind::Linear { .. } => {
                    let scale = quantized.floats(&format!("{}.input_scale", piece.name), &[1])?[0];
                    let zero_point = quantized.zero_point(&format!("{}.input_zero_point", piece.name))?;
                    grids.insert(piece.name, (scale, f32::from(zero_point)));
                }
                PieceKind::Embedding { .. } | PieceKind::Kernel { .. } | PieceKind::Norm { .. } => {}
            }
        }
        Ok(Self { grids })
    }
}

impl LayerTap for RoundedInputs {
    fn input(&self, layer: &str, input: Tensor<2>) -> Tensor<2> {
        round_to_bytes(input, self.grids[layer])
    }
}
