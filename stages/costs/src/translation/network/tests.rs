use std::num::NonZeroU16;

use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;
use serde::Deserialize;
use spaces::{
    Arithmetic, Conventions, DecoderChoices, EncoderChoices, HybridTransformer, LinearForm, LocalOperator, Mix,
    Operator, SearchSpace, TranslationTask,
};

use super::*;
use crate::translation::rows::rows;
use crate::{BitWidth, Local, Macs, Role, Sources, translation_network, translation_networks, translation_references};

/// Made by counts.py beside it.
const GOLDEN: &str = include_str!("golden.csv");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    network: String,
    official_params: u64,
    official_flops: u64,
    params: u64,
    multiply: u64,
    shift: u64,
    add: u64,
}

fn network(name: &str) -> Network {
    transformer(name, &translation_network(name).expect("published"), TranslationPass::default())
}

fn layer<'a>(network: &'a Network, name: &str) -> &'a Layer {
    network.layers.iter().find(|layer| layer.name == name).expect("the network has the layer")
}

fn names(network: &Network, part: &str) -> Vec<String> {
    let names = network.layers.iter().filter_map(|layer| layer.name.strip_prefix(part));
    names.map(str::to_owned).collect()
}

#[test]
fn every_network_counts_as_without_layers() {
    let goldens: Vec<Golden> = rows(GOLDEN).expect("the file is well formed");
    assert_eq!(goldens.len(), translation_networks().len());
    for (golden, named) in goldens.iter().zip(translation_networks()) {
        let network = transformer(&named.name, &named.architecture, TranslationPass::default());
        assert_eq!(golden.network, named.name);
        let official = Official { params: golden.official_params, flops: golden.official_flops };
        assert_eq!(network.official(), official, "{}", named.name);
        assert_eq!(network.params(), golden.params, "{}", named.name);
        let macs = Macs { multiply: golden.multiply, shift: golden.shift, add: golden.add };
        assert_eq!(network.macs(), Ok(macs), "{}", named.name);
    }
}

#[test]
fn counts_are_those_the_authors_recorded_to_the_last_digit() {
    let recorded = translation_references().iter().filter_map(|reference| {
        let official = Official { params: reference.recorded_params?, flops: reference.recorded_flops? };
        Some((&reference.network, official))
    });
    let mut checked = 0;
    for (name, official) in recorded {
        assert_eq!(network(name).official(), official, "{name}");
        checked += 1;
    }
    assert_eq!(checked, 14);
}

#[test]
fn the_plotted_120_ms_network_is_the_winner_with_attention_in_its_last_encoder_layer() {
    let mut sizes = translation_network("en-de@120ms_winner").expect("published").sizes().clone();
    let last = sizes.encoder.layers.last_mut().expect("six layers");
    assert_eq!(last.mix, Mix::Add);
    last.mix = Mix::Attention;
    let edited = TransformerArchitecture::new(sizes).expect("512 channels divide");
    assert_eq!(translation_network("en-de@120ms_trained"), Ok(edited.clone()));
    let official = transformer("edited", &edited, TranslationPass::default()).official();
    assert_eq!(official, Official { params: 30_998_848, flops: 2_008_535_220 });
}

#[test]
fn layers_have_unique_names_in_order_of_execution() {
    let network = network("en-de@100ms_update");
    let mut unique: Vec<_> = network.layers.iter().map(|layer| &layer.name).collect();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), network.layers.len());
    let first = [
        "self_attention.query",
        "self_attention.key",
        "self_attention.value",
        "self_attention.scale",
        "self_attention.scores",
        "self_attention.context",
        "self_attention.output",
        "local.project_in",
        "local.kernel",
        "local.project_out",
        "mix_norm",
        "mlp.expand",
        "mlp.contract",
        "mlp_norm",
    ];
    assert_eq!(names(&network, "encoder.0."), first);
    assert_eq!(names(&network, "encoder.1.local."), ["project_in", "shift", "kernel", "project_out"]);
    assert_eq!(names(&network, "decoder.0.cross_attention.").len(), 7);
}

/// Layer 1 of the 100 ms network: AS, 8 heads, half of 512 channels, kernel of 7.
#[test]
fn a_shift_branch_shifts_in_its_matrix_and_adds_in_its_kernel() {
    let network = network("en-de@100ms_update");
    let linear = |name: &str| match layer(&network, name).work {
        Work::Linear(linear) => linear,
        Work::Window(_) | Work::Product { .. } | Work::Local(_) | Work::Free => panic!("{name} is linear"),
    };
    let projection = linear("encoder.1.local.project_in");
    assert_eq!(projection.arithmetic, Arithmetic::Multiply);
    assert_eq!(projection.role, Role::Projection(Arithmetic::Shift));
    assert_eq!((projection.rows, projection.inputs, projection.outputs), (30, 256, 256));
    let shift = linear("encoder.1.local.shift");
    assert_eq!((shift.arithmetic, shift.role), (Arithmetic::Shift, Role::ShiftMatrix));
    let stored = layer(&network, "encoder.1.local.shift");
    assert_eq!((stored.params, stored.official.params), (2 * 65_536 + 256, 65_536 + 256));
    assert_eq!(stored.operator, Some(Operator::Shift));
    let kernel = Local { arithmetic: Arithmetic::Add, tokens: 30, width: 256, taps: 7, heads: 8 };
    assert_eq!(layer(&network, "encoder.1.local.kernel").work, Work::Local(kernel));
    assert_eq!(layer(&network, "encoder.1.local.kernel").params, 4 * 7);
}

