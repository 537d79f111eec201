use tract_onnx::pb::TensorProto;
use tract_onnx::pb::tensor_proto::{DataLocation, DataType};

use super::LayersError;
use super::value::{Constant, Powers, Value, product};

/// Longest list of integers that is looked at: shapes and axes are a few numbers long.
const LONGEST_LIST: u64 = 1 << 8;

/// Returns what constant number `index` of a file holds, after comparing its sizes with its bytes.
pub(super) fn constant(tensor: &TensorProto, index: usize) -> Result<Value, LayersError> {
    let error = |wanted: &str, found: String| LayersError::Tensor {
        tensor: tensor.name.clone(),
        wanted: wanted.to_owned(),
        found,
    };
    if tensor.data_location.is_some_and(|location| location != DataLocation::Default as i32) {
        return Err(error("its values in the file", "another file".to_owned()));
    }
    let sizes = tensor.dims.iter().map(|&size| u64::try_from(size).ok()).collect::<Option<Vec<_>>>();
    let count = sizes.as_deref().and_then(product);
    let (Some(shape), Some(count)) = (sizes, count) else {
        return Err(error("sizes of at most 64 bits", format!("{:?}", tensor.dims)));
    };
    let Some(numbers) = numbers(tensor) else {
        return Err(error("numbers", format!("data type {}", tensor.data_type)));
    };
    if numbers.len() != Some(count) {
        return Err(error("all of its values in the file", format!("other data for {:?}", tensor.dims)));
    }
    let integers = (numbers.are_integers() && count <= LONGEST_LIST).then(|| numbers.integers()).flatten();
    let powers = powers(numbers.iter());
    Ok(Value { shape, integers, constant: Some(Constant { tensor: index, powers }), ..Value::default() })
}

/// Where a tensor keeps its numbers.
struct Numbers<'a> {
    tensor: &'a TensorProto,
    kind: DataType,
    /// Bytes of one number in `raw_data`.
    size: usize,
}

fn numbers(tensor: &TensorProto) -> Option<Numbers<'_>> {
    let kind = DataType::try_from(tensor.data_type).ok()?;
    let size = match kind {
        DataType::Float | DataType::Int32 | DataType::Uint32 => 4,
        DataType::Double | DataType::Int64 | DataType::Uint64 => 8,
        DataType::Float16 | DataType::Bfloat16 | DataType::Int16 | DataType::Uint16 => 2,
        DataType::Int8 | DataType::Uint8 | DataType::Bool => 1,
        _ => return None,
    };
    Some(Numbers { tensor, kind, size })
}

impl Numbers<'_> {
    /// Returns how many numbers there are, or `None` if the bytes are no whole number of them.
    fn len(&self) -> Option<u64> {
        let tensor = self.tensor;
        let raw = tensor.raw_data.len();
        let listed = match self.kind {
            DataType::Float => tensor.float_data.len(),
            DataType::Double => tensor.double_data.len(),
            DataType::Int64 => tensor.int64_data.len(),
            DataType::Uint32 | DataType::Uint64 => tensor.uint64_data.len(),
            _ => tensor.int32_data.len(),
        };
        match (raw, listed) {
            (0, listed) => Some(listed as u64),
            (raw, 0) if raw.is_multiple_of(self.size) => Some((raw / self.size) as u64),
            _ => None,
        }
    }

    const fn are_integers(&self) -> bool {
        matches!(self.kind, DataType::Int64 | DataType::Int32)
    }

    fn integers(&self) -> Option<Vec<i64>> {
        let raw = self.tensor.raw_data.chunks_exact(self.size);
        let listed = match self.kind {
            DataType::Int64 => self.tensor.int64_data.clone(),
            _ => self.tensor.int32_data.iter().map(|&number| i64::from(number)).collect(),
        };
        if !listed.is_empty() {
            return Some(listed);
        }
        match self.kind {
            DataType::Int64 => raw.map(|bytes| Some(i64::from_le_bytes(bytes.try_into().ok()?))).collect(),
            _ => raw.map(|bytes| Some(i64::from(i32::from_le_bytes(bytes.try_into().ok()?)))).collect(),
        }
    }

    /// Returns the numbers as 64-bit floats, which keep what powers of two there are.
    fn iter(&self) -> Box<dyn Iterator<Item = f64> + '_> {
        let tensor = self.tensor;
        if !tensor.raw_data.is_empty() {
            return Box::new(tensor.raw_data.chunks_exact(self.size).map(|bytes| number(self.kind, bytes)));
        }
        match self.kind {
            DataType::Float => Box::new(tensor.float_data.iter().map(|&number| f64::from(number))),
            DataType::Double => Box::new(tensor.double_data.iter().copied()),
            DataType::Int64 => Box::new(tensor.int64_data.iter().map(|&number| number as f64)),
            DataType::Uint32 | DataType::Uint64 => Box::new(tensor.uint64_data.iter().map(|&number| number as f64)),
            DataType::Float16 | DataType::Bfloat16 => {
                Box::new(tensor.int32_data.iter().map(|&bits| number(self.kind, &bits.to_le_bytes()[..2])))
            }
            _ => Box::new(tensor.int32_data.iter().map(|&number| f64::from(number))),
        }
    }
}

