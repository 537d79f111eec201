use std::collections::BTreeMap;

use burn::Tensor;
use burn::tensor::Device;
use datasets::{Normalization as PixelNormalization, Pictures};
use spaces::{
    Arithmetic, Graph, LARGEST_SHIFT_CODE, Parameter, Tensor as WeightTensor, Values, Weights, WeightsError, fold,
    is_shift_weight,
};

use crate::forward::{Forward, NodeTensors, Normalization};
use crate::parameters::host_values;
use crate::training::images;
use crate::weights::tensors_of;

/// Smallest and largest input of a layer.
type Range = (f32, f32);

/// The range of each linear layer and classifier, by node index of the folded graph.
type Ranges = BTreeMap<usize, Range>;

/// Returns the folded graph and the 8-bit weights of a float network (layout: [`Weights`]).
///
/// Post-training: inputs of linear layers and of the classifier become unsigned bytes with the range seen on the
/// calibration pictures, weights become signed bytes with one symmetric scale per output channel. Shift layers
/// keep powers of two: bytes 0 or ±2^k times a power of two per channel. Add layers share one scale between input and weights.
///
/// # Errors
/// If a tensor is missing, has another shape, or a shift weight is no power of two.
pub fn quantize(
    graph: &Graph,
    weights: &Weights,
    pictures: &Pictures,
    pixels: &PixelNormalization,
    batch_size: usize,
    device: &Device,
) -> Result<(Graph, Weights), WeightsError> {
    let (folded, floats) = fold(graph, weights)?;
    let ranges = observe(&folded, &floats, pictures, pixels, batch_size, device)?;
    let mut quantized = Weights::default();
    for (index, node) in folded.nodes.iter().enumerate() {
        let parameters = folded.parameters_of(index);
        let Some(arithmetic) = node.compute.arithmetic() else {
            keep(&mut quantized, &floats, &parameters)?;
            continue;
        };
        keep(&mut quantized, &floats, &parameters[1..])?;
        quantize_layer(&mut quantized, &floats, &parameters[0], arithmetic, ranges[&index])?;
    }
    Ok((folded, quantized))
}

fn keep(quantized: &mut Weights, floats: &Weights, parameters: &[Parameter]) -> Result<(), WeightsError> {
    for parameter in parameters {
        let values = floats.floats(&parameter.name, &parameter.shape)?.to_vec();
        quantized.insert(parameter.name.clone(), parameter.shape.clone(), values);
    }
    Ok(())
}

fn observe(
    graph: &Graph,
    weights: &Weights,
    pictures: &Pictures,
    pixels: &PixelNormalization,
    batch_size: usize,
    device: &Device,
) -> Result<Ranges, WeightsError> {
    let (tensors, _) = tensors_of(graph, weights, device)?;
    let mut ranges = Ranges::new();
    let mut watch = |index: usize, input: Tensor<4>| {
        let values = host_values(input.clone());
        // Zero is always in the range: padding must be exact.
        let (low, high) = ranges.entry(index).or_insert((0.0, 0.0));
        *low = values.iter().copied().fold(*low, f32::min);
        *high = values.iter().copied().fold(*high, f32::max);
        input
    };
    let order: Vec<usize> = (0..pictures.len()).collect();
    for indices in order.chunks(batch_size) {
        let batch = images(&pictures.batch(indices, pixels), device);
        inference(graph, &tensors, &mut watch).run(batch);
    }
    Ok(ranges)
}

fn inference<'a>(
    graph: &'a Graph,
    tensors: &'a [NodeTensors],
    tap: &'a mut dyn FnMut(usize, Tensor<4>) -> Tensor<4>,
) -> Forward<'a> {
    Forward { graph, tensors, normalization: Normalization::Folded, add_scale: None, tap: Some(tap) }
}

const LARGEST_WEIGHT: f32 = 127.0;
const LARGEST_INPUT: f32 = 255.0;

/// Adds a layer's matrix in bytes with its scales, and the grid of its inputs.
///
/// # Errors
/// If the matrix is missing, has another shape, or is no matrix of powers of two where it must be.
pub(crate) fn quantize_layer(
    quantized: &mut Weights,
    floats: &Weights,
    weight: &Parameter,
    arithmetic: Arithmetic,
    (low, high): Range,
) -> Result<(), WeightsError> {
    let values = floats.floats(&weight.name, &weight.shape)?;
    let channels = weight.shape[0];
    let input_scale = ((high - low) / LARGEST_INPUT).max(f32::MIN_POSITIVE);
    let (codes, weight_scale, input_scale) = match arithmetic {
        Arithmetic::Multiply => {
            let rows = values.chunks(values.len() / channels);
            let scales: Vec<f32> = rows.clone().map(symmetric_scale).collect();
            let codes = rows.zip(&scales).flat_map(|(row, &scale)| row.iter().map(move |&w| code(w, scale)));
            (codes.collect(), Some(scales), input_scale)
        }
        Arithmetic::Add => {
            let scale = symmetric_scale(values).max(input_scale);
            (values.iter().map(|&w| code(w, scale)).collect(), Some(vec![scale]), scale)
        }
        Arithmetic::Shift => {
            powers_of_two(&weight.name, values)?;
            let rows = values.chunks(values.len() / channels);
            let scales: Vec<f32> = rows.clone().map(shift_scale).collect();
            let codes = rows.zip(&scales).flat_map(|(row, &scale)| row.iter().map(move |&w| code(w, scale)));
            (codes.collect(), Some(scales), input_scale)
        }
    };
    let mut insert = |suffix: &str, shape: Vec<usize>, values: Values| {
        let name = match suffix {
            "" => weight.name.clone(),
            suffix => format!("{}.{suffix}", weight.name.trim_end_matches(".weight")),
        };
        quantized.tensors.insert(name, WeightTensor { shape, values });
    };
    insert("", weight.shape.clone(), Values::I8(codes));
    if let Some(scales) = weight_scale {
        insert("weight_scale", vec![scales.len()], Values::F32(scales));
    }
    let zero_point = (-low / input_scale).round_ties_even().clamp(0.0, LARGEST_INPUT) as u8;
    insert("input_scale", vec![1], Values::F32(vec![input_scale]));
    insert("input_zero_point", vec![1], Values::U8(vec![zero_point]));
    Ok(())
}

