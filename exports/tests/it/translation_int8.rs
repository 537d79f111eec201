//! Translation models of bytes against the same arithmetic in plain loops, and their size.

use exports::{Form, INT8_TOLERANCE, LoweringError, TranslationModel, TranslationRunner, export_translation, parity};
use spaces::{LinearForm, Mix, TransformerArchitecture, Weights};
use translation::StepModel;
use translation::special::END;

use crate::translation_network::{TASK, architecture, metadata, sentences, weights};
use crate::translation_quantized::quantized;
use crate::translation_reference::{Reference, Steps};

fn exported(architecture: &TransformerArchitecture, weights: &Weights, form: Form) -> TranslationModel {
    export_translation(architecture, &TASK, weights, form, &metadata()).unwrap()
}

#[test]
fn every_mix_and_form_of_bytes_stays_within_the_tolerance() {
    for form in LinearForm::ALL {
        for mix in Mix::ALL {
            let architecture = architecture(&[mix], form, form);
            let sources = sentences(&TASK, &[9, 4, 1], 7);
            let weights = quantized(&architecture, &weights(&architecture, &TASK, 7), &sources);
            let reference = Reference::new(&architecture, TASK, &weights);
            let runner = TranslationRunner::new(&exported(&architecture, &weights, Form::Int8)).unwrap();
            let slices: Vec<&[u32]> = sources.iter().map(Vec::as_slice).collect();
            let (mut wanted, mut found) = (Steps::new(&reference, &sources), runner.decode(&slices).unwrap());
            let steps: [(&[u32], &[usize]); 3] =
                [(&[END, END, END], &[0, 1, 2]), (&[9, 12, 9, 12, 9, 12], &[0, 0, 1, 1, 2, 2]), (&[14, 5], &[3, 4])];
            for (tokens, parents) in steps {
                let wanted = wanted.step(tokens, parents).unwrap();
                let found = found.step(tokens, parents).unwrap();
                let parity = parity(&wanted, &found, TASK.vocabulary).unwrap();
                assert!(parity.within(INT8_TOLERANCE), "{mix} {form} {parity:?}");
            }
        }
    }
}

#[test]
fn bytes_take_less_room_than_floats() {
    let mut sizes = architecture(&[Mix::Attention], LinearForm::Dense, LinearForm::Shift).sizes().clone();
    (sizes.inner_width, sizes.encoder.width, sizes.decoder.width) = (128, 128, 128);
    (sizes.encoder.layers[0].mlp_width, sizes.decoder.layers[0].mlp_width) = (512, 512);
    let architecture = TransformerArchitecture::new(sizes).unwrap();
    let floats = weights(&architecture, &TASK, 1);
    let bytes = quantized(&architecture, &floats, &sentences(&TASK, &[8], 1));
    let size = |model: TranslationModel| model.encoder.len() + model.decoder.len();
    let float = size(exported(&architecture, &floats, Form::Float));
    let int8 = size(exported(&architecture, &bytes, Form::Int8));
    // A quarter, and what stays as it is: the embedding, norms, positions and the graph itself.
    assert!(int8 * 100 < float * 32, "{int8} of {float}");
}

#[test]
fn a_float_network_has_no_form_of_bytes() {
    let architecture = architecture(&[Mix::Attention], LinearForm::Dense, LinearForm::Dense);
    let floats = weights(&architecture, &TASK, 1);
    let error = export_translation(&architecture, &TASK, &floats, Form::Int8, &metadata()).unwrap_err();
    assert!(matches!(&error, LoweringError::Weights(_)), "{error}");
}
