//! Float translation models against the reference, one mix and one form at a time.

use exports::{Form, TranslationRunner, export_translation};
use spaces::{Conventions, LinearForm, LocalNorm, Mix, PaddingMasks, TransformerArchitecture, TranslationTask};
use translation::StepModel;
use translation::special::END;

use crate::translation_network::{TASK, architecture, metadata, sentences, weights};
use crate::translation_reference::{Reference, Steps};

/// Largest difference of two log-probabilities, which are of size 10: 1e-5 of them, after up to fifteen sublayers of
/// 32-bit floats.
const TOLERANCE: f32 = 1e-4;

fn runner(architecture: &TransformerArchitecture, task: &TranslationTask, seed: u64) -> TranslationRunner {
    let weights = weights(architecture, task, seed);
    let model = export_translation(architecture, task, &weights, Form::Float, &metadata()).unwrap();
    TranslationRunner::new(&model).unwrap()
}

/// Compares steps whose rows are copied, exchanged and dropped on the way.
fn agrees(architecture: &TransformerArchitecture, seed: u64) {
    agrees_on(&TASK, architecture, seed);
}

fn agrees_on(task: &TranslationTask, architecture: &TransformerArchitecture, seed: u64) {
    let weights = weights(architecture, task, seed);
    let reference = Reference::new(architecture, *task, &weights);
    let runner = runner(architecture, task, seed);
    let sources = sentences(task, &[9, 4, 1], seed);
    let mut wanted = Steps::new(&reference, &sources);
    let slices: Vec<&[u32]> = sources.iter().map(Vec::as_slice).collect();
    let mut found = runner.decode(&slices).unwrap();
    let steps: [(&[u32], &[usize]); 6] = [
        (&[END, END, END], &[0, 1, 2]),
        (&[5, 6, 7, 8, 9, 10], &[0, 0, 1, 1, 2, 2]),
        (&[11, 12, 13, 14, 15, 16], &[1, 0, 2, 2, 5, 4]),
        (&[17, 18, 19, 20], &[1, 1, 4, 5]),
        (&[21, 22, 23], &[0, 3, 2]),
        (&[24], &[1]),
    ];
    for (tokens, parents) in steps {
        let wanted = wanted.step(tokens, parents).unwrap();
        let found = found.step(tokens, parents).unwrap();
        assert_eq!(wanted.len(), found.len());
        let difference = wanted.iter().zip(&found).map(|(wanted, found)| (wanted - found).abs()).fold(0.0, f32::max);
        assert!(difference <= TOLERANCE, "{:?}, {} rows: {difference}", architecture.sizes().decoder, tokens.len());
    }
}

#[test]
fn every_mix_agrees_alone_and_stacked() {
    for (seed, mix) in Mix::ALL.into_iter().enumerate() {
        agrees(&architecture(&[mix], LinearForm::Dense, LinearForm::Dense), seed as u64);
        agrees(&architecture(&[mix; 3], LinearForm::Dense, LinearForm::Dense), seed as u64);
    }
}

#[test]
fn every_form_of_linear_layers_agrees_in_every_mix() {
    for mlp in LinearForm::ALL {
        for projection in LinearForm::ALL {
            for mix in Mix::ALL {
                // One layer only: each linear layer that adds about doubles what differs in its input.
                agrees(&architecture(&[mix], mlp, projection), 3);
            }
        }
    }
}

#[test]
fn sums_of_distances_stay_as_they_are_in_the_release() {
    let conventions = Conventions { local_norm: LocalNorm::Released, ..TASK.conventions };
    let task = TranslationTask { conventions, ..TASK };
    for mix in [Mix::Add, Mix::Shift, Mix::AttentionAdd, Mix::AttentionShift] {
        agrees_on(&task, &architecture(&[mix; 2], LinearForm::Dense, LinearForm::Dense), 1);
    }
}

/// Returns the largest difference that a longer sentence beside it makes to the first step of a short one.
fn company(mix: Mix, masks: PaddingMasks) -> f32 {
    let task = TranslationTask { conventions: Conventions { masks, ..TASK.conventions }, ..TASK };
    let runner = runner(&architecture(&[mix; 2], LinearForm::Dense, LinearForm::Dense), &task, 2);
    let sources = sentences(&task, &[4, 15], 2);
    let first = |sources: &[&[u32]], steps: &[u32], parents: &[usize]| {
        let mut found = runner.decode(sources).unwrap().step(steps, parents).unwrap();
        found.truncate(task.vocabulary);
        found
    };
    let alone = first(&[&sources[0]], &[END], &[0]);
    let together = first(&[&sources[0], &sources[1]], &[END, END], &[0, 1]);
    alone.iter().zip(&together).map(|(alone, together)| (alone - together).abs()).fold(0.0, f32::max)
}

#[test]
fn padding_is_seen_only_under_the_masks_of_the_release() {
    for mix in Mix::ALL {
        assert!(company(mix, PaddingMasks::Exact) < TOLERANCE, "{mix}");
    }
    for mix in [Mix::Conv, Mix::Add, Mix::Shift, Mix::AttentionConv, Mix::AttentionAdd, Mix::AttentionShift] {
        assert!(company(mix, PaddingMasks::Released) > 10.0 * TOLERANCE, "{mix}");
    }
}
