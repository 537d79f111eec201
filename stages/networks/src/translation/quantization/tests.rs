use spaces::{Mix, Values, is_shift_code};
use translation::BeamSettings;

use super::*;
use crate::translation::tests::samples::{architecture, reversals, subnet, task};
use crate::translation::{NetworkSettings, TranslationTrainer, TranslationTraining};

const FORMS: [LinearForm; 3] = LinearForm::ALL;

fn mixed(form: LinearForm) -> TransformerArchitecture {
    architecture(&[Mix::AttentionShift, Mix::Attention], &[Mix::AttentionConv, Mix::AttentionAdd], form)
}

fn fresh(architecture: &TransformerArchitecture) -> Weights {
    subnet(architecture, &NetworkSettings::default()).export(architecture)
}

fn quantized(architecture: &TransformerArchitecture, weights: &Weights) -> Weights {
    quantize_translation(architecture, &task(), weights, &[reversals(20, 8, 4)], &Device::flex()).unwrap()
}

#[test]
fn every_linear_layer_is_stored_as_the_format_says() {
    for form in FORMS {
        let architecture = mixed(form);
        let stored = quantized(&architecture, &fresh(&architecture));
        let mut wanted = 0;
        for piece in pieces(&architecture, &task()) {
            let PieceKind::Linear { form, shape, .. } = piece.kind else {
                wanted += architecture_tensors(&piece);
                continue;
            };
            let name = |part: &str| format!("{}.{part}", piece.name);
            let codes = stored.bytes(&name("weight"), &shape).unwrap();
            let input_scale = stored.floats(&name("input_scale"), &[1]).unwrap();
            stored.zero_point(&name("input_zero_point")).unwrap();
            let scales = match form {
                LinearForm::Add => {
                    assert_eq!(stored.floats(&name("weight_scale"), &[1]).unwrap(), input_scale);
                    wanted += 6;
                    continue;
                }
                LinearForm::Dense | LinearForm::Shift => stored.floats(&name("weight_scale"), &shape[..1]).unwrap(),
            };
            wanted += 5;
            match form {
                LinearForm::Shift => {
                    assert!(codes.iter().all(|&code| is_shift_code(code)), "{}: {codes:?}", piece.name);
                    assert!(scales.iter().all(|scale| scale.log2().fract() == 0.0), "{}: {scales:?}", piece.name);
                }
                LinearForm::Dense | LinearForm::Add => {
                    let fills = |row: &[i8]| row.iter().any(|code| code.abs() == 127);
                    assert!(codes.chunks(shape[1]).all(fills), "{}: every row uses its range", piece.name);
                }
            }
        }
        assert_eq!(stored.tensors.len(), wanted, "a tensor that the format does not name");
    }
}

fn architecture_tensors(piece: &Piece) -> usize {
    match piece.kind {
        PieceKind::Norm { .. } => 2,
        PieceKind::Embedding { .. } | PieceKind::Kernel { .. } | PieceKind::Linear { .. } => 1,
    }
}

/// y = s_x · s_w · Σ (x − z) · w + b, the sum in integers.
#[test]
fn a_layer_computed_with_floats_is_the_integer_sum() {
    let architecture = mixed(LinearForm::Dense);
    let stored = quantized(&architecture, &fresh(&architecture));
    let name = "encoder.0.mlp.expand";
    let Values::I8(codes) = &stored.get(&format!("{name}.weight")).unwrap().values else { panic!("bytes") };
    let scales = stored.floats(&format!("{name}.weight_scale"), &[24]).unwrap();
    let bias = stored.floats(&format!("{name}.bias"), &[24]).unwrap();
    let input_scale = stored.floats(&format!("{name}.input_scale"), &[1]).unwrap()[0];
    let zero_point = i32::from(stored.zero_point(&format!("{name}.input_zero_point")).unwrap());
    let bytes: Vec<u8> = (0..32).map(|at| (at * 83 % 256) as u8).collect();
    let input: Vec<f32> = bytes.iter().map(|&byte| (i32::from(byte) - zero_point) as f32 * input_scale).collect();
    let inference = TranslationInference::of_quantized(&architecture, &task(), &stored, &Device::flex()).unwrap();
    let input = Tensor::<1>::from_floats(input.as_slice(), &Device::flex()).reshape([1, 32]);
    let found = host_values(inference.forward().linear(name, input));
    for (output, found) in found.iter().enumerate() {
        let row = &codes[output * 32..][..32];
        let sum: i32 = row.iter().zip(&bytes).map(|(&w, &x)| i32::from(w) * (i32::from(x) - zero_point)).sum();
        let wanted = input_scale * scales[output] * sum as f32 + bias[output];
        // Single-precision sums of 32 products of order one.
        assert!((found - wanted).abs() < 1e-5, "output {output}: {found} instead of {wanted}");
    }
}

#[test]
fn ranges_do_not_depend_on_how_sentences_are_batched() {
    let architecture = mixed(LinearForm::Dense);
    let weights = fresh(&architecture);
    let batch = reversals(12, 8, 4);
    let alone: Vec<TokenBatch> = pairs(&batch).collect();
    let device = Device::flex();
    let together = quantize_translation(&architecture, &task(), &weights, &[batch], &device).unwrap();
    assert_eq!(quantize_translation(&architecture, &task(), &weights, &alone, &device).unwrap(), together);
}

#[test]
fn a_calibration_without_sentences_or_with_a_strange_one_is_refused() {
    let architecture = mixed(LinearForm::Dense);
    let weights = fresh(&architecture);
    let refused = |calibration: &[TokenBatch]| {
        quantize_translation(&architecture, &task(), &weights, calibration, &Device::flex()).unwrap_err()
    };
    assert_eq!(refused(&[]), TranslationQuantizationError::NoSentences);
    let strange = TokenBatch::new([([4, 99].as_slice(), [5].as_slice())]);
    let error = TranslationError::Token { sentence: 0, token: 99, last: 12 };
    assert_eq!(refused(&[strange]), TranslationQuantizationError::Sentence(error));
}

/// All forms and mixes after a little training: what the network is sure of, its bytes are sure of too.
#[test]
fn bytes_keep_the_networks_losses_and_translations() {
    for form in FORMS {
        let architecture = mixed(form);
        let training = TranslationTraining { updates: 120, peak_rate: 5e-3, warmup_updates: 20, ..Default::default() };
        let mut trainer = TranslationTrainer::new(subnet(&architecture, &NetworkSettings::default()), &training, 1);
        for update in 0..training.updates {
            trainer.update(&[reversals(32, 4, update as u64)], &architecture);
        }
        let weights = trainer.network.export(&architecture);
        let device = Device::flex();
        let float = TranslationInference::of_weights(&architecture, &task(), &weights, &device).unwrap();
        let stored = quantized(&architecture, &weights);
        let bytes = TranslationInference::of_quantized(&architecture, &task(), &stored, &device).unwrap();
        let held_out = reversals(40, 4, 1 << 40);
        let [float_loss, byte_loss] = [&float, &bytes].map(|network| {
            let loss = network.loss(&held_out, 0.0);
            loss.nll_bits / loss.tokens as f64
        });
        // Measured: at most 0.003 bits apart.
        assert!((float_loss - byte_loss).abs() < 0.02, "{form}: {float_loss} bits as floats, {byte_loss} as bytes");
        let [first, second]: [&[u32]; 2] = [&[4, 5, 6], &[9, 8]];
        let found = bytes.translate(&[first, second], &BeamSettings::default()).unwrap();
        assert!(found.iter().all(|best| !best.is_empty()), "{form}: beams end with some translation");
    }
}
