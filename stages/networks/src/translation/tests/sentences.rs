//! What a sentence gives depends on itself only.

use datasets::TokenBatch;
use proptest::prelude::*;
use spaces::{Conventions, LinearForm, Mix, PaddingMasks};
use translation::{BeamSettings, StepModel};

use super::samples::{architecture, conventional, reversals, task};
use crate::translation::frame::Padded;
use crate::translation::step::StepDecoder;
use crate::translation::{TranslationError, TranslationInference};

/// The same sums in another order: a batch of another size is cut into other blocks.
const TOLERANCE: f32 = 2e-5;

fn network(mix: Mix, conventions: Conventions) -> TranslationInference {
    let architecture = architecture(&[mix, mix, Mix::Attention], &[mix, mix], LinearForm::Dense);
    TranslationInference::of_path(&conventional(&architecture, conventions), &architecture)
}

fn pair(sources: &[u32], targets: &[u32]) -> TokenBatch {
    TokenBatch::new([(sources, targets)])
}

fn distance(left: &[f32], right: &[f32]) -> f32 {
    assert_eq!(left.len(), right.len());
    left.iter().zip(right).map(|(left, right)| (left - right).abs()).fold(0.0, f32::max)
}

/// Returns the largest difference that company makes to the log-probabilities of the first of two pairs.
fn company(inference: &TranslationInference) -> f32 {
    let (sources, targets) = ([4, 5, 6], [7, 8]);
    let alone = inference.log_probabilities(&pair(&sources, &targets));
    let long: Vec<u32> = (0..20).map(|at| 4 + at % 9).collect();
    let batch = TokenBatch::new([(&sources[..], &targets[..]), (&long, &long)]);
    distance(&alone, &inference.log_probabilities(&batch)[..alone.len()])
}

#[test]
fn no_mix_sees_padding() {
    for mix in Mix::ALL {
        let found = company(&network(mix, Conventions::default()));
        assert!(found < TOLERANCE, "{mix}: {found}");
    }
}

#[test]
fn the_released_masks_let_padding_through() {
    let conventions = Conventions { masks: PaddingMasks::Released, ..Conventions::default() };
    for mix in [Mix::Conv, Mix::Add, Mix::Shift] {
        let found = company(&network(mix, conventions));
        assert!(found > 100.0 * TOLERANCE, "{mix}: {found}");
    }
    assert!(company(&network(Mix::Attention, conventions)) < TOLERANCE);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_mix_sees_the_future(mix in proptest::sample::select(&Mix::ALL[..]), at in 0_usize..11, word in 4_u32..13) {
        let inference = network(mix, Conventions::default());
        let targets = [5, 12, 7, 4, 6, 8, 9, 10, 11, 5, 6];
        let mut changed = targets;
        changed[at] = if word == targets[at] { 4 + (word - 3) % 9 } else { word };
        let probabilities = |targets: &[u32]| inference.log_probabilities(&pair(&[4, 5, 6, 7], targets));
        let (before, after) = (probabilities(&targets), probabilities(&changed));
        // Position t reads target t − 1.
        let (past, future) = ((at + 1) * task().vocabulary, before.len());
        prop_assert!(before[..past] == after[..past]);
        prop_assert!(before[past..future] != after[past..future]);
    }

    #[test]
    fn steps_and_batches_agree_for_sentences_of_any_length(seed in any::<u64>(), longest in 1_usize..12) {
        let inference = network(Mix::AttentionShift, Conventions::default());
        let batch = reversals(1, longest, seed);
        let wanted = inference.log_probabilities(&batch);
        let forward = inference.forward();
        let memory = forward.encode(&Padded::sources(&batch));
        let mut decoder = StepDecoder::new(forward, &memory);
        let mut found = Vec::new();
        for token in batch.decoder_inputs() {
            let Ok(row) = decoder.step(&[token], &[0]);
            found.extend(row);
        }
        prop_assert!(distance(&found, &wanted) < 5.0 * TOLERANCE);
    }
}

#[test]
fn translations_come_in_the_order_of_their_sentences_and_alone_as_together() {
    let inference = network(Mix::AttentionAdd, Conventions::default());
    let sentences: [&[u32]; 4] = [&[4, 5, 6, 7, 8], &[9], &[], &[10, 11, 12]];
    let settings = BeamSettings { beam: 3, best: 2, most_length: 9, ..BeamSettings::default() };
    let together = inference.translate(&sentences, &settings).expect("sentences of the vocabulary");
    for (sentence, together) in sentences.iter().zip(&together) {
        let alone = inference.translate(&[sentence], &settings).expect("a sentence of the vocabulary");
        assert_eq!(together.len(), 2);
        for (together, alone) in together.iter().zip(&alone[0]) {
            assert_eq!(together.tokens, alone.tokens);
            assert!((together.log_probability - alone.log_probability).abs() < 1e-3);
        }
    }
}

#[test]
fn a_translation_has_the_probability_that_the_parallel_decoder_gives_it() {
    let inference = network(Mix::AttentionConv, Conventions::default());
    let source = [4, 9, 7];
    let best =
        inference.translate(&[&source], &BeamSettings::default()).expect("of the vocabulary").remove(0).remove(0);
    let batch = pair(&source, &best.tokens);
    let rows = inference.log_probabilities(&batch);
    let rows = rows.chunks_exact(task().vocabulary).zip(&batch.targets);
    let wanted: f32 = rows.map(|(row, &target)| row[target as usize]).sum();
    assert!((best.log_probability - wanted).abs() < 1e-3, "{} instead of {wanted}", best.log_probability);
}

#[test]
fn sentences_that_do_not_fit_are_told_with_their_place() {
    let inference = network(Mix::Attention, Conventions::default());
    let long = [4; 24];
    let error = |sentences: &[&[u32]]| inference.translate(sentences, &BeamSettings::default()).unwrap_err();
    assert_eq!(error(&[&[4], &long]), TranslationError::TooLong { sentence: 1, found: 25, longest: 24 });
    assert_eq!(error(&[&[4, 13]]), TranslationError::Token { sentence: 0, token: 13, last: 12 });
}
