use std::fmt::Display;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{LayerPlace, LinearForm, Mix, TransformerArchitecture, TransformerError};

/// The space of translation networks: what may be chosen once per network, and what once per layer.
///
/// Every list holds different values; [`HybridTransformer::check`] tells whether they fit together.
///
/// As a [`crate::SearchSpace`] its genomes are those of the authors' release with two forms per layer: encoder width and
/// number of layers, then MLP widths, heads, mixes, MLP forms and projection forms of all layers; decoder width and
/// number of layers, then MLP widths, self heads, cross heads, sources, mixes and the two forms. A gene is an index into
/// its list. There are as many genes as the deepest network needs; those of layers that are not there are 0, so each
/// architecture has one genome. People read a genome as [`TransformerArchitecture::name`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HybridTransformer {
    /// Inner width of attention, no choice.
    pub inner_width: usize,
    /// What the encoder offers.
    pub encoder: EncoderChoices,
    /// What the decoder offers; widths are chosen independently of the encoder's.
    pub decoder: DecoderChoices,
}

/// What a space offers for the encoder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EncoderChoices {
    /// Widths, one per network.
    pub widths: Vec<usize>,
    /// Numbers of layers, one per network.
    pub layers: Vec<usize>,
    /// Inner widths of the MLP, one per layer.
    pub mlp_widths: Vec<usize>,
    /// Heads of self-attention, one per layer.
    pub heads: Vec<usize>,
    /// Mixes, one per layer.
    pub mixes: Vec<Mix>,
    /// Arithmetics of the MLP's matrices, one per layer.
    #[serde(default = "dense_only")]
    pub mlp_forms: Vec<LinearForm>,
    /// Arithmetics of the matrices around attention and local kernels, one per layer.
    #[serde(default = "dense_only")]
    pub projection_forms: Vec<LinearForm>,
}

/// What a space offers for the decoder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecoderChoices {
    /// Widths, one per network.
    pub widths: Vec<usize>,
    /// Numbers of layers, one per network.
    pub layers: Vec<usize>,
    /// Inner widths of the MLP, one per layer.
    pub mlp_widths: Vec<usize>,
    /// Heads of self-attention, one per layer.
    pub self_heads: Vec<usize>,
    /// Heads of attention to the encoder, one per layer.
    pub cross_heads: Vec<usize>,
    /// Numbers of encoder layers read, one per layer.
    pub sources: Vec<usize>,
    /// Mixes, one per layer.
    pub mixes: Vec<Mix>,
    /// Arithmetics of the MLP's matrices, one per layer.
    #[serde(default = "dense_only")]
    pub mlp_forms: Vec<LinearForm>,
    /// Arithmetics of the matrices around attention and local kernels, one per layer.
    #[serde(default = "dense_only")]
    pub projection_forms: Vec<LinearForm>,
}

fn dense_only() -> Vec<LinearForm> {
    vec![LinearForm::Dense]
}

impl HybridTransformer {
    /// Returns the En-De space of ShiftAddNAS, "v3" of the release, which all published networks come from.
    pub fn en_de_v3() -> Self {
        let mlp_widths = [4096, 3072, 2048, 1024];
        Self::wide(&mlp_widths, &mlp_widths)
    }

    /// Returns the En-Fr space of ShiftAddNAS, "v1" of the release.
    pub fn en_fr_v1() -> Self {
        Self::wide(&[4096, 3072, 2048, 1024], &[3072, 2048, 1024])
    }

    /// Returns the first En-De space, used in development only: its decoder may do without attention.
    pub fn en_de_v1() -> Self {
        Self::narrow(&Mix::ALL, &Mix::ALL)
    }

    /// Returns the second En-De space, used in development only.
    pub fn en_de_v2() -> Self {
        Self::narrow(&Mix::ALL, &Mix::ATTENDING)
    }

    /// Returns the WMT'14 space of HAT (arXiv 2005.14187), which has attention only.
    pub fn hat() -> Self {
        Self::narrow(&[Mix::Attention], &[Mix::Attention])
    }

    fn wide(encoder_mlp: &[usize], decoder_mlp: &[usize]) -> Self {
        Self::new(&[1024, 768, 512], [encoder_mlp, decoder_mlp], &[16, 8, 4], [&Mix::ALL, &Mix::ATTENDING])
    }

    fn narrow(encoder_mixes: &[Mix], decoder_mixes: &[Mix]) -> Self {
        let mlp_widths = [3072, 2048, 1024];
        Self::new(&[640, 512], [&mlp_widths; 2], &[8, 4], [encoder_mixes, decoder_mixes])
    }

    /// All spaces have inner width 512, six encoder layers, one to six decoder layers and one to three sources.
    fn new(widths: &[usize], mlp_widths: [&[usize]; 2], heads: &[usize], mixes: [&[Mix]; 2]) -> Self {
        let encoder = EncoderChoices {
            widths: widths.to_vec(),
            layers: vec![6],
            mlp_widths: mlp_widths[0].to_vec(),
            heads: heads.to_vec(),
            mixes: mixes[0].to_vec(),
            mlp_forms: dense_only(),
            projection_forms: dense_only(),
        };
        let decoder = DecoderChoices {
            widths: widths.to_vec(),
            layers: vec![6, 5, 4, 3, 2, 1],
            mlp_widths: mlp_widths[1].to_vec(),
            self_heads: heads.to_vec(),
            cross_heads: heads.to_vec(),
            sources: vec![1, 2, 3],
            mixes: mixes[1].to_vec(),
            mlp_forms: dense_only(),
            projection_forms: dense_only(),
        };
        Self { inner_width: 512, encoder, decoder }
    }