/// Layer 0 of the En-Fr 300 ms network is pure Add of 512 channels: 16 kernels, and its first normalisation is stored
/// but not counted by the authors.
#[test]
fn the_first_normalisation_of_a_pure_local_encoder_layer_is_stored_and_not_official() {
    let network = network("en-fr@300ms");
    let norm = layer(&network, "encoder.0.mix_norm");
    assert_eq!((norm.params, norm.official.params), (1024, 0));
    assert_eq!(norm.official.flops, 2 * 30 * 512);
    assert_eq!(layer(&network, "encoder.0.local.kernel").params, 16 * 3);
    let norm = layer(&network, "encoder.1.mix_norm");
    assert_eq!((norm.params, norm.official.params), (1024, 1024));
}

/// 30 target rows against three sources of 30 rows, 4 heads of 128.
#[test]
fn one_source_shortens_the_keys_and_leaves_the_parameters() {
    let architecture = translation_network("en-de@100ms_update").expect("published");
    let own = transformer("own", &architecture, TranslationPass::default());
    let one =
        transformer("one", &architecture, TranslationPass { sources: Sources::One, ..TranslationPass::default() });
    let scores = "decoder.0.cross_attention.scores";
    assert_eq!(layer(&own, scores).work, Work::Product { batch: 4, rows: 30, inner: 128, columns: 90 });
    assert_eq!(layer(&one, scores).work, Work::Product { batch: 4, rows: 30, inner: 128, columns: 30 });
    let context = "decoder.0.cross_attention.context";
    assert_eq!(layer(&own, context).work, Work::Product { batch: 4, rows: 30, inner: 90, columns: 128 });
    assert_eq!(own.params(), one.params());
    // Two products of 60 · 512 values per row, and two projections of 60 rows.
    let saved = 2 * (2 * 30 * 60 * 512 + 2 * 60 * 512 * 512);
    assert_eq!(own.official().flops - one.official().flops, saved);
}

#[test]
fn tokens_of_source_and_target_count_where_they_are() {
    let architecture = translation_network("transformer-base").expect("published");
    let source_tokens = NonZeroU16::new(23).expect("not 0");
    let pass = TranslationPass { source_tokens, ..TranslationPass::default() };
    let network = transformer("base", &architecture, pass);
    let scores = |part: &str| layer(&network, &format!("{part}.scores")).work;
    let product = |rows, columns| Work::Product { batch: 8, rows, inner: 64, columns };
    assert_eq!(scores("encoder.5.self_attention"), product(23, 23));
    assert_eq!(scores("decoder.5.self_attention"), product(30, 30));
    assert_eq!(scores("decoder.5.cross_attention"), product(30, 23));
}

/// Shares of multiply, shift and add in percent: how little multiplication the published networks avoid.
#[test]
fn nearly_everything_is_multiplied() {
    let shares = [
        ("en-de@350ms_update", ["99.973", "0.00", "0.027"]),
        ("en-de@300ms_update", ["99.978", "0.00", "0.022"]),
        ("en-de@100ms_update", ["99.45", "0.48", "0.07"]),
        ("en-fr@300ms", ["99.981", "0.00", "0.019"]),
        ("en-fr@120ms", ["99.55", "0.42", "0.03"]),
    ];
    for (name, expected) in shares {
        let macs = network(name).macs().expect("fits");
        for (arithmetic, expected) in [Arithmetic::Multiply, Arithmetic::Shift, Arithmetic::Add].iter().zip(expected) {
            let share = 100.0 * macs.share(*arithmetic);
            let decimals = expected.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            assert_eq!(format!("{share:.decimals$}"), expected, "{name} {arithmetic:?}");
        }
    }
}

/// Transformer-base with other linear layers. A token meets 6 · (4 · 512² + 2 · 512 · 2048) weights of the encoder,
/// and 6 · (8 · 512² + 2 · 512 · 2048) of the decoder.
fn formed(projection_form: LinearForm, mlp_form: LinearForm) -> Network {
    let mut sizes = translation_network("transformer-base").expect("published").sizes().clone();
    for layer in &mut sizes.encoder.layers {
        (layer.projection_form, layer.mlp_form) = (projection_form, mlp_form);
    }
    for layer in &mut sizes.decoder.layers {
        (layer.projection_form, layer.mlp_form) = (projection_form, mlp_form);
    }
    let architecture = TransformerArchitecture::new(sizes).expect("forms fit every size");
    transformer("formed", &architecture, TranslationPass::default())
}

