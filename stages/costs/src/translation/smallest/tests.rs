use std::collections::BTreeSet;

use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;
use spaces::{DecoderChoices, EncoderChoices, LinearForm, Mix, Sampling};

use super::*;
use crate::{BitWidth, Hardware, Sources, translation_networks};

fn accelerator(preset: &str) -> Accelerator {
    Accelerator::new(Hardware::preset(preset).expect("a preset"), BitWidth::ThirtyTwo)
}

/// 256 and 3264 architectures.
fn spaces() -> [HybridTransformer; 2] {
    let encoder = EncoderChoices {
        widths: vec![64, 32],
        layers: vec![2],
        mlp_widths: vec![48],
        heads: vec![8, 2],
        mixes: vec![Mix::Shift, Mix::Attention],
        mlp_forms: vec![LinearForm::Dense],
        projection_forms: vec![LinearForm::Dense, LinearForm::Add],
    };
    let decoder = DecoderChoices {
        widths: vec![32],
        layers: vec![1],
        mlp_widths: vec![64],
        self_heads: vec![4],
        cross_heads: vec![4],
        sources: vec![2, 1],
        mixes: vec![Mix::AttentionConv],
        mlp_forms: vec![LinearForm::Dense],
        projection_forms: vec![LinearForm::Dense],
    };
    let first = HybridTransformer { inner_width: 64, encoder, decoder };
    let mut second = first.clone();
    (second.encoder.heads, second.encoder.projection_forms) = (vec![8], vec![LinearForm::Shift]);
    (second.encoder.widths, second.encoder.mixes) = (vec![64], vec![Mix::AttentionAdd]);
    (second.encoder.mlp_widths, second.encoder.layers) = (vec![64, 16], vec![2, 3]);
    second.decoder.layers = vec![2, 1];
    second.decoder.cross_heads = vec![2, 8];
    second.decoder.mlp_forms = vec![LinearForm::Shift, LinearForm::Add];
    second.decoder.mixes = vec![Mix::AttentionConv, Mix::Attention];
    [first, second]
}

/// Returns all architectures of a space, drawn until none is missing.
fn all(space: &HybridTransformer) -> Vec<TransformerArchitecture> {
    let size = space.size().expect("small") as usize;
    let mut rng = ChaCha12Rng::seed_from_u64(4);
    let mut genomes = BTreeSet::new();
    while genomes.len() < size {
        genomes.insert(space.draw(Sampling::Architectures, &mut rng));
    }
    genomes.iter().map(|genome| space.decode(genome)).collect()
}

#[test]
fn nothing_in_a_small_space_costs_less() {
    for space in spaces() {
        space.check().expect("all rules hold");
        let architectures = all(&space);
        for preset in ["corrected", "shiftaddnas-nlp"] {
            let accelerator = accelerator(preset);
            for sources in [Sources::Own, Sources::One] {
                let pass = TranslationPass { sources, ..TranslationPass::default() };
                for cost in TranslationCost::ALL {
                    let of = |architecture| {
                        let network = transformer("any", architecture, pass);
                        cost.of(&network, &accelerator).expect("every layer has a tiling")
                    };
                    let least = architectures.iter().map(of).fold(f64::INFINITY, f64::min);
                    let found = smallest(&space, cost, pass, &accelerator).expect("every layer has a tiling");
                    // Ties of floats may be broken either way: sums of about 100 values differ by their order.
                    assert!(found.value >= least && found.value <= least * (1.0 + 1e-12), "{} {preset}", cost.name());
                    assert_eq!(of(&found.architecture), found.value);
                    assert_eq!(space.contains(&found.architecture), Ok(()));
                }
            }
        }
    }
}

#[test]
fn no_published_network_costs_less_than_the_least_of_its_space() {
    let space = HybridTransformer::en_de_v3();
    let accelerator = accelerator("shiftaddnas-nlp");
    let pass = TranslationPass::default();
    for cost in TranslationCost::ALL {
        let least = smallest(&space, cost, pass, &accelerator).expect("every layer has a tiling");
        assert_eq!(space.contains(&least.architecture), Ok(()));
        for named in translation_networks() {
            if space.contains(&named.architecture).is_ok() {
                let network = transformer(&named.name, &named.architecture, pass);
                let own = cost.of(&network, &accelerator).expect("every layer has a tiling");
                assert!(least.value < own, "{} {}", named.name, cost.name());
            }
        }
    }
}

/// Two matrices of a conv layer are the cheapest mix of the encoder, and half an attention beside a conv branch that of
/// the decoder; the authors count no kernels, so add would do as well, and heads cost nothing.
#[test]
fn the_fewest_operations_of_the_published_space_are_those_of_the_smallest_sizes() {
    let least = smallest(
        &HybridTransformer::en_de_v3(),
        TranslationCost::FlopsG,
        TranslationPass::default(),
        &accelerator("shiftaddnas-nlp"),
    );
    let name = least.expect("every layer has a tiling").architecture.name();
    assert_eq!(name, "512-C1024h16".to_owned() + &"-C1024h16".repeat(5) + "_512-AC1024h16x16e1");
}
