use std::collections::BTreeMap;

use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;

use super::*;
use crate::{DecoderChoices, EncoderChoices, LinearForm, Mix};

/// Every list has more than one value.
fn formed() -> HybridTransformer {
    let mut space = HybridTransformer::en_de_v1();
    space.encoder.layers = vec![6, 3, 4];
    space.encoder.mlp_forms = LinearForm::ALL.to_vec();
    space.decoder.mlp_forms = vec![LinearForm::Add, LinearForm::Dense];
    space.encoder.projection_forms = vec![LinearForm::Shift, LinearForm::Dense];
    space.decoder.projection_forms = LinearForm::ALL.to_vec();
    space
}

/// 2 · (2 + 4) encoders and 1 · (2 + 4) decoders are 72 networks.
fn tiny() -> HybridTransformer {
    HybridTransformer {
        inner_width: 16,
        encoder: EncoderChoices {
            widths: vec![32, 16],
            layers: vec![2, 1],
            mlp_widths: vec![8],
            heads: vec![4],
            mixes: vec![Mix::Conv, Mix::Attention],
            mlp_forms: vec![LinearForm::Dense],
            projection_forms: vec![LinearForm::Dense],
        },
        decoder: DecoderChoices {
            widths: vec![16],
            layers: vec![1, 2],
            mlp_widths: vec![8],
            self_heads: vec![4],
            cross_heads: vec![4, 2],
            sources: vec![1],
            mixes: vec![Mix::AttentionAdd],
            mlp_forms: vec![LinearForm::Dense],
            projection_forms: vec![LinearForm::Dense],
        },
    }
}

fn generator(seed: u64) -> ChaCha12Rng {
    ChaCha12Rng::seed_from_u64(seed)
}

/// Returns how often each architecture is drawn.
fn drawn(space: &HybridTransformer, sampling: Sampling, draws: usize) -> BTreeMap<String, usize> {
    let mut rng = generator(5);
    let mut counts = BTreeMap::new();
    (0..draws).for_each(|_| *counts.entry(space.format(&space.draw(sampling, &mut rng))).or_default() += 1);
    counts
}

#[test]
fn a_genome_has_the_genes_of_the_release_and_two_forms_per_layer() {
    let space = HybridTransformer::en_de_v3();
    assert_eq!(space.sample(&mut generator(1)).0.len(), 52 + 2 * 12);
    let text = "512-AD1024h8-AS1024h8-A1024h16-AD4096h8-AS3072h4-A4096h16_512-A4096h8x4e3";
    let genome = space.parse(text).expect("the published 100 ms network");
    let encoder = [vec![2, 0], vec![3, 3, 3, 0, 1, 0], vec![1, 1, 0, 1, 2, 0], vec![5, 6, 3, 5, 6, 3], vec![0; 12]];
    assert_eq!(genome.0[..32], encoder.concat());
    let layer = |choice| vec![choice, 0, 0, 0, 0, 0];
    let decoder = [vec![2, 5], layer(0), layer(1), layer(2), layer(2), layer(0), vec![0; 12]];
    assert_eq!(genome.0[32..], decoder.concat());
    assert_eq!(space.format(&genome), text);
}

#[test]
fn genomes_that_are_no_points_are_refused_with_the_gene() {
    let space = HybridTransformer::en_de_v3();
    let text = "512-AD1024h8-AS1024h8-A1024h16-AD4096h8-AS3072h4-A4096h16_512-A4096h8x4e3";
    let genome = space.parse(text).expect("the published 100 ms network");
    let message = |change: fn(&mut Vec<u16>)| {
        let mut genome = genome.clone();
        change(&mut genome.0);
        SearchSpace::contains(&space, &genome).expect_err("the change breaks a rule").to_string()
    };
    assert_eq!(message(|genes| genes.truncate(70)), "genome has 70 genes, the space wants 76");
    assert_eq!(message(|genes| genes[9] = 3), "gene 9, encoder layer 1: heads, is 3, wanted 0 to 2");
    let inert = "gene 36, decoder layer 2: mlp_width, is 1, but there is no such layer; write 0";
    assert_eq!(message(|genes| genes[36] = 1), inert);
}

#[test]
fn texts_that_are_no_points_are_refused_with_the_character() {
    let space = HybridTransformer::en_de_v3();
    let message = |text: &str| space.parse(text).expect_err("no point").to_string();
    assert_eq!(message(""), "architecture ``: wanted the encoder's width at character 0, found the end");
    let mix = "architecture `512-AX8`: wanted one of C, D, S, A, AC, AD, AS at character 4, found `A`";
    assert_eq!(message("512-AX8"), mix);
    let end = "architecture `512-A8h4_512-A8h4x4e1é`: wanted `-` and a layer, or the end at character 21, found `é`";
    assert_eq!(message("512-A8h4_512-A8h4x4e1é"), end);
    let side = "architecture `512-A8h4`: wanted `-` and a layer, or `_` and the decoder at character 8, found the end";
    assert_eq!(message("512-A8h4"), side);
    let zero = "architecture `0512`: wanted the encoder's width at character 0, found `0`";
    assert_eq!(message("0512"), zero);
    let offered = "`encoder.layers` is 1, the space offers 6";
    assert_eq!(message("512-A1024h4_512-A1024h4x4e1"), offered);
    let size = "decoder layer 0: 0 sources, wanted 1 to 1";
    assert_eq!(message("512-A1024h4_512-A1024h4x4e0"), size);
}

