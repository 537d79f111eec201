use spaces::{Arithmetic, Parameter, Weights, is_shift_code};

use super::{Attribute, Builder};
use crate::LoweringError;

/// The input of a linear layer in unsigned bytes, and the names of what gives the floats back.
pub(crate) struct Codes {
    /// Name of the bytes.
    pub(crate) value: String,
    /// Name of the factor.
    pub(crate) scale: String,
    /// Name of the byte that stands for 0.
    pub(crate) zero_point: String,
}

/// Adds the QuantizeLinear that rounds the input `value` of node `node` to bytes.
pub(crate) fn codes(builder: &mut Builder, node: &str, value: &str, weights: &Weights) -> Result<Codes, LoweringError> {
    let scale = format!("{node}.input_scale");
    let zero_point = format!("{node}.input_zero_point");
    builder.floats(&scale, &[], scales(weights, &scale, 1)?);
    builder.unsigned_bytes(&zero_point, &[], &[weights.zero_point(&zero_point)?]);
    let codes = format!("{node}/input.codes");
    builder.node(&codes, "QuantizeLinear", &[value, &scale, &zero_point], &codes, Vec::new());
    Ok(Codes { value: codes, scale, zero_point })
}

/// Adds the DequantizeLinear that turns bytes back into floats, the value `name`; returns that name.
pub(crate) fn restored(builder: &mut Builder, name: String, codes: &Codes) -> String {
    builder.node(&name, "DequantizeLinear", &[&codes.value, &codes.scale, &codes.zero_point], &name, Vec::new());
    name
}

/// Adds a weight of signed bytes and the DequantizeLinear that scales it, per output channel or, in an add
/// layer, by the one scale of its input; returns the name of the float value.
pub(crate) fn dequantized(
    builder: &mut Builder,
    weight: &Parameter,
    weights: &Weights,
    arithmetic: Arithmetic,
) -> Result<String, LoweringError> {
    let codes = weights.bytes(&weight.name, &weight.shape)?;
    if arithmetic == Arithmetic::Shift {
        powers_of_two(&weight.name, codes)?;
    }
    builder.signed_bytes(&weight.name, &weight.shape, codes);
    let scale = format!("{}_scale", weight.name);
    let (shape, attributes) = match arithmetic {
        Arithmetic::Multiply | Arithmetic::Shift => (vec![weight.shape[0]], vec![Attribute::Int("axis", 0)]),
        Arithmetic::Add => (Vec::new(), Vec::new()),
    };
    builder.floats(&scale, &shape, scales(weights, &scale, shape.iter().product())?);
    let value = format!("{}/dequantized", weight.name);
    builder.node(&value, "DequantizeLinear", &[&weight.name, &scale], &value, attributes);
    Ok(value)
}

/// Returns an error unless all bytes of a shift layer are powers of two.
pub(crate) fn powers_of_two(name: &str, codes: &[i8]) -> Result<(), LoweringError> {
    match codes.iter().find(|&&code| !is_shift_code(code)) {
        None => Ok(()),
        Some(code) => Err(LoweringError::Quantization {
            tensor: name.to_owned(),
            wanted: "0 or ±2^k with k in 0..=6",
            found: code.to_string(),
        }),
    }
}

/// Returns the positive scales of a tensor.
pub(crate) fn scales<'a>(weights: &'a Weights, name: &str, count: usize) -> Result<&'a [f32], LoweringError> {
    let scales = weights.floats(name, &[count])?;
    match scales.iter().find(|scale| !scale.is_normal() || scale.is_sign_negative()) {
        None => Ok(scales),
        Some(scale) => Err(LoweringError::Quantization {
            tensor: name.to_owned(),
            wanted: "positive scales",
            found: scale.to_string(),
        }),
    }
}
