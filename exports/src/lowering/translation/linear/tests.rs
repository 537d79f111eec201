use spaces::{Conventions, Tensor, Values, Weights};
use tract_onnx::prelude::{Framework, InferenceModelExt, IntoRunnable, IntoTValue, tvec};

use super::*;

const SHAPE: [usize; 2] = [5, 7];

/// Returns an 8-bit layer whose scales are powers of two, so that floats round nothing.
fn layer(form: LinearForm) -> Weights {
    let [outputs, inputs] = SHAPE;
    let code = |at: usize| match form {
        LinearForm::Dense | LinearForm::Add => (at * 37 % 255) as i8,
        LinearForm::Shift => (1_i8 << (at % 7)) * if at.is_multiple_of(3) { -1 } else { 1 },
    };
    let codes = (0..outputs * inputs).map(code).map(|code| code.max(-127)).collect();
    let mut weights = Weights::default();
    weights.tensors.insert("layer.weight".into(), Tensor { shape: SHAPE.to_vec(), values: Values::I8(codes) });
    weights.tensors.insert("layer.input_zero_point".into(), Tensor { shape: vec![1], values: Values::U8(vec![101]) });
    weights.insert("layer.input_scale", vec![1], vec![0.125]);
    let scales = if form == LinearForm::Add { vec![0.125] } else { vec![0.5, 0.25, 2.0, 1.0, 0.125] };
    weights.insert("layer.weight_scale", vec![scales.len()], scales);
    for (part, value) in [("bias", 0.75), ("gamma", 1.0), ("beta", 0.0)] {
        weights.insert(format!("layer.{part}"), vec![outputs], vec![value; outputs]);
    }
    weights
}

/// Returns what tract makes of the layer.
fn found(form: LinearForm, weights: &Weights, rows: usize, x: &[f32]) -> Vec<f32> {
    let [outputs, inputs] = SHAPE;
    let mut part = Part::new(weights, Form::Int8, Conventions::default());
    part.builder.input("x", Kind::Float, &[Size::Free("N"), Size::Fixed(inputs)]);
    let y = part.linear("layer", form, "x", SHAPE).unwrap();
    part.builder.output(&y, &[Size::Free("N"), Size::Fixed(outputs)]);
    let bytes = part.builder.encoded("layer", "", Vec::new()).unwrap();
    let model = tract_onnx::onnx().model_for_read(&mut &*bytes).unwrap();
    let plan = model.into_typed().unwrap().into_optimized().unwrap().into_runnable().unwrap();
    let x = tract_onnx::prelude::Tensor::from_shape(&[rows, inputs], x).unwrap();
    let y = plan.run(tvec!(x.into_tvalue())).unwrap();
    y[0].to_plain_array_view::<f32>().unwrap().iter().copied().collect()
}

/// Returns the integer sums of one row by their definition.
fn sums(form: LinearForm, weights: &Weights, x: &[f32]) -> Vec<i64> {
    let codes: Vec<i64> =
        x.iter().map(|x| ((x / 0.125).round_ties_even() + 101.0).clamp(0.0, 255.0) as i64 - 101).collect();
    let weight = weights.bytes("layer.weight", &SHAPE).unwrap();
    let each = |w: &i8, x: &i64| match form {
        LinearForm::Dense | LinearForm::Shift => i64::from(*w) * x,
        LinearForm::Add => -(x - i64::from(*w)).abs(),
    };
    weight.chunks(SHAPE[1]).map(|w| w.iter().zip(&codes).map(|(w, x)| each(w, x)).sum()).collect()
}

/// Values on and off the grid, and beyond both of its ends.
fn input(rows: usize) -> Vec<f32> {
    (0..rows * SHAPE[1]).map(|at| (at * 53 % 401) as f32 * 0.1 - 18.0).collect()
}

#[test]
fn products_of_bytes_are_exact() {
    for form in [LinearForm::Dense, LinearForm::Shift] {
        let (weights, x) = (layer(form), input(6));
        let scales = weights.floats("layer.weight_scale", &[SHAPE[0]]).unwrap();
        let row = |row: &[f32]| {
            let scaled = |(sum, scale): (i64, &f32)| sum as f32 * (scale * 0.125) + 0.75;
            sums(form, &weights, row).into_iter().zip(scales).map(scaled).collect::<Vec<_>>()
        };
        let wanted: Vec<f32> = x.chunks(SHAPE[1]).flat_map(row).collect();
        assert_eq!(found(form, &weights, 6, &x), wanted, "{form}");
    }
}

#[test]
fn distances_of_bytes_are_exact_before_their_norm() {
    let (weights, x) = (layer(LinearForm::Add), input(6));
    let row = |row: &[f32]| {
        let sums: Vec<f64> = sums(LinearForm::Add, &weights, row).into_iter().map(|sum| sum as f64 * 0.125).collect();
        let mean = sums.iter().sum::<f64>() / sums.len() as f64;
        let variance = sums.iter().map(|sum| (sum - mean).powi(2)).sum::<f64>() / sums.len() as f64;
        sums.into_iter().map(move |sum| (sum - mean) / (variance + 1e-5).sqrt()).collect::<Vec<_>>()
    };
    let wanted = x.chunks(SHAPE[1]).flat_map(row);
    // The norm is of 32-bit floats; its results are of size 1.
    let found = found(LinearForm::Add, &weights, 6, &x);
    assert!(found.iter().zip(wanted).all(|(&found, wanted)| (f64::from(found) - wanted).abs() < 1e-5), "{found:?}");
}
