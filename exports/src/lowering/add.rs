use spaces::{Arithmetic, FeatureMap, Linear};

use super::layer::Layer;
use crate::onnx::{Attribute, Body, Codes, codes, restored};
use crate::{Form, LoweringError};

/// Lowers y = −Σ |x − w| in operators of the standard, with nothing larger than the unfolded input in memory.
///
/// The unfolded input ("columns") has the shape `[groups, taps, positions of all pictures]`. A Scan goes over
/// the output channels of a group; its body subtracts one weight per tap, takes magnitudes and sums over the
/// taps. The batch stands behind the taps because runtimes subtract quickly what is constant along the
/// innermost axes. For 32 to 64 channels tract needs a third to a ninth of the time
/// of one broadcast subtraction of `[N, out, taps, positions]`; the memory does not grow with the outputs.
pub(super) fn lower(layer: &mut Layer<'_>, linear: Linear) -> Result<(), LoweringError> {
    let shape = Shape::of(layer, linear);
    let columns = columns(layer, linear, &shape)?;
    let weight = weight(layer, &shape)?;
    let distances = distances(layer, &columns, &weight, &shape);
    let bias = layer.bias(linear, &[1, shape.output.channels, 1, 1])?;
    output(layer, &distances, bias, &shape);
    layer.builder.describe("add layer: y = −Σ |x − w|");
    Ok(())
}

/// The sizes of one add layer.
struct Shape {
    groups: usize,
    /// Output channels of a group.
    channels: usize,
    /// Weights of an output channel.
    taps: usize,
    output: FeatureMap,
}

impl Shape {
    fn of(layer: &Layer<'_>, linear: Linear) -> Self {
        let groups = linear.groups;
        let taps = layer.from.channels / groups * linear.kernel * linear.kernel;
        let output = layer.node.output;
        Self { groups, channels: output.channels / groups, taps, output }
    }
}

/// Returns the value `[groups, taps, positions]`: for every position what the window covers.
///
/// In the int8 form bytes are unfolded and become floats last. That moves a quarter of the memory, and ONNX
/// Runtime 1.32 aborts where floats of a DequantizeLinear reach the body of a Scan through a Reshape.
fn columns(layer: &mut Layer<'_>, linear: Linear, shape: &Shape) -> Result<String, LoweringError> {
    let input = layer.inputs[0];
    match layer.form {
        Form::Float => Ok(unfolded(layer, linear, shape, input, None)),
        Form::Int8 => {
            let codes = codes(layer.builder, &layer.node.name, input, layer.weights)?;
            let value = unfolded(layer, linear, shape, &codes.value, Some(&codes.zero_point));
            Ok(restored(layer.builder, layer.part("input"), &Codes { value, ..codes }))
        }
    }
}

/// Unfolds floats or bytes; `zero` is the name of what stands for 0 if it is not 0.
fn unfolded(layer: &mut Layer<'_>, linear: Linear, shape: &Shape, input: &str, zero: Option<&str>) -> String {
    let mut value = layer.inner("channels_first", "Transpose", &[input], vec![batch_and_channels()]);
    if linear.padding > 0 {
        let padding = linear.padding;
        let pads = layer.integers("pads", &[0, 0, padding, padding, 0, 0, padding, padding]);
        let inputs: Vec<&str> = [value.as_str(), &pads].into_iter().chain(zero).collect();
        value = layer.inner("padded", "Pad", &inputs, Vec::new());
    }
    if (linear.kernel, linear.stride) != (1, 1) {
        value = windows(layer, linear, &value, shape.output);
    }
    // −1 stands for what is left: the positions of all pictures.
    let sizes = layer.signed("columns.shape", &[shape.groups as i64, shape.taps as i64, -1]);
    layer.inner("columns", "Reshape", &[&value, &sizes], Vec::new())
}

