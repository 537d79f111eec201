//! Small translation networks and sentences.

use burn::tensor::Device;
use datasets::TokenBatch;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use spaces::{
    Conventions, DecoderLayer, EncoderLayer, LinearForm, Mix, TransformerArchitecture, TransformerDecoder,
    TransformerEncoder, TransformerSizes, TranslationTask,
};

use crate::translation::{NetworkSettings, TranslationNetwork};

/// First token that is a word.
const FIRST_WORD: u32 = 4;

/// Returns what the sample networks translate.
pub fn task() -> TranslationTask {
    TranslationTask { vocabulary: 13, longest: 24, conventions: Conventions::default() }
}

/// Returns a network whose encoder is wider than its decoder, with these mixes and one form of all matrices.
pub fn architecture(encoder: &[Mix], decoder: &[Mix], form: LinearForm) -> TransformerArchitecture {
    let encoder_layer = |&mix| EncoderLayer { mlp_width: 24, heads: 2, mix, mlp_form: form, projection_form: form };
    let decoder_layer = |(index, &mix): (usize, &Mix)| DecoderLayer {
        mlp_width: 40,
        self_heads: 4,
        cross_heads: 2,
        sources: encoder.len().min(3).min(1 + index),
        mix,
        mlp_form: form,
        projection_form: form,
    };
    let sizes = TransformerSizes {
        inner_width: 16,
        encoder: TransformerEncoder { width: 32, layers: encoder.iter().map(encoder_layer).collect() },
        decoder: TransformerDecoder { width: 16, layers: decoder.iter().enumerate().map(decoder_layer).collect() },
    };
    TransformerArchitecture::new(sizes).expect("sizes that fit")
}

/// Returns a fresh network of an architecture.
pub fn subnet(architecture: &TransformerArchitecture, settings: &NetworkSettings) -> TranslationNetwork {
    TranslationNetwork::subnet(architecture, &task(), settings, 11, &Device::flex())
}

/// Returns such a network with other conventions.
pub fn conventional(architecture: &TransformerArchitecture, conventions: Conventions) -> TranslationNetwork {
    let task = TranslationTask { conventions, ..task() };
    TranslationNetwork::subnet(architecture, &task, &NetworkSettings::default(), 11, &Device::flex())
}

/// Returns random sentences of 1 to `longest` words, the targets being the sources read backward.
pub fn reversals(pairs: usize, longest: usize, seed: u64) -> TokenBatch {
    let mut rng = ChaCha12Rng::seed_from_u64(seed);
    let words = FIRST_WORD..task().vocabulary as u32;
    let mut sentence = || -> Vec<u32> {
        let length = rng.random_range(1..=longest);
        (0..length).map(|_| rng.random_range(words.clone())).collect()
    };
    let sources: Vec<Vec<u32>> = (0..pairs).map(|_| sentence()).collect();
    let targets: Vec<Vec<u32>> = sources.iter().map(|source| source.iter().rev().copied().collect()).collect();
    TokenBatch::new(sources.iter().zip(&targets).map(|(source, target)| (source.as_slice(), target.as_slice())))
}
