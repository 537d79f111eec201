use spaces::{LinearForm, Mix};

use super::samples::{architecture, reversals, subnet};
use crate::translation::{NetworkSettings, TranslationTrainer, TranslationTraining};

#[test]
fn a_restored_training_goes_on_to_the_same_bytes() {
    let architecture = architecture(&[Mix::Add, Mix::AttentionShift], &[Mix::AttentionConv], LinearForm::Dense);
    let training = TranslationTraining { updates: 4, warmup_updates: 1, ..TranslationTraining::default() };
    let trainer = || TranslationTrainer::new(subnet(&architecture, &NetworkSettings::default()), &training, 7);
    let go_on = |trainer: &mut TranslationTrainer<'_>, until: usize| {
        while trainer.updates < until {
            let first = 2 * trainer.updates as u64;
            trainer.update(&[reversals(3, 5, first), reversals(2, 4, first + 1)], &architecture);
        }
    };
    let mut straight = trainer();
    go_on(&mut straight, 4);
    let mut first = trainer();
    go_on(&mut first, 2);
    let mut second = trainer();
    second.restore(first.snapshot());
    go_on(&mut second, 4);
    assert!(second.snapshot() == straight.snapshot());
    assert!(second.snapshot() != first.snapshot());
}
