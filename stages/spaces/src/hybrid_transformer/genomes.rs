use rand::{Rng, RngExt};

use super::genes::{Gene, Side};
use super::{
    DecoderLayer, EncoderLayer, HybridTransformer, Sampling, TransformerArchitecture, TransformerDecoder,
    TransformerEncoder, TransformerError, TransformerSizes, text,
};
use crate::{Genome, GenomeError, SearchSpace};

impl HybridTransformer {
    /// Returns the architecture of a genome. The genome must be a point of the space.
    ///
    /// # Panics
    /// If it is none, or [`HybridTransformer::check`] refuses the space.
    pub fn decode(&self, genome: &Genome) -> TransformerArchitecture {
        let [encoder, decoder] = self.sides();
        let sizes = TransformerSizes {
            inner_width: self.inner_width,
            encoder: self.decode_encoder(genome, encoder),
            decoder: self.decode_decoder(genome, decoder),
        };
        TransformerArchitecture::new(sizes).expect("a checked space offers only what fits together")
    }

    /// Returns the genome of an architecture.
    ///
    /// # Errors
    /// The first choice that the space does not offer.
    pub fn encode(&self, architecture: &TransformerArchitecture) -> Result<Genome, TransformerError> {
        self.contains(architecture)?;
        let mut genome = Genome(vec![0; self.genes().len()]);
        let [encoder, decoder] = self.sides();
        self.encode_encoder(&mut genome, encoder, &architecture.sizes().encoder);
        self.encode_decoder(&mut genome, decoder, &architecture.sizes().decoder);
        Ok(genome)
    }

    /// Returns the genome with 0 for what its architecture does not have.
    pub(super) fn canonical(&self, mut genome: Genome) -> Genome {
        let depths = self.depths(&genome);
        for (choice, gene) in genome.0.iter_mut().zip(self.genes()) {
            if !gene.is_there(depths) {
                *choice = 0;
            }
        }
        genome
    }

    /// Returns the numbers of encoder and decoder layers.
    fn depths(&self, genome: &Genome) -> [usize; 2] {
        let [encoder, decoder] = self.sides();
        [pick(&self.encoder.layers, genome, encoder.layers()), pick(&self.decoder.layers, genome, decoder.layers())]
    }

    fn decode_encoder(&self, genome: &Genome, side: Side) -> TransformerEncoder {
        let offered = &self.encoder;
        let layer = |layer| EncoderLayer {
            mlp_width: pick(&offered.mlp_widths, genome, side.gene(0, layer)),
            heads: pick(&offered.heads, genome, side.gene(1, layer)),
            mix: pick(&offered.mixes, genome, side.gene(2, layer)),
            mlp_form: pick(&offered.mlp_forms, genome, side.gene(3, layer)),
            projection_form: pick(&offered.projection_forms, genome, side.gene(4, layer)),
        };
        let layers = (0..pick(&offered.layers, genome, side.layers())).map(layer).collect();
        TransformerEncoder { width: pick(&offered.widths, genome, side.width()), layers }
    }

    fn decode_decoder(&self, genome: &Genome, side: Side) -> TransformerDecoder {
        let offered = &self.decoder;
        let layer = |layer| DecoderLayer {
            mlp_width: pick(&offered.mlp_widths, genome, side.gene(0, layer)),
            self_heads: pick(&offered.self_heads, genome, side.gene(1, layer)),
            cross_heads: pick(&offered.cross_heads, genome, side.gene(2, layer)),
            sources: pick(&offered.sources, genome, side.gene(3, layer)),
            mix: pick(&offered.mixes, genome, side.gene(4, layer)),
            mlp_form: pick(&offered.mlp_forms, genome, side.gene(5, layer)),
            projection_form: pick(&offered.projection_forms, genome, side.gene(6, layer)),
        };
        let layers = (0..pick(&offered.layers, genome, side.layers())).map(layer).collect();
        TransformerDecoder { width: pick(&offered.widths, genome, side.width()), layers }
    }

    fn encode_encoder(&self, genome: &mut Genome, side: Side, encoder: &TransformerEncoder) {
        let offered = &self.encoder;
        genome.0[side.width()] = place(&offered.widths, encoder.width);
        genome.0[side.layers()] = place(&offered.layers, encoder.layers.len());
        for (index, layer) in encoder.layers.iter().enumerate() {
            let choices = [
                place(&offered.mlp_widths, layer.mlp_width),
                place(&offered.heads, layer.heads),
                place(&offered.mixes, layer.mix),
                place(&offered.mlp_forms, layer.mlp_form),
                place(&offered.projection_forms, layer.projection_form),
            ];
            choices.into_iter().enumerate().for_each(|(list, choice)| genome.0[side.gene(list, index)] = choice);
        }
    }

