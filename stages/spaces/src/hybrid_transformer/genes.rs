use super::{HybridTransformer, LayerPlace};

/// Genes before the lists of one side: width and number of layers.
const ONCE: usize = 2;
/// Genes of an encoder layer.
pub(super) const ENCODER_LISTS: usize = 5;
/// Genes of a decoder layer.
pub(super) const DECODER_LISTS: usize = 7;

/// What one gene chooses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gene {
    /// Name of the choice.
    name: &'static str,
    /// The layer, `None` for what is chosen once per network.
    pub place: Option<LayerPlace>,
    /// Number of choices.
    pub choices: usize,
}

/// Where the genes of one side are: the width, the number of layers, then list after list, layer after layer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side {
    start: usize,
    longest: usize,
}

impl Gene {
    /// Returns its name with its layer.
    pub fn label(&self) -> String {
        match self.place {
            Some(place) => format!("{place}: {}", self.name),
            None => self.name.to_owned(),
        }
    }

    /// Returns whether a network with these numbers of encoder and decoder layers has what the gene chooses.
    pub const fn is_there(&self, [encoder, decoder]: [usize; 2]) -> bool {
        match self.place {
            None => true,
            Some(LayerPlace::Encoder(layer)) => layer < encoder,
            Some(LayerPlace::Decoder(layer)) => layer < decoder,
        }
    }
}

impl Side {
    /// Returns the index of the gene of the width.
    pub const fn width(self) -> usize {
        self.start
    }

    /// Returns the index of the gene of the number of layers.
    pub const fn layers(self) -> usize {
        self.start + 1
    }

    /// Returns the index of a layer's gene in a list.
    pub const fn gene(self, list: usize, layer: usize) -> usize {
        self.start + ONCE + list * self.longest + layer
    }
}

impl HybridTransformer {
    /// Returns where the encoder's and the decoder's genes are.
    pub(super) fn sides(&self) -> [Side; 2] {
        let longest = |layers: &[usize]| layers.iter().copied().max().unwrap_or(0);
        let encoder = Side { start: 0, longest: longest(&self.encoder.layers) };
        let start = encoder.gene(ENCODER_LISTS, 0);
        [encoder, Side { start, longest: longest(&self.decoder.layers) }]
    }

    /// Returns all genes in their order.
    pub(super) fn genes(&self) -> Vec<Gene> {
        let (encoder, decoder) = (&self.encoder, &self.decoder);
        let once = |name, choices| Gene { name, place: None, choices };
        let mut genes = vec![once("encoder.width", encoder.widths.len()), once("encoder.layers", encoder.layers.len())];
        let [first, second] = self.sides();
        for (name, choices) in self.encoder_lists() {
            genes.extend((0..first.longest).map(|layer| Gene {
                name,
                place: Some(LayerPlace::Encoder(layer)),
                choices,
            }));
        }
        genes.extend([once("decoder.width", decoder.widths.len()), once("decoder.layers", decoder.layers.len())]);
        for (name, choices) in self.decoder_lists() {
            genes.extend((0..second.longest).map(|layer| Gene {
                name,
                place: Some(LayerPlace::Decoder(layer)),
                choices,
            }));
        }
        genes
    }

    /// Returns the names and the numbers of choices of an encoder layer's genes.
    pub(super) const fn encoder_lists(&self) -> [(&'static str, usize); ENCODER_LISTS] {
        let encoder = &self.encoder;
        [
            ("mlp_width", encoder.mlp_widths.len()),
            ("heads", encoder.heads.len()),
            ("mix", encoder.mixes.len()),
            ("mlp_form", encoder.mlp_forms.len()),
            ("projection_form", encoder.projection_forms.len()),
        ]
    }

    /// Returns the names and the numbers of choices of a decoder layer's genes.
    pub(super) const fn decoder_lists(&self) -> [(&'static str, usize); DECODER_LISTS] {
        let decoder = &self.decoder;
        [
            ("mlp_width", decoder.mlp_widths.len()),
            ("self_heads", decoder.self_heads.len()),
            ("cross_heads", decoder.cross_heads.len()),
            ("sources", decoder.sources.len()),
            ("mix", decoder.mixes.len()),
            ("mlp_form", decoder.mlp_forms.len()),
            ("projection_form", decoder.projection_forms.len()),
        ]
    }
}
