use datasets::TokenBatch;
use spaces::{LinearForm, Mix, TransformerArchitecture};

use super::samples::{architecture, reversals, subnet};
use super::sharing::supernet;
use crate::translation::{
    DropoutRates, EightBitTraining, NetworkSettings, TranslationNetwork, TranslationSharing, TranslationTrainer,
    TranslationTraining,
};

/// Trains up to an update, each with batches and a point of its own.
fn go_on(trainer: &mut TranslationTrainer<'_>, points: &[TransformerArchitecture], until: usize) {
    while trainer.updates < until {
        let first = 2 * trainer.updates as u64;
        let batches = [reversals(3, 5, first), reversals(2, 4, first + 1)];
        trainer.update(&batches, &points[trainer.updates % points.len()]);
    }
}

fn resumes(network: impl Fn() -> TranslationNetwork, points: &[TransformerArchitecture]) {
    let training = TranslationTraining { updates: 6, warmup_updates: 1, ..TranslationTraining::default() };
    resumes_with(&training, network, points);
}

fn resumes_with(
    training: &TranslationTraining,
    network: impl Fn() -> TranslationNetwork,
    points: &[TransformerArchitecture],
) {
    let trainer = || TranslationTrainer::new(network(), training, 7);
    let mut straight = trainer();
    go_on(&mut straight, points, 6);
    let mut first = trainer();
    go_on(&mut first, points, 4);
    let mut second = trainer();
    second.restore(first.snapshot());
    go_on(&mut second, points, 6);
    assert!(second.snapshot() == straight.snapshot());
    assert!(second.snapshot() != first.snapshot());
}

#[test]
fn a_restored_subnet_trains_on_to_the_same_bytes() {
    let point = architecture(&[Mix::Add, Mix::AttentionShift], &[Mix::AttentionConv], LinearForm::Dense);
    resumes(|| subnet(&point, &NetworkSettings::default()), std::slice::from_ref(&point));
}

#[test]
fn training_for_8_bits_goes_on_with_the_same_ranges() {
    let point = architecture(&[Mix::AttentionShift], &[Mix::AttentionAdd], LinearForm::Dense);
    let eight_bit = Some(EightBitTraining::default());
    let training = TranslationTraining { updates: 6, warmup_updates: 1, eight_bit, ..TranslationTraining::default() };
    resumes_with(&training, || subnet(&point, &NetworkSettings::default()), std::slice::from_ref(&point));
}

#[test]
fn a_restored_supernet_trains_on_to_the_same_bytes() {
    let points = [
        architecture(&[Mix::Add, Mix::AttentionShift], &[Mix::AttentionAdd], LinearForm::Add),
        architecture(&[Mix::Conv, Mix::AttentionAdd], &[Mix::Shift], LinearForm::Dense),
        architecture(&[Mix::Shift, Mix::AttentionConv], &[Mix::AttentionAdd, Mix::Add], LinearForm::Shift),
    ];
    for refresh_every in [1, 2] {
        let sharing = TranslationSharing { refresh_every, ..TranslationSharing::default() };
        resumes(|| supernet(&sharing, &NetworkSettings::default()), &points);
    }
}

#[test]
fn batches_of_an_update_count_by_their_tokens() {
    let point = architecture(&[Mix::AttentionConv], &[Mix::Attention], LinearForm::Dense);
    let settings = NetworkSettings { dropout: DropoutRates::none(), ..NetworkSettings::default() };
    let training = TranslationTraining { start_rate: 1e-3, ..TranslationTraining::default() };
    let pairs: [(&[u32], &[u32]); 3] = [(&[4, 5], &[6]), (&[7, 8, 9], &[5, 4, 10, 11]), (&[12], &[4, 4])];
    let trained = |batches: &[TokenBatch]| {
        let mut trainer = TranslationTrainer::new(subnet(&point, &settings), &training, 1);
        let summary = trainer.update(batches, &point);
        (summary, trainer.snapshot().memory)
    };
    let (whole, memory) = trained(&[TokenBatch::new(pairs)]);
    let (parts, of_parts) = trained(&[TokenBatch::new([pairs[0]]), TokenBatch::new([pairs[1], pairs[2]])]);
    assert_eq!(whole.tokens, parts.tokens);
    assert!((whole.smoothed_bits - parts.smoothed_bits).abs() < 1e-5);
    // First moments are a tenth of the gradients.
    for (whole, parts) in memory.iter().zip(&of_parts) {
        let close = whole.first.iter().zip(&parts.first).all(|(left, right)| (left - right).abs() < 1e-6);
        assert!(close, "{}", whole.key);
    }
}
