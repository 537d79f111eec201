use spaces::{LinearForm, Mix, TransformerArchitecture};

use super::samples::{architecture, reversals, subnet};
use crate::translation::{NetworkSettings, TranslationInference, TranslationTrainer, TranslationTraining};

fn accuracy(architecture: &TransformerArchitecture, updates: usize, peak_rate: f64) -> f64 {
    let warmup_updates = 50;
    let training = TranslationTraining {
        updates,
        peak_rate,
        warmup_updates,
        label_smoothing: 0.0,
        ..TranslationTraining::default()
    };
    let mut trainer = TranslationTrainer::new(subnet(architecture, &NetworkSettings::default()), &training, 1);
    while trainer.updates < training.updates {
        let batch = reversals(32, 6, trainer.updates as u64);
        trainer.update(&[batch], architecture);
    }
    let unseen = reversals(100, 6, u64::MAX);
    let loss = TranslationInference::of_path(&trainer.network, architecture).loss(&unseen, 0.0);
    loss.correct as f64 / loss.tokens as f64
}

#[test]
fn a_network_with_all_kinds_of_blocks_learns_to_read_backward() {
    let encoder = [Mix::Attention, Mix::Conv, Mix::Add, Mix::Shift];
    let decoder = [Mix::Attention, Mix::AttentionConv, Mix::AttentionAdd, Mix::AttentionShift];
    let found = accuracy(&architecture(&encoder, &decoder, LinearForm::Dense), 600, 5e-3);
    assert!(found > 0.95, "{found}");
}

#[test]
fn networks_of_shifts_and_additions_learn_to_read_backward() {
    for form in [LinearForm::Shift, LinearForm::Add] {
        let found =
            accuracy(&architecture(&[Mix::AttentionConv, Mix::AttentionAdd], &[Mix::Attention], form), 600, 5e-3);
        // Nine words and the end: guessing gives a fifth.
        assert!(found > 0.7, "{form}: {found}");
    }
}
