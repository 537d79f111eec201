//! Small translation networks with random weights.

use exports::TranslationMetadata;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use spaces::{
    Conventions, DecoderLayer, EncoderLayer, LinearForm, LocalNorm, Mix, PaddingMasks, Positions,
    TransformerArchitecture, TransformerDecoder, TransformerEncoder, TransformerSizes, TranslationTask, Weights,
};

pub const TASK: TranslationTask = TranslationTask { vocabulary: 40, longest: 24, conventions: CONVENTIONS };
const CONVENTIONS: Conventions =
    Conventions { positions: Positions::Interleaved, masks: PaddingMasks::Exact, local_norm: LocalNorm::Layer };

/// A network whose layers are the given ones, the same number in encoder and decoder.
///
/// Widths differ between encoder and decoder, heads between layers, and decoder layer n reads n + 1 encoder layers
/// as far as there are.
pub fn architecture(mixes: &[Mix], mlp_form: LinearForm, projection_form: LinearForm) -> TransformerArchitecture {
    let encoder = |(at, &mix): (usize, &Mix)| EncoderLayer {
        mlp_width: 24 + 8 * at,
        heads: [2, 4, 1][at % 3],
        mix,
        mlp_form,
        projection_form,
    };
    let decoder = |(at, &mix): (usize, &Mix)| DecoderLayer {
        mlp_width: 40 - 8 * at,
        self_heads: [4, 1, 2][at % 3],
        cross_heads: [1, 2, 4][at % 3],
        sources: at % 3 + 1,
        mix,
        mlp_form,
        projection_form,
    };
    let encoder = TransformerEncoder { width: 32, layers: mixes.iter().enumerate().map(encoder).collect() };
    let decoder = TransformerDecoder { width: 48, layers: mixes.iter().enumerate().map(decoder).collect() };
    TransformerArchitecture::new(TransformerSizes { inner_width: 16, encoder, decoder }).unwrap()
}

/// Returns the form of the layer that a parameter belongs to; dense for what is no linear layer.
pub fn form_of(architecture: &TransformerArchitecture, parameter: &str) -> LinearForm {
    let sizes = architecture.sizes();
    let parts: Vec<&str> = parameter.split('.').collect();
    let (mlp, projection) = match parts[..] {
        ["encoder", index, ..] => {
            let layer = sizes.encoder.layers[index.parse::<usize>().unwrap()];
            (layer.mlp_form, layer.projection_form)
        }
        ["decoder", index, ..] => {
            let layer = sizes.decoder.layers[index.parse::<usize>().unwrap()];
            (layer.mlp_form, layer.projection_form)
        }
        _ => return LinearForm::Dense,
    };
    match parts[2..] {
        [.., "shift", _] => LinearForm::Shift,
        ["mlp", ..] => mlp,
        _ => projection,
    }
}

pub fn weights(architecture: &TransformerArchitecture, task: &TranslationTask, seed: u64) -> Weights {
    let mut rng = ChaCha12Rng::seed_from_u64(seed);
    let mut weights = Weights::default();
    for parameter in architecture.parameters(task) {
        let count = parameter.shape.iter().product::<usize>();
        let inputs = *parameter.shape.last().unwrap() as f32;
        let form = form_of(architecture, &parameter.name);
        let mut value = || match parameter.name.rsplit('.').next().unwrap() {
            "weight" if form == LinearForm::Shift => {
                let exponent: f32 = rng.random_range(-6_i8..=-2).into();
                exponent.exp2() * f32::from(rng.random_range(-1_i8..=1))
            }
            // As wide as their inputs, so that distances differ.
            "weight" if form == LinearForm::Add => rng.random_range(-1.7..1.7),
            "weight" => rng.random_range(-1.7..1.7) / inputs.sqrt(),
            "kernel" => rng.random_range(0.0..2.0) / inputs,
            "gamma" => rng.random_range(0.5..1.5),
            _ => rng.random_range(-0.3..0.3),
        };
        let values = (0..count).map(|_| value()).collect();
        weights.insert(parameter.name, parameter.shape, values);
    }
    weights
}

/// Returns sentences of the given lengths, without ends.
pub fn sentences(task: &TranslationTask, lengths: &[usize], seed: u64) -> Vec<Vec<u32>> {
    let mut rng = ChaCha12Rng::seed_from_u64(seed);
    lengths.iter().map(|&length| (0..length).map(|_| rng.random_range(4..task.vocabulary as u32)).collect()).collect()
}

pub fn metadata() -> TranslationMetadata {
    TranslationMetadata {
        name: "test".into(),
        source_language: "de".into(),
        target_language: "en".into(),
        lineage: [("subnet".to_owned(), "d1".to_owned())].into(),
    }
}