#[test]
fn both_samplings_reach_every_architecture_and_nothing_else() {
    let space = tiny();
    space.check().expect("all rules hold");
    assert_eq!(space.size(), Ok(72));
    for sampling in [Sampling::Genes, Sampling::Architectures] {
        assert_eq!(drawn(&space, sampling, 4_000).len(), 72);
    }
}

#[test]
fn architectures_are_equally_likely_where_that_is_asked_for() {
    let counts = drawn(&tiny(), Sampling::Architectures, 72_000);
    // Each is expected 1000 times; five standard deviations are 157.
    assert!(counts.values().all(|count| count.abs_diff(1000) < 157), "{counts:?}");
}

#[test]
fn numbers_of_layers_are_equally_likely_by_default() {
    let counts = drawn(&tiny(), Sampling::Genes, 8_000);
    let short = |text: &str| text.matches('-').count() == 2;
    let drawn: usize = counts.iter().filter(|(text, _)| short(text)).map(|(_, count)| count).sum();
    // One layer on either side has probability 1/4; five standard deviations are 194. Uniform over architectures it
    // would be 1/9.
    assert!(drawn.abs_diff(2000) < 194, "{drawn}");
}

#[test]
fn a_layer_that_a_mutation_adds_is_drawn_afresh() {
    let space = tiny();
    let parent = space.parse("32-C8h4_16-AD8h4x2e1").expect("a point");
    let mut rng = generator(3);
    let mut added = BTreeMap::new();
    for _ in 0..4_000 {
        let mutant = space.mutate(&parent, 0.25, &mut rng).expect("a mutant");
        let layers = space.decode(&mutant).sizes().encoder.layers.clone();
        if let Some(layer) = layers.get(1) {
            *added.entry(layer.mix.letters()).or_insert(0_usize) += 1;
        }
    }
    // The second layer appears with probability 1/8, each of two mixes 250 times; five standard deviations are 77.
    assert!(added.len() == 2 && added.values().all(|count| count.abs_diff(250) < 77), "{added:?}");
}

#[test]
fn a_mutation_without_probability_and_a_cross_with_itself_change_nothing() {
    let space = formed();
    let mut rng = generator(9);
    for _ in 0..50 {
        let genome = space.sample(&mut rng);
        assert_eq!(space.mutate(&genome, 0.0, &mut rng).as_ref(), Some(&genome));
        assert_eq!(space.cross(&genome, &genome, &mut rng).as_ref(), Some(&genome));
    }
}

proptest! {
    #[test]
    fn random_points_variants_and_crosses_are_points_and_read_back(seed in any::<u64>()) {
        let space = formed();
        let mut rng = generator(seed);
        let (left, right) = (space.sample(&mut rng), space.draw(Sampling::Architectures, &mut rng));
        let mutant = space.mutate(&left, 0.3, &mut rng).expect("a mutant");
        let child = space.cross(&left, &right, &mut rng).expect("a child");
        for genome in [&left, &right, &mutant, &child] {
            prop_assert_eq!(SearchSpace::contains(&space, genome), Ok(()));
            prop_assert_eq!(space.parse(&space.format(genome)), Ok(genome.clone()));
            prop_assert_eq!(space.encode(&space.decode(genome)), Ok(genome.clone()));
        }
    }

    #[test]
    fn every_choice_of_a_child_is_one_of_its_parents(seed in any::<u64>()) {
        let space = formed();
        let mut rng = generator(seed);
        let (left, right) = (space.sample(&mut rng), space.sample(&mut rng));
        let child = space.cross(&left, &right, &mut rng).expect("a child");
        let depths = space.depths(&child);
        for (index, gene) in space.genes().iter().enumerate() {
            let parents = [&left, &right].map(|parent| gene.is_there(space.depths(parent)).then_some(parent.0[index]));
            prop_assert!(!gene.is_there(depths) || parents.contains(&Some(child.0[index])), "{}", gene.label());
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,40}", cut in 0_usize..80) {
        let space = HybridTransformer::en_de_v3();
        let name = "512-AD1024h8-AS1024sh8-As1024h16-AD4096h8-AS3072h4-A4096h16_512-A4096h8x4e3";
        let cut: String = name.chars().take(cut).chain(text.chars()).collect();
        let read = space.parse(&cut);
        prop_assert!(read.is_err() || space.format(&read.expect("a point")) == cut.trim());
    }
}
