use spaces::{Arithmetic, Linear};

use super::layer::Layer;
use crate::LoweringError;
use crate::onnx::Attribute;

/// Lowers Y = Σ x·w, also where w is a signed power of two: one Conv.
pub(super) fn lower(layer: &mut Layer<'_>, linear: Linear) -> Result<(), LoweringError> {
    let input = layer.activation(layer.inputs[0])?;
    let weight = layer.weight(linear.arithmetic)?;
    let bias = layer.bias(linear, &[layer.node.output.channels])?;
    let inputs: Vec<&str> = [&input, &weight].into_iter().chain(&bias).map(String::as_str).collect();
    layer.last("Conv", &inputs, window(linear));
    match linear.arithmetic {
        Arithmetic::Shift => layer.builder.describe("shift layer: every weight is 0 or ±2^p"),
        Arithmetic::Multiply | Arithmetic::Add => {}
    }
    Ok(())
}

fn window(linear: Linear) -> Vec<Attribute> {
    let square = |edge: usize| vec![edge as i64; 2];
    vec![
        Attribute::Ints("kernel_shape", square(linear.kernel)),
        Attribute::Ints("strides", square(linear.stride)),
        Attribute::Ints("pads", vec![linear.padding as i64; 4]),
        Attribute::Int("group", linear.groups as i64),
    ]
}
