use spaces::{Arithmetic, ParameterKind};

use super::layer::Layer;
use crate::LoweringError;
use crate::onnx::Attribute;

/// Lowers the matrix product with bias over all values of a picture: Flatten, Gemm.
pub(super) fn lower(layer: &mut Layer<'_>) -> Result<(), LoweringError> {
    let flat = layer.inner("flatten", "Flatten", &[layer.inputs[0]], vec![Attribute::Int("axis", 1)]);
    let input = layer.activation(&flat)?;
    let weight = layer.weight(Arithmetic::Multiply)?;
    let bias = layer.floats(ParameterKind::Bias, &[layer.node.output.channels])?;
    layer.last("Gemm", &[&input, &weight, &bias], vec![Attribute::Int("transB", 1)]);
    Ok(())
}