fn powers_of_two(name: &str, values: &[f32]) -> Result<(), WeightsError> {
    match values.iter().find(|&&value| !is_shift_weight(value)) {
        None => Ok(()),
        Some(value) => Err(WeightsError::NotPowerOfTwo { name: name.to_owned(), value: value.to_string() }),
    }
}

/// The power of two that makes the largest weight of a channel ±64. Weights are powers of two too, so the seven largest
/// exponents are exact and anything below half a step becomes 0: the channel still only shifts.
fn shift_scale(values: &[f32]) -> f32 {
    match values.iter().fold(0.0_f32, |largest, value| largest.max(value.abs())) {
        0.0 => 1.0,
        largest => largest / f32::from(LARGEST_SHIFT_CODE),
    }
}

fn symmetric_scale(values: &[f32]) -> f32 {
    let largest = values.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    (largest / LARGEST_WEIGHT).max(f32::MIN_POSITIVE)
}

/// Returns values rounded to multiples of a 127th of their largest magnitude.
pub(crate) fn rounded_to_bytes(values: &[f32]) -> impl Iterator<Item = f32> {
    let scale = symmetric_scale(values);
    values.iter().map(move |&value| f32::from(code(value, scale)) * scale)
}

/// Returns inputs rounded to what unsigned bytes with a scale and a zero point stand for.
pub(crate) fn round_to_bytes<const D: usize>(input: Tensor<D>, (scale, zero_point): (f32, f32)) -> Tensor<D> {
    let codes = (input / scale).round() + zero_point;
    (codes.clamp(0.0, LARGEST_INPUT) - zero_point) * scale
}

fn code(value: f32, scale: f32) -> i8 {
    (value / scale).round_ties_even().clamp(-LARGEST_WEIGHT, LARGEST_WEIGHT) as i8
}

/// An 8-bit network computed with floats: inputs and weights take only the values that their bytes stand for.
pub struct QuantizedInference {
    graph: Graph,
    tensors: Vec<NodeTensors>,
    inputs: BTreeMap<usize, (f32, f32)>,
    device: Device,
}

impl QuantizedInference {
    /// Returns the network of a folded graph and its 8-bit weights.
    ///
    /// # Errors
    /// If a tensor is missing or has another type or shape.
    pub fn new(graph: &Graph, quantized: &Weights, device: &Device) -> Result<Self, WeightsError> {
        let mut floats = Weights::default();
        let mut inputs = BTreeMap::new();
        for (index, node) in graph.nodes.iter().enumerate() {
            let parameters = graph.parameters_of(index);
            let name = |suffix: &str| format!("{}.{suffix}", node.name);
            let Some(arithmetic) = node.compute.arithmetic() else {
                keep(&mut floats, quantized, &parameters)?;
                continue;
            };
            keep(&mut floats, quantized, &parameters[1..])?;
            let values = dequantized(quantized, &parameters[0], arithmetic, &name("weight_scale"))?;
            floats.insert(parameters[0].name.clone(), parameters[0].shape.clone(), values);
            let scale = quantized.floats(&name("input_scale"), &[1])?[0];
            inputs.insert(index, (scale, f32::from(quantized.zero_point(&name("input_zero_point"))?)));
        }
        let (tensors, _) = tensors_of(graph, &floats, device)?;
        Ok(Self { graph: graph.clone(), tensors, inputs, device: device.clone() })
    }

    /// Returns the logits of pictures, row after row.
    pub fn logits(&self, pictures: &Pictures, pixels: &PixelNormalization, batch_size: usize) -> Vec<f32> {
        let order: Vec<usize> = (0..pictures.len()).collect();
        let mut round = |index: usize, input: Tensor<4>| round_to_bytes(input, self.inputs[&index]);
        let mut logits = Vec::new();
        for indices in order.chunks(batch_size) {
            let batch = images(&pictures.batch(indices, pixels), &self.device);
            logits.extend(host_values(inference(&self.graph, &self.tensors, &mut round).run(batch)));
        }
        logits
    }
}

/// Returns the values that the bytes of a layer's matrix stand for.
///
/// # Errors
/// If bytes or scales are missing or have another type or shape.
pub(crate) fn dequantized(
    quantized: &Weights,
    weight: &Parameter,
    arithmetic: Arithmetic,
    scale_name: &str,
) -> Result<Vec<f32>, WeightsError> {
    let codes = quantized.bytes(&weight.name, &weight.shape)?;
    let channels = weight.shape[0];
    let per_channel = codes.len() / channels;
    match arithmetic {
        Arithmetic::Add => {
            let scale = quantized.floats(scale_name, &[1])?[0];
            Ok(codes.iter().map(|&code| f32::from(code) * scale).collect())
        }
        Arithmetic::Multiply | Arithmetic::Shift => {
            let scales = quantized.floats(scale_name, &[channels])?;
            let scaled = codes.iter().enumerate().map(|(at, &code)| f32::from(code) * scales[at / per_channel]);
            Ok(scaled.collect())
        }
    }
}

#[cfg(test)]
mod tests;