#[test]
fn linear_layers_count_by_their_arithmetic_and_attention_products_multiply() {
    let (projections, mlps) = (30 * 6 * (4 + 8) * 512 * 512, 30 * 6 * 2 * (2 * 512 * 2048));
    let products = 18 * 2 * 30 * 30 * 512;
    let macs = |projection, mlp| formed(projection, mlp).macs().expect("fits");
    let dense = macs(LinearForm::Dense, LinearForm::Dense);
    assert_eq!(dense, Macs { multiply: projections + mlps + products, shift: 0, add: 0 });
    let mixed = macs(LinearForm::Shift, LinearForm::Add);
    assert_eq!(mixed, Macs { multiply: products, shift: projections, add: mlps });
    assert!(mixed.share(Arithmetic::Multiply) < 0.015);
    let shares = [Arithmetic::Multiply, Arithmetic::Shift, Arithmetic::Add].map(|arithmetic| mixed.share(arithmetic));
    assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    assert_eq!(Macs::default().share(Arithmetic::Add), 0.0);
}

/// A shift layer stores its signs too, an add layer a scale more per output; 5 bits and 8 bits per weight.
#[test]
fn linear_layers_store_what_their_form_needs() {
    let weights = 6 * (12 * 512 * 512 + 4 * 512 * 2048);
    let biases = 6 * (12 * 512 + 2 * (2048 + 512));
    let params = |form| formed(form, form).params();
    let dense = params(LinearForm::Dense);
    assert_eq!(params(LinearForm::Shift) - dense, weights);
    assert_eq!(params(LinearForm::Add) - dense, biases);
    let bytes = |form| formed(form, form).size_bytes(BitWidth::Eight);
    assert_eq!(bytes(LinearForm::Dense) - bytes(LinearForm::Shift), weights * 3 / 8);
    assert_eq!(bytes(LinearForm::Add) - bytes(LinearForm::Dense), 4 * biases);
    let official = |form| formed(form, form).official();
    assert_eq!(official(LinearForm::Shift), official(LinearForm::Dense));
    assert_eq!(official(LinearForm::Add).params - official(LinearForm::Dense).params, biases);
}

#[test]
fn every_stored_scalar_is_a_parameter_of_the_exported_network_or_a_sign() {
    let task = TranslationTask { vocabulary: 1, longest: 1, conventions: Conventions::default() };
    let space = HybridTransformer {
        encoder: EncoderChoices {
            mlp_forms: LinearForm::ALL.to_vec(),
            projection_forms: LinearForm::ALL.to_vec(),
            ..HybridTransformer::en_de_v3().encoder
        },
        decoder: DecoderChoices {
            mlp_forms: LinearForm::ALL.to_vec(),
            projection_forms: LinearForm::ALL.to_vec(),
            ..HybridTransformer::en_de_v3().decoder
        },
        ..HybridTransformer::en_de_v3()
    };
    let mut rng = ChaCha12Rng::seed_from_u64(8);
    for _ in 0..50 {
        let architecture = space.decode(&space.sample(&mut rng));
        let network = transformer("random", &architecture, TranslationPass::default());
        let signs = network.layers.iter().map(|layer| match layer.work {
            Work::Linear(linear) if linear.arithmetic == Arithmetic::Shift => linear.inputs * linear.outputs,
            Work::Linear(_) | Work::Window(_) | Work::Product { .. } | Work::Local(_) | Work::Free => 0,
        });
        let exported = architecture.parameters(&task).into_iter().skip(1);
        let exported: usize = exported.map(|parameter| parameter.shape.iter().product::<usize>()).sum();
        assert_eq!(network.params() - signs.sum::<u64>(), exported as u64, "{}", architecture.name());
    }
}

/// The largest architecture and sentences there may be still count within 64 bits.
#[test]
fn the_largest_network_counts_within_64_bits() {
    let mut sizes = translation_network("transformer-base").expect("published").sizes().clone();
    let layer = EncoderLayer {
        mlp_width: 65_536,
        heads: 1,
        mix: Mix::AttentionShift,
        mlp_form: LinearForm::Dense,
        projection_form: LinearForm::Dense,
    };
    assert_eq!(layer.mix.local(), Some(LocalOperator::Shift));
    let decoder = DecoderLayer {
        mlp_width: 65_536,
        self_heads: 1,
        cross_heads: 1,
        sources: 3,
        mix: layer.mix,
        mlp_form: LinearForm::Dense,
        projection_form: LinearForm::Dense,
    };
    sizes.inner_width = 65_536;
    (sizes.encoder.width, sizes.decoder.width) = (65_536, 65_536);
    sizes.encoder.layers = vec![layer; 64];
    sizes.decoder.layers = vec![decoder; 64];
    let architecture = TransformerArchitecture::new(sizes).expect("the largest allowed");
    let pass =
        TranslationPass { source_tokens: NonZeroU16::MAX, target_tokens: NonZeroU16::MAX, sources: Sources::Own };
    let network = transformer("largest", &architecture, pass);
    assert!(network.macs().is_ok());
    let sum = |of: fn(&Layer) -> u64| network.layers.iter().map(|layer| u128::from(of(layer))).sum::<u128>();
    assert_eq!(u128::from(network.official().flops), sum(|layer| layer.official.flops));
    assert_eq!(u128::from(network.params()), sum(|layer| layer.params));
}