/// Returns the value `[in, kernel · kernel, N, height, width]`: the padded input shifted by every tap.
fn windows(layer: &mut Layer<'_>, linear: Linear, padded: &str, output: FeatureMap) -> String {
    let axes = layer.integers("tap.axes", &[2, 3]);
    let steps = layer.integers("tap.steps", &[linear.stride, linear.stride]);
    let axis = layer.integers("tap.axis", &[1]);
    let end = |start: usize, size: usize| start + (size - 1) * linear.stride + 1;
    let mut taps = Vec::new();
    for (row, column) in (0..linear.kernel).flat_map(|row| (0..linear.kernel).map(move |column| (row, column))) {
        let part = format!("tap.{row}.{column}");
        let starts = layer.integers(&format!("{part}.starts"), &[row, column]);
        let ends = layer.integers(&format!("{part}.ends"), &[end(row, output.height), end(column, output.width)]);
        let tap = layer.inner(&part, "Slice", &[padded, &starts, &ends, &axes, &steps], Vec::new());
        taps.push(layer.inner(&format!("{part}.window"), "Unsqueeze", &[&tap, &axis], Vec::new()));
    }
    let taps: Vec<&str> = taps.iter().map(String::as_str).collect();
    layer.inner("windows", "Concat", &taps, vec![Attribute::Int("axis", 1)])
}

/// Returns the weight as `[out / groups, groups, taps, 1]`.
fn weight(layer: &mut Layer<'_>, shape: &Shape) -> Result<String, LoweringError> {
    let stored = layer.weight(Arithmetic::Add)?;
    let sizes = layer.integers("weight.shape", &[shape.groups, shape.channels, shape.taps, 1]);
    let grouped = layer.inner("weight.grouped", "Reshape", &[&stored, &sizes], Vec::new());
    let swap = vec![Attribute::Ints("perm", vec![1, 0, 2, 3])];
    Ok(layer.inner("weight", "Transpose", &[&grouped], swap))
}

/// Returns the value `[out / groups, groups, positions]`: Σ |x − w|.
fn distances(layer: &mut Layer<'_>, columns: &str, weight: &str, shape: &Shape) -> String {
    let taps_axis = layer.integers("taps.axis", &[1]);
    let [row, difference, magnitude, sum] =
        ["scan.weight", "scan.difference", "scan.magnitude", "scan.sum"].map(|part| layer.part(part));
    let mut body = Body::new(&layer.part("scan"), &row, &[shape.groups, shape.taps, 1], &sum);
    body.node("Sub", &[columns, &row], &difference, Vec::new());
    body.node("Abs", &[&difference], &magnitude, Vec::new());
    body.node("ReduceSum", &[&magnitude, &taps_axis], &sum, vec![Attribute::Int("keepdims", 0)]);
    let scan = vec![Attribute::Body("body", body), Attribute::Int("num_scan_inputs", 1)];
    layer.inner("distances", "Scan", &[weight], scan)
}

/// Adds the nodes that negate the distances, bring the batch to the front and add the bias.
fn output(layer: &mut Layer<'_>, distances: &str, bias: Option<String>, shape: &Shape) {
    let FeatureMap { channels, height, width } = shape.output;
    let negated = layer.inner("negated", "Neg", &[distances], Vec::new());
    let swap = vec![Attribute::Ints("perm", vec![1, 0, 2])];
    let grouped = layer.inner("grouped", "Transpose", &[&negated], swap);
    let sizes = layer.signed("maps.shape", &[channels as i64, -1, height as i64, width as i64]);
    let maps = layer.inner("maps", "Reshape", &[&grouped, &sizes], Vec::new());
    match bias {
        None => layer.last("Transpose", &[&maps], vec![batch_and_channels()]),
        Some(bias) => {
            let unbiased = layer.inner("unbiased", "Transpose", &[&maps], vec![batch_and_channels()]);
            layer.last("Add", &[&unbiased, &bias], Vec::new());
        }
    }
}

/// The permutation that swaps batch and channels.
fn batch_and_channels() -> Attribute {
    Attribute::Ints("perm", vec![1, 0, 2, 3])
}