    fn encode_decoder(&self, genome: &mut Genome, side: Side, decoder: &TransformerDecoder) {
        let offered = &self.decoder;
        genome.0[side.width()] = place(&offered.widths, decoder.width);
        genome.0[side.layers()] = place(&offered.layers, decoder.layers.len());
        for (index, layer) in decoder.layers.iter().enumerate() {
            let choices = [
                place(&offered.mlp_widths, layer.mlp_width),
                place(&offered.self_heads, layer.self_heads),
                place(&offered.cross_heads, layer.cross_heads),
                place(&offered.sources, layer.sources),
                place(&offered.mixes, layer.mix),
                place(&offered.mlp_forms, layer.mlp_form),
                place(&offered.projection_forms, layer.projection_form),
            ];
            choices.into_iter().enumerate().for_each(|(list, choice)| genome.0[side.gene(list, index)] = choice);
        }
    }
}

fn pick<T: Copy>(offered: &[T], genome: &Genome, gene: usize) -> T {
    offered[usize::from(genome.0[gene])]
}

fn place<T: PartialEq>(offered: &[T], value: T) -> u16 {
    let place = offered.iter().position(|offered| *offered == value).expect("the space contains the architecture");
    place as u16
}

impl SearchSpace for HybridTransformer {
    /// The largest number of 128 bits for a space that [`HybridTransformer::check`] refuses for its size.
    fn size(&self) -> u128 {
        self.size().unwrap_or(u128::MAX)
    }

    /// Uniform per gene: [`Sampling::Genes`].
    fn sample(&self, rng: &mut dyn Rng) -> Genome {
        self.draw(Sampling::Genes, rng)
    }

    /// Redraws what the parent has with the given probability, and always what it does not have.
    fn mutate(&self, parent: &Genome, probability: f64, rng: &mut dyn Rng) -> Option<Genome> {
        let depths = self.depths(parent);
        let genes = parent.0.iter().zip(self.genes());
        let redraw = |(&choice, gene): (&u16, Gene)| {
            let keep = gene.is_there(depths) && !rng.random_bool(probability);
            if keep { choice } else { rng.random_range(0..gene.choices) as u16 }
        };
        Some(self.canonical(Genome(genes.map(redraw).collect())))
    }

    /// Takes each choice from either parent with probability 1/2, that of a layer which one parent lacks from the other.
    fn cross(&self, left: &Genome, right: &Genome, rng: &mut dyn Rng) -> Option<Genome> {
        let (left_depths, right_depths) = (self.depths(left), self.depths(right));
        let genes = left.0.iter().zip(&right.0).zip(self.genes());
        let mix = |((&left, &right), gene): ((&u16, &u16), Gene)| {
            let from_left = match (gene.is_there(left_depths), gene.is_there(right_depths)) {
                (true, true) => rng.random_bool(0.5),
                (one, _) => one,
            };
            if from_left { left } else { right }
        };
        Some(self.canonical(Genome(genes.map(mix).collect())))
    }

    fn contains(&self, genome: &Genome) -> Result<(), GenomeError> {
        let genes = self.genes();
        if genome.0.len() != genes.len() {
            return Err(GenomeError::Genes { wanted: genes.len(), found: genome.0.len() });
        }
        for (index, (&choice, gene)) in genome.0.iter().zip(&genes).enumerate() {
            if usize::from(choice) >= gene.choices {
                return Err(GenomeError::Gene { index, gene: gene.label(), choice, last: gene.choices - 1 });
            }
        }
        let depths = self.depths(genome);
        for (index, (&choice, gene)) in genome.0.iter().zip(&genes).enumerate() {
            if choice != 0 && !gene.is_there(depths) {
                return Err(GenomeError::Inert { index, gene: gene.label(), choice });
            }
        }
        Ok(())
    }

    /// As [`TransformerArchitecture::name`].
    fn format(&self, genome: &Genome) -> String {
        self.decode(genome).name()
    }

    fn parse(&self, text: &str) -> Result<Genome, GenomeError> {
        let sizes = text::parse(text.trim(), self.inner_width)?;
        Ok(self.encode(&TransformerArchitecture::new(sizes)?)?)
    }
}

#[cfg(test)]
mod tests;
