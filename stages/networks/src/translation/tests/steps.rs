use spaces::{LinearForm, Mix};
use translation::StepModel;
use translation::special::END;

use super::samples::{architecture, reversals, subnet, task};
use crate::translation::frame::Padded;
use crate::translation::step::StepDecoder;
use crate::translation::{NetworkSettings, TranslationInference};

/// Sums of a few hundred f32 products of order one in another order.
const TOLERANCE: f32 = 1e-4;

fn network(encoder: &[Mix], decoder: &[Mix], form: LinearForm) -> TranslationInference {
    let architecture = architecture(encoder, decoder, form);
    TranslationInference::of_path(&subnet(&architecture, &NetworkSettings::default()), &architecture)
}

/// Compares step by step with side by side, with as many rows of each sentence as `beam` says.
fn compare(inference: &TranslationInference, beam: usize, case: &str) {
    let batch = reversals(3, 9, 2);
    let wanted = inference.log_probabilities(&batch);
    let forward = inference.forward();
    let memory = forward.encode(&Padded::sources(&batch));
    let mut decoder = StepDecoder::new(forward, &memory);
    let inputs = batch.decoder_inputs();
    let first_of = |sentence: usize| batch.target_lengths[..sentence].iter().sum::<usize>();
    let mut rows: Vec<usize> = (0..batch.pairs).collect();
    for at in 0..batch.target_length {
        let alive = |&sentence: &usize| at < batch.target_lengths[sentence];
        let copies = |sentence| std::iter::repeat_n(sentence, if at == 0 { 1 } else { beam });
        let next: Vec<usize> = (0..batch.pairs).filter(alive).flat_map(copies).collect();
        let parents: Vec<usize> =
            next.iter().map(|sentence| rows.iter().rposition(|row| row == sentence).expect("alive before")).collect();
        let tokens: Vec<u32> = next.iter().map(|&sentence| inputs[sentence * batch.target_length + at]).collect();
        assert!(at > 0 || tokens.iter().all(|&token| token == END));
        let Ok(found) = decoder.step(&tokens, &parents);
        for (found, &sentence) in found.chunks_exact(task().vocabulary).zip(&next) {
            let wanted = wanted.chunks_exact(task().vocabulary).nth(first_of(sentence) + at).expect("a real target");
            let close = found.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < TOLERANCE);
            assert!(close, "{case}, position {at}: {found:?} instead of {wanted:?}");
        }
        rows = next;
    }
}

#[test]
fn every_mix_decodes_step_by_step_as_side_by_side() {
    for mix in Mix::ALL {
        compare(&network(&[mix, Mix::Attention], &[mix, mix], LinearForm::Dense), 2, mix.letters());
    }
}

#[test]
fn every_linear_form_decodes_step_by_step_as_side_by_side() {
    for form in LinearForm::ALL {
        compare(&network(&[Mix::AttentionShift], &[Mix::AttentionAdd, Mix::Attention], form), 1, form.name());
    }
}

#[test]
fn rows_of_a_sentence_need_not_be_equally_many() {
    let inference = network(&[Mix::Attention], &[Mix::AttentionConv], LinearForm::Dense);
    let batch = reversals(2, 5, 3);
    let forward = inference.forward();
    let memory = forward.encode(&Padded::sources(&batch));
    let mut together = StepDecoder::new(inference.forward(), &memory);
    let mut apart = StepDecoder::new(forward, &memory);
    let (Ok(_), Ok(_)) = (together.step(&[END; 2], &[0, 1]), apart.step(&[END; 2], &[0, 1]));
    let Ok(uneven) = together.step(&[4, 5, 6], &[0, 1, 1]);
    let Ok(even) = apart.step(&[4, 4, 5, 6], &[0, 0, 1, 1]);
    let vocabulary = task().vocabulary;
    let close = uneven.iter().zip(&even[vocabulary..]).all(|(left, right)| (left - right).abs() < TOLERANCE);
    assert!(close && uneven.len() == 3 * vocabulary);
}
