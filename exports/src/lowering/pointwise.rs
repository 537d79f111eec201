use spaces::ParameterKind;

use super::layer::Layer;
use crate::LoweringError;

/// Lowers y = scale · x + offset per channel: Mul, Add.
pub(super) fn affine(layer: &mut Layer<'_>) -> Result<(), LoweringError> {
    let shape = [1, layer.node.output.channels, 1, 1];
    let scale = layer.floats(ParameterKind::Scale, &shape)?;
    let offset = layer.floats(ParameterKind::Offset, &shape)?;
    let scaled = layer.inner("scaled", "Mul", &[layer.inputs[0], &scale], Vec::new());
    layer.last("Add", &[&scaled, &offset], Vec::new());
    Ok(())
}

/// Lowers max(x, 0).
pub(super) fn relu(layer: &mut Layer<'_>) {
    let input = layer.inputs[0];
    layer.last("Relu", &[input], Vec::new());
}

/// Lowers the sum of two maps.
pub(super) fn sum(layer: &mut Layer<'_>) {
    let (left, right) = (layer.inputs[0], layer.inputs[1]);
    layer.last("Add", &[left, right], Vec::new());
}
