//! A minimal post-training quantization of translation networks: ranges of a few sentences, rounded to nearest.

use spaces::{LinearForm, Tensor, TransformerArchitecture, Values, Weights};

use crate::translation_network::{TASK, form_of};
use crate::translation_reference::Reference;

/// Returns the weights with every linear layer in bytes.
pub fn quantized(architecture: &TransformerArchitecture, weights: &Weights, sources: &[Vec<u32>]) -> Weights {
    let reference = Reference::new(architecture, TASK, weights);
    for source in sources {
        reference.decode(&reference.encode(source), &[2, 9, 14, 30, 5]);
    }
    let mut quantized = weights.clone();
    for (layer, (low, high)) in reference.into_ranges() {
        let name = format!("{layer}.weight");
        let tensor = weights.get(&name).unwrap();
        let (outputs, inputs) = (tensor.shape[0], tensor.shape[1]);
        let values = weights.floats(&name, &tensor.shape).unwrap();
        let largest = |values: &[f32]| values.iter().fold(0.0, |largest: f32, value| largest.max(value.abs()));
        let mut input_scale = (high.max(0.0) - low.min(0.0)) as f32 / 255.0;
        let row_scales: Vec<f32> = match form_of(architecture, &name) {
            LinearForm::Dense => values.chunks(inputs).map(|row| largest(row).max(1e-8) / 127.0).collect(),
            LinearForm::Shift => values.chunks(inputs).map(|row| largest(row).max(2e-2) / 64.0).collect(),
            LinearForm::Add => {
                input_scale = input_scale.max(largest(values) / 127.0);
                vec![input_scale; outputs]
            }
        };
        let code = |(at, value): (usize, &f32)| (value / row_scales[at / inputs]).round() as i8;
        let codes = values.iter().enumerate().map(code).collect();
        let zero_point = (-low.min(0.0) as f32 / input_scale).round() as u8;
        let scales = match form_of(architecture, &name) {
            LinearForm::Dense | LinearForm::Shift => row_scales,
            LinearForm::Add => vec![input_scale],
        };
        quantized.tensors.insert(name.clone(), Tensor { shape: tensor.shape.clone(), values: Values::I8(codes) });
        quantized.insert(format!("{name}_scale"), vec![scales.len()], scales);
        quantized.insert(format!("{layer}.input_scale"), vec![1], vec![input_scale]);
        let zero_point = Tensor { shape: vec![1], values: Values::U8(vec![zero_point]) };
        quantized.tensors.insert(format!("{layer}.input_zero_point"), zero_point);
    }
    quantized
}
