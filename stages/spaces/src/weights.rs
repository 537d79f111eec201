use std::collections::BTreeMap;

/// The numbers of one tensor in its stored type.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// 32-bit floats.
    F32(Vec<f32>),
    /// Signed bytes: quantized weights.
    I8(Vec<i8>),
    /// Unsigned bytes: zero points.
    U8(Vec<u8>),
}

impl Values {
    /// Returns the number of values.
    pub fn len(&self) -> usize {
        match self {
            Values::F32(values) => values.len(),
            Values::I8(values) => values.len(),
            Values::U8(values) => values.len(),
        }
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One tensor: shape and row-major values.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Sizes of the axes, outermost first; empty for a scalar.
    pub shape: Vec<usize>,
    /// As many values as the shape says.
    pub values: Values,
}

/// The weights of one network by parameter name: the boundary between training and export.
///
/// Float networks hold every [`crate::Graph::parameters`] entry as `F32`; weights of shift layers are already
/// rounded to signed powers of two. Quantized networks belong to a folded graph ([`crate::fold`]) and hold
/// for every linear layer and classifier NODE:
///
/// | name | type | meaning |
/// |---|---|---|
/// | `NODE.weight` | I8 | symmetric, −127..=127; in shift layers 0 or ±2^k with k in 0..=6 |
/// | `NODE.weight_scale` | F32 `[out]`, `[1]` for add layers; powers of two in shift layers | real weight = scale · integer |
/// | `NODE.bias` | F32 `[out]` | where the graph has a bias |
/// | `NODE.input_scale` | F32 `[1]` | real input = scale · (integer − zero point) |
/// | `NODE.input_zero_point` | U8 `[1]` | |
///
/// Add layers share one scale between input and weights, so that |x − w| is an integer subtraction:
/// `input_scale == weight_scale`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weights {
    /// Tensors by name, in name order.
    pub tensors: BTreeMap<String, Tensor>,
}

/// A tensor that is missing or is not what the graph says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    /// No tensor of that name.
    #[error("weights hold no tensor `{name}`")]
    Missing {
        /// The name.
        name: String,
    },
    /// Another shape or number type.
    #[error("tensor `{name}` wants {wanted}, found {found}")]
    Shape {
        /// The name.
        name: String,
        /// Type and shape wanted.
        wanted: String,
        /// Type and shape found.
        found: String,
    },
    /// A shift weight that is neither zero nor a signed power of two.
    #[error("tensor `{name}` of a shift layer holds {value}, wanted 0 or ±2^p with p in -15..=0")]
    NotPowerOfTwo {
        /// The name.
        name: String,
        /// The value.
        value: String,
    },
}

impl Weights {
    /// Adds a float tensor.
    pub fn insert(&mut self, name: impl Into<String>, shape: Vec<usize>, values: Vec<f32>) {
        self.tensors.insert(name.into(), Tensor { shape, values: Values::F32(values) });
    }

    /// Returns the float values of a tensor of the given shape.
    ///
    /// # Errors
    /// If it is missing, of another type or of another shape.
    pub fn floats(&self, name: &str, shape: &[usize]) -> Result<&[f32], WeightsError> {
        match self.get(name)? {
            Tensor { shape: found, values: Values::F32(values) } if found == shape => Ok(values),
            other => Err(mismatch(name, &format!("f32 {shape:?}"), other)),
        }
    }

    /// Returns the signed bytes of a tensor of the given shape.
    ///
    /// # Errors
    /// If it is missing, of another type or of another shape.
    pub fn bytes(&self, name: &str, shape: &[usize]) -> Result<&[i8], WeightsError> {
        match self.get(name)? {
            Tensor { shape: found, values: Values::I8(values) } if found == shape => Ok(values),
            other => Err(mismatch(name, &format!("i8 {shape:?}"), other)),
        }
    }

    /// Returns the only unsigned byte of a tensor of shape `[1]`.
    ///
    /// # Errors
    /// If it is missing or of another type.
    pub fn zero_point(&self, name: &str) -> Result<u8, WeightsError> {
        match self.get(name)? {
            Tensor { values: Values::U8(values), .. } if values.len() == 1 => Ok(values[0]),
            other => Err(mismatch(name, "u8 [1]", other)),
        }
    }

    /// Returns whether a tensor of that name exists.
    pub fn contains(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// Returns the tensor of that name.
    ///
    /// # Errors
    /// If it is missing.
    pub fn get(&self, name: &str) -> Result<&Tensor, WeightsError> {
        self.tensors.get(name).ok_or_else(|| WeightsError::Missing { name: name.to_owned() })
    }
}

fn mismatch(name: &str, wanted: &str, found: &Tensor) -> WeightsError {
    let kind = match found.values {
        Values::F32(_) => "f32",
        Values::I8(_) => "i8",
        Values::U8(_) => "u8",
    };
    WeightsError::Shape { name: name.to_owned(), wanted: wanted.to_owned(), found: format!("{kind} {:?}", found.shape) }
}

/// Smallest exponent of a float shift weight (5-bit DeepShift-Q: sign and p in −15..=0).
const SMALLEST_EXPONENT: i32 = -15;

/// Returns whether a float may be the weight of a shift layer: 0, or ±2^p with p in −15..=0.
pub fn is_shift_weight(weight: f32) -> bool {
    let magnitude = weight.abs();
    magnitude == 0.0 || (SMALLEST_EXPONENT..=0).any(|exponent| (exponent as f32).exp2() == magnitude)
}

/// Largest magnitude of a byte of a shift layer: 2^6, so that seven exponents fit.
pub const LARGEST_SHIFT_CODE: i8 = 64;

/// Returns whether a byte may be the weight of a quantized shift layer: 0, or ±2^k with k in 0..=6.
pub const fn is_shift_code(code: i8) -> bool {
    let magnitude = code.unsigned_abs();
    magnitude == 0 || (magnitude.is_power_of_two() && magnitude <= LARGEST_SHIFT_CODE.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shift_weights_are_signed_powers_of_two_in_floats_and_in_bytes() {
        let floats = [0.0, 1.0, -0.5, 0.25, -(2.0_f32.powi(-15))];
        assert!(floats.into_iter().all(is_shift_weight));
        assert!(![0.3, 2.0, 2.0_f32.powi(-16), f32::NAN].into_iter().any(is_shift_weight));
        assert!([0, 1, -2, 4, -8, 16, 32, -64].into_iter().all(is_shift_code));
        assert!(![3, -127, 127, -128, 65].into_iter().any(is_shift_code));
    }

    #[test]
    fn a_wrong_shape_names_both_shapes() {
        let mut weights = Weights::default();
        weights.insert("head.weight", vec![2, 3], vec![0.0; 6]);
        let error = weights.floats("head.weight", &[3, 2]).unwrap_err();
        assert_eq!(error.to_string(), "tensor `head.weight` wants f32 [3, 2], found f32 [2, 3]");
    }
}