/// Returns the number of little-endian bytes; as many as the kind has.
fn number(kind: DataType, bytes: &[u8]) -> f64 {
    let mut padded = [0; 8];
    padded[..bytes.len()].copy_from_slice(bytes);
    let bits = u64::from_le_bytes(padded);
    match kind {
        DataType::Float => f64::from(f32::from_bits(bits as u32)),
        DataType::Double => f64::from_bits(bits),
        DataType::Float16 => half(bits as u16),
        DataType::Bfloat16 => f64::from(f32::from_bits((bits as u32) << 16)),
        DataType::Int64 => bits.cast_signed() as f64,
        DataType::Int32 => f64::from(bits as i32),
        DataType::Int16 => f64::from(bits as i16),
        DataType::Int8 => f64::from(bits as i8),
        _ => bits as f64,
    }
}

/// Returns the number of 16 bits: sign, five of exponent, ten of fraction.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff) / 1024.0);
    let magnitude = match exponent {
        0 => fraction * 2.0_f64.powi(-14),
        0x1f => f64::INFINITY,
        exponent => (1.0 + fraction) * 2.0_f64.powi(exponent - 15),
    };
    if bits >> 15 == 0 { magnitude } else { -magnitude }
}

fn powers(numbers: impl Iterator<Item = f64>) -> Powers {
    let mut powers = Powers::Zero;
    for number in numbers {
        match number {
            0.0 => {}
            number if is_power_of_two(number) => powers = Powers::OfTwo,
            _ => return Powers::Other,
        }
    }
    powers
}

/// Returns whether the fraction of a float is 1.
const fn is_power_of_two(number: f64) -> bool {
    number.is_normal() && number.to_bits() & ((1 << (f64::MANTISSA_DIGITS - 1)) - 1) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floats(values: &[f32]) -> TensorProto {
        let dims = vec![values.len() as i64];
        TensorProto { dims, data_type: DataType::Float as i32, float_data: values.to_vec(), ..TensorProto::default() }
    }

    fn powers_of(tensor: &TensorProto) -> Powers {
        constant(tensor, 0).unwrap().constant.unwrap().powers
    }

    #[test]
    fn powers_of_two_of_any_sign_are_told_from_other_numbers() {
        assert_eq!(powers_of(&floats(&[0.0, -0.0])), Powers::Zero);
        assert_eq!(powers_of(&floats(&[0.25, -2.0, 0.0])), Powers::OfTwo);
        for other in [3.0, 0.3, f32::NAN, f32::INFINITY] {
            assert_eq!(powers_of(&floats(&[0.5, other])), Powers::Other, "{other}");
        }
    }

    #[test]
    fn raw_numbers_of_every_width_are_read() {
        let raw = |kind: DataType, raw_data: Vec<u8>| TensorProto {
            dims: vec![1],
            data_type: kind as i32,
            raw_data,
            ..TensorProto::default()
        };
        assert_eq!(powers_of(&raw(DataType::Int8, vec![0xc0])), Powers::OfTwo);
        assert_eq!(powers_of(&raw(DataType::Uint8, vec![0xc0])), Powers::Other);
        assert_eq!(powers_of(&raw(DataType::Float16, vec![0, 0x3c])), Powers::OfTwo);
        assert_eq!(powers_of(&raw(DataType::Float16, vec![1, 0x3c])), Powers::Other);
        assert_eq!(powers_of(&raw(DataType::Bfloat16, vec![0x80, 0x3f])), Powers::OfTwo);
        let list = constant(&raw(DataType::Int64, (-7_i64).to_le_bytes().to_vec()), 0).unwrap();
        assert_eq!(list.integers, Some(vec![-7]));
    }

    #[test]
    fn sizes_without_their_bytes_are_refused() {
        let short = TensorProto { name: "w".into(), dims: vec![1 << 40, 1 << 20], ..floats(&[1.0]) };
        let message = constant(&short, 0).unwrap_err().to_string();
        assert!(message.starts_with("tensor `w` wants all of its values in the file"), "{message}");
        let huge = TensorProto { name: "w".into(), dims: vec![i64::MAX, i64::MAX], ..floats(&[1.0]) };
        assert!(constant(&huge, 0).unwrap_err().to_string().contains("64 bits"));
        let negative = TensorProto { dims: vec![-1], ..floats(&[1.0]) };
        assert!(constant(&negative, 0).is_err());
    }
}
