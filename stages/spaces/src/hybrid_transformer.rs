use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod conventions;
mod error;
mod genes;
mod genomes;
mod linear_form;
mod mix;
mod parameters;
mod positions;
mod sampling;
mod space;
mod task;
mod text;
mod translation_space;
mod validate;

pub use conventions::{Conventions, LocalNorm, PaddingMasks};
pub use error::{LayerPlace, TransformerError};
pub use linear_form::LinearForm;
pub use mix::{LocalOperator, Mix, kernel_length};
pub use parameters::TransformerParameter;
pub use positions::Positions;
pub use sampling::Sampling;
pub use space::{DecoderChoices, EncoderChoices, HybridTransformer};
pub use task::TranslationTask;
pub use translation_space::{OfferedForms, TranslationSpace};

/// Largest width; keeps every count of a network within 64 bits.
const MAX_WIDTH: usize = 65_536;
/// Largest number of layers of encoder or decoder.
const MAX_LAYERS: usize = 64;
/// Encoder layers that a decoder layer may read.
const MAX_SOURCES: usize = 3;

/// The sizes of a translation network, checked: see [`TransformerArchitecture::new`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "TransformerSizes", into = "TransformerSizes")]
pub struct TransformerArchitecture(TransformerSizes);

/// The sizes of a translation network: encoder and decoder that mix positions by attention, locally or both.
///
/// Embedding and output projection are no part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransformerSizes {
    /// Width of queries, keys and values of all heads together, whatever the width of the layer.
    pub inner_width: usize,
    /// The encoder.
    pub encoder: TransformerEncoder,
    /// The decoder.
    pub decoder: TransformerDecoder,
}

/// The encoder of a translation network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransformerEncoder {
    /// Width of the embedding and of every layer's input and output.
    pub width: usize,
    /// Its layers.
    pub layers: Vec<EncoderLayer>,
}

/// The decoder of a translation network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransformerDecoder {
    /// Width of the embedding and of every layer's input and output.
    pub width: usize,
    /// Its layers.
    pub layers: Vec<DecoderLayer>,
}

/// One layer of an encoder: a mix over positions, then an MLP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EncoderLayer {
    /// Inner width of the MLP.
    pub mlp_width: usize,
    /// Heads of self-attention. A choice of its own: without attention it changes nothing that is computed.
    pub heads: usize,
    /// How positions are mixed.
    pub mix: Mix,
    /// Arithmetic of the two matrices of the MLP.
    #[serde(default)]
    pub mlp_form: LinearForm,
    /// Arithmetic of the matrices around attention and local kernels.
    #[serde(default)]
    pub projection_form: LinearForm,
}

/// One layer of a decoder: a causal mix over positions, attention to the encoder, then an MLP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecoderLayer {
    /// Inner width of the MLP.
    pub mlp_width: usize,
    /// Heads of self-attention.
    pub self_heads: usize,
    /// Heads of attention to the encoder.
    pub cross_heads: usize,
    /// How many of the last encoder layers it attends to, side by side in time.
    pub sources: usize,
    /// How positions are mixed.
    pub mix: Mix,
    /// Arithmetic of the two matrices of the MLP.
    #[serde(default)]
    pub mlp_form: LinearForm,
    /// Arithmetic of the matrices around attention and local kernels.
    #[serde(default)]
    pub projection_form: LinearForm,
}

impl TransformerArchitecture {
    /// Returns the architecture with these sizes.
    ///
    /// # Errors
    /// If a size is 0 or absurdly large, heads do not divide the inner width, a mix does not fit the width, or a
    /// decoder layer reads more encoder layers than there are.
    pub fn new(sizes: TransformerSizes) -> Result<Self, TransformerError> {
        sizes.check()?;
        Ok(Self(sizes))
    }

    /// Returns its sizes.
    pub const fn sizes(&self) -> &TransformerSizes {
        &self.0
    }
}

impl TryFrom<TransformerSizes> for TransformerArchitecture {
    type Error = TransformerError;

    fn try_from(sizes: TransformerSizes) -> Result<Self, TransformerError> {
        Self::new(sizes)
    }
}

impl From<TransformerArchitecture> for TransformerSizes {
    fn from(architecture: TransformerArchitecture) -> Self {
        architecture.0
    }
}

impl TransformerSizes {
    fn check(&self) -> Result<(), TransformerError> {
        within("inner_width", self.inner_width, MAX_WIDTH)?;
        within("encoder.width", self.encoder.width, MAX_WIDTH)?;
        within("decoder.width", self.decoder.width, MAX_WIDTH)?;
        within("encoder.layers", self.encoder.layers.len(), MAX_LAYERS)?;
        within("decoder.layers", self.decoder.layers.len(), MAX_LAYERS)?;
        for (index, layer) in self.encoder.layers.iter().enumerate() {
            let place = LayerPlace::Encoder(index);
            within("encoder.mlp_width", layer.mlp_width, MAX_WIDTH)?;
            self.check_heads(place, "self-attention", layer.heads)?;
            check_mix(place, layer.mix, self.encoder.width)?;
        }
        for (index, layer) in self.decoder.layers.iter().enumerate() {
            let place = LayerPlace::Decoder(index);
            within("decoder.mlp_width", layer.mlp_width, MAX_WIDTH)?;
            self.check_heads(place, "self-attention", layer.self_heads)?;
            self.check_heads(place, "cross-attention", layer.cross_heads)?;
            check_mix(place, layer.mix, self.decoder.width)?;
            self.check_sources(place, layer.sources)?;
        }
        Ok(())
    }

    const fn check_heads(&self, place: LayerPlace, kind: &'static str, heads: usize) -> Result<(), TransformerError> {
        let inner_width = self.inner_width;
        if heads == 0 || !inner_width.is_multiple_of(heads) {
            return Err(TransformerError::Heads { place, kind, heads, inner_width });
        }
        Ok(())
    }

    fn check_sources(&self, place: LayerPlace, found: usize) -> Result<(), TransformerError> {
        let most = self.encoder.layers.len().min(MAX_SOURCES);
        if found == 0 || found > most {
            return Err(TransformerError::Sources { place, found, most });
        }
        Ok(())
    }
}

const fn check_mix(place: LayerPlace, mix: Mix, width: usize) -> Result<(), TransformerError> {
    let divisor = mix.width_divisor();
    if !width.is_multiple_of(divisor) {
        return Err(TransformerError::Width { place, width, mix, divisor });
    }
    Ok(())
}

const fn within(parameter: &'static str, found: usize, max: usize) -> Result<(), TransformerError> {
    if found == 0 || found > max {
        return Err(TransformerError::Size { parameter, found, max });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
