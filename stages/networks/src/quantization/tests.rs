use spaces::{Graph, is_shift_code};

use super::*;
use crate::evaluation::{Inference, accuracy};
use crate::network::Network;
use crate::samples::{genome, pictures, settings, space, task};
use crate::sharing::ShiftForm;
use crate::training::Trainer;

fn trained(path: &str) -> (Graph, Weights) {
    let (pictures, pixels) = pictures();
    let settings = settings(6);
    let graph = space().graph(&genome(path), task());
    let network = Network::subnet(&graph, ShiftForm::Q, 1, &Device::flex());
    let mut trainer = Trainer::new(network, &settings, None, 1);
    while trainer.epochs < settings.epochs {
        let go_on = |_, _| std::ops::ControlFlow::Continue(());
        trainer.epoch(&pictures, &pixels, |_| graph.clone(), go_on).unwrap();
    }
    let weights = trainer.network.export(&graph, &trainer.statistics).unwrap();
    (graph, weights)
}

#[test]
fn bytes_keep_the_networks_answers() {
    let (pictures, pixels) = pictures();
    let device = Device::flex();
    for path in ["A.CS", "D.DA", "S.SD"] {
        let (graph, weights) = trained(path);
        let float = Inference::of_weights(&graph, &weights, &device).unwrap().logits(&pictures, &pixels, 32);
        let (folded, quantized) = quantize(&graph, &weights, &pictures, &pixels, 32, &device).unwrap();
        let bytes = QuantizedInference::new(&folded, &quantized, &device).unwrap().logits(&pictures, &pixels, 32);
        let (float, bytes) = (accuracy(&float, &pictures), accuracy(&bytes, &pictures));
        assert!((float - bytes).abs() <= 0.05, "{path}: {float} as floats, {bytes} as bytes");
    }
}

#[test]
fn folding_changes_no_logit() {
    let (pictures, pixels) = pictures();
    let (graph, weights) = trained("S.DA");
    let logits = |graph: &Graph, weights: &Weights| {
        Inference::of_weights(graph, weights, &Device::flex()).unwrap().logits(&pictures, &pixels, 32)
    };
    let (folded, folded_weights) = fold(&graph, &weights).unwrap();
    for (plain, folded) in logits(&graph, &weights).into_iter().zip(logits(&folded, &folded_weights)) {
        assert!((plain - folded).abs() < 1e-4, "{plain} and {folded}");
    }
}

#[test]
fn stored_bytes_are_what_the_format_says() {
    let (pictures, pixels) = pictures();
    let (graph, weights) = trained("S.DC");
    let (_, quantized) = quantize(&graph, &weights, &pictures, &pixels, 32, &Device::flex()).unwrap();
    let shift = quantized.bytes("layers.0.middle.weight", &[4, 4, 3, 3]).unwrap();
    assert!(shift.iter().all(|&code| is_shift_code(code)), "{shift:?}");
    let input_scale = quantized.floats("layers.1.middle.input_scale", &[1]).unwrap();
    assert_eq!(quantized.floats("layers.1.middle.weight_scale", &[1]).unwrap(), input_scale);
    assert!(quantized.bytes("layers.2.middle.weight", &[8, 8, 3, 3]).unwrap().iter().any(|code| code.abs() == 127));
}

#[test]
fn a_float_that_is_no_power_of_two_is_refused_in_a_shift_layer() {
    let (pictures, pixels) = pictures();
    let (graph, mut weights) = trained("S.DC");
    let Values::F32(values) = &mut weights.tensors.get_mut("layers.0.middle.weight").unwrap().values else {
        panic!("floats")
    };
    values[0] = 0.3;
    let error = quantize(&graph, &weights, &pictures, &pixels, 32, &Device::flex()).unwrap_err();
    assert!(matches!(error, WeightsError::NotPowerOfTwo { .. }), "{error}");
}
