use spaces::{DecoderLayer, EncoderLayer, LinearForm, TransformerArchitecture, kernel_length};

use crate::{Layer, Network, Official, Work};

use super::TranslationPass;
use super::attention::Attention;
use super::builder::Part;
use super::mixing::Mixing;

/// The widths that all layers of a network share.
#[derive(Clone, Copy)]
pub(super) struct Widths {
    /// Of queries, keys and values of all heads together.
    pub inner: u64,
    /// Of the encoder.
    pub encoder: u64,
    /// Of the decoder.
    pub decoder: u64,
}

/// Returns the layers of a translation network for one pass, without embedding matrix and output projection.
///
/// Parameters and multiply-accumulates are strict: everything stored, and every tap of a kernel. `official` follows
/// the counters of the authors' release, which differ: the signs of a shift layer and the first normalisation of an
/// encoder layer without attention are no parameters; kernels take no operations; normalisations, the scaling of
/// queries and embeddings and the look-up of positions do. They have dense linear layers only; of other forms `official`
/// counts shifts and distances as products, and the normalisation of an add layer as the others.
///
/// Attention to the encoder is no choice, so its layers belong to no operator.
pub fn transformer(name: &str, architecture: &TransformerArchitecture, pass: TranslationPass) -> Network {
    let sizes = architecture.sizes();
    let mut layers = Vec::new();
    let (inner, encoder, decoder) = (sizes.inner_width as u64, sizes.encoder.width as u64, sizes.decoder.width as u64);
    let widths = Widths { inner, encoder, decoder };
    encoder_embedding(&mut layers, widths, pass);
    for (index, layer) in sizes.encoder.layers.iter().enumerate() {
        encoder_layer(&mut layers, widths, index, *layer, pass);
    }
    decoder_embedding(&mut layers, widths, pass);
    for (index, layer) in sizes.decoder.layers.iter().enumerate() {
        decoder_layer(&mut layers, widths, index, *layer, pass);
    }
    Network { name: name.to_owned(), layers }
}

/// Appends what turns source tokens into the encoder's input.
pub(super) fn encoder_embedding(layers: &mut Vec<Layer>, widths: Widths, pass: TranslationPass) {
    embedding(layers, "encoder", pass.source_tokens.get().into(), widths.encoder);
}

/// Appends what turns target tokens into the decoder's input.
pub(super) fn decoder_embedding(layers: &mut Vec<Layer>, widths: Widths, pass: TranslationPass) {
    embedding(layers, "decoder", pass.target_tokens.get().into(), widths.decoder);
}

/// The authors count a product per value for scaling and one per token for its position.
fn embedding(layers: &mut Vec<Layer>, side: &str, tokens: u64, width: u64) {
    let official = Official { params: 0, flops: 2 * tokens * (width + 1) };
    Part::new(layers, side.to_owned(), None).layer("embedding", Work::Free, 0, official);
}

/// Appends an encoder layer.
pub(super) fn encoder_layer(
    layers: &mut Vec<Layer>,
    Widths { inner, encoder: width, .. }: Widths,
    index: usize,
    layer: EncoderLayer,
    pass: TranslationPass,
) {
    let prefix = format!("encoder.{index}");
    let tokens = pass.source_tokens.get().into();
    let (heads, taps) = (layer.heads as u64, kernel_length(index) as u64);
    let (mix, form) = (layer.mix, layer.projection_form);
    Mixing { mix, heads, inner, taps, width, tokens, form }.append(layers, &prefix);
    let mut part = Part::new(layers, prefix, None);
    let counted = if mix.attends() { 2 * width } else { 0 };
    part.norm("mix_norm", tokens, width, counted);
    mlp(&mut part, layer.mlp_form, tokens, [width, layer.mlp_width as u64]);
}

/// Appends a decoder layer.
pub(super) fn decoder_layer(
    layers: &mut Vec<Layer>,
    Widths { inner, encoder: key_width, decoder: width }: Widths,
    index: usize,
    layer: DecoderLayer,
    pass: TranslationPass,
) {
    let prefix = format!("decoder.{index}");
    let tokens = pass.target_tokens.get().into();
    let keys = u64::from(pass.source_tokens.get()) * pass.sources.of(layer.sources) as u64;
    let (heads, taps) = (layer.self_heads as u64, kernel_length(index) as u64);
    let (mix, form) = (layer.mix, layer.projection_form);
    Mixing { mix, heads, inner, taps, width, tokens, form }.append(layers, &prefix);
    Part::new(layers, prefix.clone(), None).norm("mix_norm", tokens, width, 2 * width);
    let cross = Attention { queries: tokens, keys, width, key_width, inner, heads: layer.cross_heads as u64, form };
    cross.append(&mut Part::new(layers, format!("{prefix}.cross_attention"), None));
    let mut part = Part::new(layers, prefix, None);
    part.norm("cross_norm", tokens, width, 2 * width);
    mlp(&mut part, layer.mlp_form, tokens, [width, layer.mlp_width as u64]);
}

fn mlp(part: &mut Part<'_>, form: LinearForm, tokens: u64, [width, inner]: [u64; 2]) {
    part.linear("mlp.expand", form, tokens, [width, inner]);
    part.linear("mlp.contract", form, tokens, [inner, width]);
    part.norm("mlp_norm", tokens, width, 2 * width);
}

#[cfg(test)]
mod tests;
