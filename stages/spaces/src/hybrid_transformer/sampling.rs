use rand::{Rng, RngExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::HybridTransformer;
use crate::Genome;

/// Which distribution random translation networks follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sampling {
    /// Every choice is drawn uniformly and independently, the number of layers among them: a short decoder is as
    /// likely as a long one, although there are far fewer of them. As the authors' release.
    #[default]
    Genes,
    /// Every architecture is equally likely: nearly all have the most layers.
    Architectures,
}

impl HybridTransformer {
    /// Returns a random point of the space.
    pub fn draw(&self, sampling: Sampling, rng: &mut dyn Rng) -> Genome {
        let genes = self.genes();
        let mut genome = Genome(genes.iter().map(|gene| rng.random_range(0..gene.choices) as u16).collect());
        match sampling {
            Sampling::Genes => {}
            Sampling::Architectures => {
                let [encoder, decoder] = self.sides();
                let choices = self.encoder_lists().map(|(_, choices)| choices);
                genome.0[encoder.layers()] = depth(&self.encoder.layers, &choices, rng);
                let choices = self.decoder_lists().map(|(_, choices)| choices);
                genome.0[decoder.layers()] = depth(&self.decoder.layers, &choices, rng);
            }
        }
        self.canonical(genome)
    }
}

/// Draws a number of layers n with a probability that is proportional to (choices per layer)^n.
fn depth(layers: &[usize], choices: &[usize], rng: &mut dyn Rng) -> u16 {
    let per_layer: f64 = choices.iter().map(|&choices| choices as f64).product();
    let weights: Vec<f64> = layers.iter().map(|&layers| per_layer.powi(layers as i32)).collect();
    let mut left = rng.random_range(0.0..weights.iter().sum());
    let drawn = weights.iter().position(|weight| {
        left -= weight;
        left < 0.0
    });
    drawn.unwrap_or(layers.len() - 1) as u16
}
