use std::collections::BTreeMap;

use spaces::{
    DecoderLayer, EncoderLayer, HybridTransformer, TransformerArchitecture, TransformerDecoder, TransformerEncoder,
    TransformerSizes, kernel_length,
};

use super::network::{Widths, decoder_embedding, decoder_layer, encoder_embedding, encoder_layer};
use super::{TranslationCost, TranslationPass, transformer};
use crate::{Accelerator, AcceleratorError, Layer, Network};

/// The smallest value of a cost in a space, with an architecture that has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Smallest {
    /// The cost of that architecture.
    pub value: f64,
    /// The first such architecture, in the order of the space's lists.
    pub architecture: TransformerArchitecture,
}

/// Returns the smallest cost that an architecture of the space has, exactly, without looking at each.
///
/// A cost is a sum over layers, and what a layer costs depends on its own choices, its place and both widths alone. So
/// for each pair of widths each layer has its own minimum, and within a layer so has the MLP. Sums of floats may differ
/// from those of whole networks in their last digits, so of nearly equal networks either may be found; the value is that
/// of the network found.
///
/// # Errors
/// The accelerator cannot run a layer that some architecture has.
///
/// # Panics
/// If [`HybridTransformer::check`] refuses the space.
pub fn smallest(
    space: &HybridTransformer,
    cost: TranslationCost,
    pass: TranslationPass,
    accelerator: &Accelerator,
) -> Result<Smallest, AcceleratorError> {
    let prices = Prices { space, cost, pass, accelerator };
    let mut best: Option<(f64, TransformerSizes)> = None;
    for &width in &space.encoder.widths {
        let (encoder_cost, encoder) = prices.encoder(width)?;
        for &decoder_width in &space.decoder.widths {
            let (decoder_cost, decoder) = prices.decoder(width, decoder_width)?;
            let inner_width = space.inner_width;
            let sizes = TransformerSizes { inner_width, encoder: encoder.clone(), decoder };
            best = Some(cheaper(best, (encoder_cost + decoder_cost, sizes)));
        }
    }
    let sizes = best.expect("a checked space offers widths").1;
    let architecture = TransformerArchitecture::new(sizes).expect("a checked space offers only what fits together");
    let value = cost.of(&transformer(&architecture.name(), &architecture, pass), accelerator)?;
    Ok(Smallest { value, architecture })
}

/// What parts of networks of a space cost.
struct Prices<'a> {
    space: &'a HybridTransformer,
    cost: TranslationCost,
    pass: TranslationPass,
    accelerator: &'a Accelerator,
}