    /// Returns the number of architectures; choices of layers that are not there do not count.
    ///
    /// # Errors
    /// [`TransformerError::TooMany`] if it exceeds 128 bits.
    pub fn size(&self) -> Result<u128, TransformerError> {
        let Self { encoder, decoder, .. } = self;
        let encoder_layer = [
            encoder.mlp_widths.len(),
            encoder.heads.len(),
            encoder.mixes.len(),
            encoder.mlp_forms.len(),
            encoder.projection_forms.len(),
        ];
        let decoder_layer = [
            decoder.mlp_widths.len(),
            decoder.self_heads.len(),
            decoder.cross_heads.len(),
            decoder.sources.len(),
            decoder.mixes.len(),
            decoder.mlp_forms.len(),
            decoder.projection_forms.len(),
        ];
        let encoders = stacks(encoder.widths.len(), &encoder.layers, &encoder_layer);
        let decoders = stacks(decoder.widths.len(), &decoder.layers, &decoder_layer);
        let both = encoders.zip(decoders).and_then(|(encoders, decoders)| encoders.checked_mul(decoders));
        both.ok_or(TransformerError::TooMany)
    }

    /// Returns `Ok` if the architecture is a point of the space.
    ///
    /// # Errors
    /// The first choice that the space does not offer.
    pub fn contains(&self, architecture: &TransformerArchitecture) -> Result<(), TransformerError> {
        let sizes = architecture.sizes();
        offers("inner_width", sizes.inner_width, &[self.inner_width])?;
        self.contains_encoder(architecture)?;
        self.contains_decoder(architecture)
    }

    fn contains_encoder(&self, architecture: &TransformerArchitecture) -> Result<(), TransformerError> {
        let (found, offered) = (&architecture.sizes().encoder, &self.encoder);
        offers("encoder.width", found.width, &offered.widths)?;
        offers("encoder.layers", found.layers.len(), &offered.layers)?;
        for (index, layer) in found.layers.iter().enumerate() {
            let place = LayerPlace::Encoder(index);
            offers(format!("{place}: mlp_width"), layer.mlp_width, &offered.mlp_widths)?;
            offers(format!("{place}: heads"), layer.heads, &offered.heads)?;
            offers(format!("{place}: mix"), layer.mix, &offered.mixes)?;
            offers(format!("{place}: mlp_form"), layer.mlp_form, &offered.mlp_forms)?;
            offers(format!("{place}: projection_form"), layer.projection_form, &offered.projection_forms)?;
        }
        Ok(())
    }

    fn contains_decoder(&self, architecture: &TransformerArchitecture) -> Result<(), TransformerError> {
        let (found, offered) = (&architecture.sizes().decoder, &self.decoder);
        offers("decoder.width", found.width, &offered.widths)?;
        offers("decoder.layers", found.layers.len(), &offered.layers)?;
        for (index, layer) in found.layers.iter().enumerate() {
            let place = LayerPlace::Decoder(index);
            offers(format!("{place}: mlp_width"), layer.mlp_width, &offered.mlp_widths)?;
            offers(format!("{place}: self_heads"), layer.self_heads, &offered.self_heads)?;
            offers(format!("{place}: cross_heads"), layer.cross_heads, &offered.cross_heads)?;
            offers(format!("{place}: sources"), layer.sources, &offered.sources)?;
            offers(format!("{place}: mix"), layer.mix, &offered.mixes)?;
            offers(format!("{place}: mlp_form"), layer.mlp_form, &offered.mlp_forms)?;
            offers(format!("{place}: projection_form"), layer.projection_form, &offered.projection_forms)?;
        }
        Ok(())
    }
}

/// Returns widths · Σ over numbers of layers n of (choices per layer)^n; `None` beyond 128 bits.
fn stacks(widths: usize, layers: &[usize], choices: &[usize]) -> Option<u128> {
    let per_layer = choices.iter().try_fold(1_u128, |product, &choices| product.checked_mul(choices as u128))?;
    let stacks = layers.iter().try_fold(0_u128, |sum, &layers| {
        let stacks = per_layer.checked_pow(u32::try_from(layers).ok()?)?;
        sum.checked_add(stacks)
    })?;
    stacks.checked_mul(widths as u128)
}

fn offers<T: Display + PartialEq>(choice: impl Into<String>, found: T, offered: &[T]) -> Result<(), TransformerError> {
    if offered.contains(&found) {
        return Ok(());
    }
    let offered: Vec<_> = offered.iter().map(T::to_string).collect();
    let (found, offered) = (found.to_string(), offered.join(", "));
    Err(TransformerError::NotOffered { choice: choice.into(), found, offered })
}
