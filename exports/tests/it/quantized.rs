//! A minimal post-training quantization: ranges of one picture, rounded to nearest.

use spaces::{Arithmetic, Compute, Graph, Tensor, Values, Weights};

use crate::reference;

/// Which scales are allowed.
#[derive(Clone, Copy, PartialEq)]
pub enum Scales {
    Any,
    /// Powers of two, and biases and affines in steps of 1/64: float sums are exact, rounding ties included.
    PowersOfTwo,
}

/// Returns the quantized weights of a folded graph, calibrated with one picture.
pub fn quantized(graph: &Graph, weights: &Weights, picture: &[f32], scales: Scales) -> Weights {
    let weights = match scales {
        Scales::Any => weights.clone(),
        Scales::PowersOfTwo => in_steps(weights),
    };
    let maps = reference::maps(graph, &weights, picture);
    let mut quantized = weights.clone();
    for node in &graph.nodes {
        let arithmetic = match node.compute {
            Compute::Linear(linear) => linear.arithmetic,
            Compute::Classifier => Arithmetic::Multiply,
            _ => continue,
        };
        let input = &maps[node.inputs[0]];
        layer(&mut quantized, &node.name, arithmetic, input, scales);
    }
    quantized
}

fn layer(weights: &mut Weights, node: &str, arithmetic: Arithmetic, input: &[f64], scales: Scales) {
    let key = |kind: &str| format!("{node}.{kind}");
    let scaled = |largest: f64| match scales {
        Scales::Any => largest.max(1e-3) as f32,
        Scales::PowersOfTwo => largest.max(1e-3).log2().ceil().exp2() as f32,
    };
    let shape = weights.get(&key("weight")).unwrap().shape.clone();
    let values = weights.floats(&key("weight"), &shape).unwrap().to_vec();
    let largest = |values: &[f32]| values.iter().fold(0.0, |largest: f64, value| largest.max(f64::from(value.abs())));
    let range = input.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    let (input_scale, weight_scales) = match arithmetic {
        Arithmetic::Multiply => {
            let per_channel = values.chunks_exact(values.len() / shape[0]);
            (scaled(range / 127.0), per_channel.map(|channel| scaled(largest(channel) / 127.0)).collect())
        }
        Arithmetic::Shift => {
            let per_channel = values.chunks_exact(values.len() / shape[0]);
            let scale = |channel: &[f32]| (largest(channel).max(2.0_f64.powi(-9)) / 64.0) as f32;
            (scaled(range / 127.0), per_channel.map(scale).collect())
        }
        Arithmetic::Add => {
            let shared = scaled(range.max(largest(&values)) / 127.0);
            (shared, vec![shared])
        }
    };
    let code = |(at, value): (usize, &f32)| {
        let scale = weight_scales[at * weight_scales.len() / values.len()];
        (value / scale).round_ties_even().clamp(-127.0, 127.0) as i8
    };
    let codes = values.iter().enumerate().map(code).collect();
    weights.tensors.insert(key("weight"), Tensor { shape, values: Values::I8(codes) });
    weights.insert(key("weight_scale"), vec![weight_scales.len()], weight_scales);
    weights.insert(key("input_scale"), vec![1], vec![input_scale]);
    let zero_point = Tensor { shape: vec![1], values: Values::U8(vec![128]) };
    weights.tensors.insert(key("input_zero_point"), zero_point);
}

fn in_steps(weights: &Weights) -> Weights {
    let mut stepped = weights.clone();
    for (name, tensor) in &mut stepped.tensors {
        if let (false, Values::F32(values)) = (name.ends_with(".weight"), &mut tensor.values) {
            values.iter_mut().for_each(|value| *value = (*value * 64.0).round() / 64.0);
        }
    }
    stepped
}