impl Prices<'_> {
    fn encoder(&self, width: usize) -> Result<(f64, TransformerEncoder), AcceleratorError> {
        let offered = &self.space.encoder;
        let widths = self.widths(width, width);
        let embedding = self.of(|layers| encoder_embedding(layers, widths, self.pass))?;
        let layers = by_place(&offered.layers, |index| self.encoder_layer(widths, index))?;
        let (cost, layers) = stack(&offered.layers, &layers);
        Ok((embedding + cost, TransformerEncoder { width, layers }))
    }

    fn decoder(&self, encoder_width: usize, width: usize) -> Result<(f64, TransformerDecoder), AcceleratorError> {
        let offered = &self.space.decoder;
        let widths = self.widths(encoder_width, width);
        let embedding = self.of(|layers| decoder_embedding(layers, widths, self.pass))?;
        let layers = by_place(&offered.layers, |index| self.decoder_layer(widths, index))?;
        let (cost, layers) = stack(&offered.layers, &layers);
        Ok((embedding + cost, TransformerDecoder { width, layers }))
    }

    fn encoder_layer(&self, widths: Widths, index: usize) -> Result<(f64, EncoderLayer), AcceleratorError> {
        let offered = &self.space.encoder;
        let (mlp_width, mlp_form) = (offered.mlp_widths[0], offered.mlp_forms[0]);
        let mut mixed = Vec::new();
        for &projection_form in &offered.projection_forms {
            for &mix in &offered.mixes {
                let with = |&heads: &usize| EncoderLayer { mlp_width, heads, mix, mlp_form, projection_form };
                mixed.extend(offered.heads.iter().map(with));
            }
        }
        let price = |layer| self.of(|layers| encoder_layer(layers, widths, index, layer, self.pass));
        let (_, best) = cheapest(mixed, price)?;
        let mut whole = Vec::new();
        for &mlp_form in &offered.mlp_forms {
            whole.extend(offered.mlp_widths.iter().map(|&mlp_width| EncoderLayer { mlp_width, mlp_form, ..best }));
        }
        cheapest(whole, price)
    }

    fn decoder_layer(&self, widths: Widths, index: usize) -> Result<(f64, DecoderLayer), AcceleratorError> {
        let offered = &self.space.decoder;
        let price = |layer| self.of(|layers| decoder_layer(layers, widths, index, layer, self.pass));
        let (_, best) = cheapest(self.mixed_decoder_layers(), price)?;
        let mut whole = Vec::new();
        for &mlp_form in &offered.mlp_forms {
            whole.extend(offered.mlp_widths.iter().map(|&mlp_width| DecoderLayer { mlp_width, mlp_form, ..best }));
        }
        cheapest(whole, price)
    }

    /// Returns every decoder layer with the first MLP.
    fn mixed_decoder_layers(&self) -> Vec<DecoderLayer> {
        let offered = &self.space.decoder;
        let first = DecoderLayer {
            mlp_width: offered.mlp_widths[0],
            self_heads: offered.self_heads[0],
            cross_heads: offered.cross_heads[0],
            sources: offered.sources[0],
            mix: offered.mixes[0],
            mlp_form: offered.mlp_forms[0],
            projection_form: offered.projection_forms[0],
        };
        let mut layers = Vec::new();
        for &projection_form in &offered.projection_forms {
            for &mix in &offered.mixes {
                for &self_heads in &offered.self_heads {
                    for &cross_heads in &offered.cross_heads {
                        let layer = DecoderLayer { self_heads, cross_heads, mix, projection_form, ..first };
                        layers.extend(offered.sources.iter().map(|&sources| DecoderLayer { sources, ..layer }));
                    }
                }
            }
        }
        layers
    }

    const fn widths(&self, encoder: usize, decoder: usize) -> Widths {
        Widths { inner: self.space.inner_width as u64, encoder: encoder as u64, decoder: decoder as u64 }
    }

    fn of(&self, append: impl FnOnce(&mut Vec<Layer>)) -> Result<f64, AcceleratorError> {
        let mut part = Network { name: "part".to_owned(), layers: Vec::new() };
        append(&mut part.layers);
        self.cost.of(&part, self.accelerator)
    }
}

/// Returns the cheapest layer of each place; places with kernels of one length have the same.
fn by_place<L: Copy>(
    layers: &[usize],
    cheapest: impl Fn(usize) -> Result<(f64, L), AcceleratorError>,
) -> Result<Vec<(f64, L)>, AcceleratorError> {
    let longest = layers.iter().copied().max().unwrap_or(0);
    let mut known = BTreeMap::new();
    let mut places = Vec::with_capacity(longest);
    for index in 0..longest {
        let layer = match known.get(&kernel_length(index)) {
            Some(&layer) => layer,
            None => cheapest(index)?,
        };
        known.insert(kernel_length(index), layer);
        places.push(layer);
    }
    Ok(places)
}

/// Returns the cheapest number of layers.
fn stack<L: Copy>(offered: &[usize], layers: &[(f64, L)]) -> (f64, Vec<L>) {
    let of = |&number: &usize| {
        let cost = layers[..number].iter().map(|(cost, _)| cost).sum();
        (cost, layers[..number].iter().map(|(_, layer)| *layer).collect())
    };
    offered.iter().map(of).reduce(|best, next| cheaper(Some(best), next)).expect("a checked space offers a depth")
}

fn cheapest<L: Copy>(
    layers: Vec<L>,
    price: impl Fn(L) -> Result<f64, AcceleratorError>,
) -> Result<(f64, L), AcceleratorError> {
    let mut best = None;
    for layer in layers {
        best = Some(cheaper(best, (price(layer)?, layer)));
    }
    Ok(best.expect("a checked space offers layers"))
}

fn cheaper<T>(best: Option<(f64, T)>, next: (f64, T)) -> (f64, T) {
    match best {
        Some(best) if best.0 <= next.0 => best,
        Some(_) | None => next,
    }
}

#[cfg(test)]
mod tests;
