use spaces::{LinearForm, Mix};

use super::samples::{architecture, reversals, subnet};
use crate::translation::{NetworkSettings, TranslationInference, TranslationTrainer, TranslationTraining};

#[test]
fn a_network_with_all_kinds_of_blocks_learns_to_read_backward() {
    let encoder = [Mix::Attention, Mix::Conv, Mix::Add, Mix::Shift];
    let decoder = [Mix::Attention, Mix::AttentionConv, Mix::AttentionAdd, Mix::AttentionShift];
    let architecture = architecture(&encoder, &decoder, LinearForm::Dense);
    let training = TranslationTraining {
        updates: 600,
        peak_rate: 5e-3,
        warmup_updates: 50,
        label_smoothing: 0.0,
        ..TranslationTraining::default()
    };
    let mut trainer = TranslationTrainer::new(subnet(&architecture, &NetworkSettings::default()), &training, 1);
    while trainer.updates < training.updates {
        let batch = reversals(32, 6, trainer.updates as u64);
        trainer.update(&[batch], &architecture);
    }
    let unseen = reversals(100, 6, u64::MAX);
    let loss = TranslationInference::of_path(&trainer.network, &architecture).loss(&unseen, 0.0);
    let accuracy = loss.correct as f64 / loss.tokens as f64;
    assert!(accuracy > 0.95, "{} of {} tokens", loss.correct, loss.tokens);
}
