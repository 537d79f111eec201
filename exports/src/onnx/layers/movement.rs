//! Operators that give sizes, orders and codes of numbers, and compute nothing that is counted.

use super::call::{Call, Outcome, Part};
use super::layer::{Draft, OnnxWork};
use super::value::{Constant, Powers, Value};
use super::{LayersError, attribute, elementwise, tensor};

/// Longest list of integers that is put together.
const LONGEST_LIST: u64 = 1 << 8;

/// The same numbers, or their negatives or other types.
pub(super) fn same(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let input = call.input(0)?;
    let integers = if call.node.op_type == "Neg" { None } else { input.integers.clone() };
    Ok(Outcome::moved(Value { integers, ..input.clone() }))
}

/// Floats to codes. Codes of a constant are not computed: they may be powers of two or not.
pub(super) fn quantized(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let input = call.input(0)?;
    let constant = input.constant.map(|constant| Constant { powers: Powers::Other, ..constant });
    Ok(Outcome::moved(Value { constant, ..Value::of_shape(input.shape.clone()) }))
}

/// Codes to floats. The scale is a factor of sums, not of single codes: codes of ±2^k shift whatever it is, if the
/// code 0 stands for 0.
pub(super) fn dequantized(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let input = call.input(0)?;
    let is_zero = |value: &Value| value.constant.is_some_and(|constant| constant.powers == Powers::Zero);
    let symmetric = call.optional(2)?.is_none_or(is_zero);
    let powers = |constant: Constant| if symmetric { constant.powers } else { Powers::Other };
    let constant = input.constant.map(|constant| Constant { powers: powers(constant), ..constant });
    Ok(Outcome::moved(Value { constant, ..Value::of_shape(input.shape.clone()) }))
}

/// A constant in the attributes of a node.
pub(super) fn constant(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let node = call.node;
    let value = match attribute::tensor(node, "value") {
        Some(value) => tensor::constant(value, call.constant)?,
        None => match (attribute::integers(node, "value_ints"), attribute::integer(node, "value_int")) {
            (Some(list), _) => Value::of_integers(list.to_vec()),
            (None, Some(single)) => Value::of_integers(vec![single]).reshaped(Vec::new()),
            (None, None) if attribute::is_single_float(node) => {
                let constant = Some(Constant { tensor: call.constant, powers: Powers::Other });
                Value { constant, ..Value::default() }
            }
            (None, None) => return Err(call.error("a tensor, a float or integers", "something else")),
        },
    };
    Ok(Outcome::moved(value))
}

/// The sizes of a value.
pub(super) fn shape(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let sizes = &call.input(0)?.shape;
    let rank = sizes.len();
    let bound = |name: &str, default: i64| {
        let at = attribute::integer(call.node, name).unwrap_or(default);
        let at = if at < 0 { at.saturating_add(rank as i64) } else { at };
        at.clamp(0, rank as i64) as usize
    };
    let (start, end) = (bound("start", 0), bound("end", rank as i64));
    let sizes = sizes.get(start..end).unwrap_or_default();
    let integers = sizes.iter().map(|&size| i64::try_from(size).ok()).collect::<Option<Vec<_>>>();
    Ok(Outcome::moved(Value::of_integers(integers.ok_or_else(|| call.overflow())?)))
}

/// The same values in other sizes: 0 keeps a size, −1 takes what is left.
pub(super) fn reshape(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let input = call.input(0)?;
    let wanted = call.known(1)?;
    let zero_is_zero = attribute::integer(call.node, "allowzero").unwrap_or(0) != 0;
    let mut shape = Vec::with_capacity(wanted.len());
    let mut rest = None;
    for (axis, &size) in wanted.iter().enumerate() {
        shape.push(match (size, input.shape.get(axis)) {
            (0, Some(&kept)) if !zero_is_zero => kept,
            (-1, _) if rest.is_none() => {
                rest = Some(axis);
                1
            }
            (size, _) => u64::try_from(size).map_err(|_| call.error("sizes, at most one of them −1", wanted))?,
        });
    }
    let (values, known) = (call.product(&input.shape)?, call.product(&shape)?);
    if let Some(axis) = rest.filter(|_| known > 0) {
        shape[axis] = values / known;
    }
    if call.product(&shape)? != values {
        return Err(call.error(&format!("sizes of {values} values"), wanted));
    }
    Ok(Outcome::moved(input.reshaped(shape)))
}

/// All axes before one and all from it on as one each.
pub(super) fn flatten(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let input = call.input(0)?;
    let rank = input.shape.len();
    let axis = match attribute::integer(call.node, "axis").unwrap_or(1) {
        axis if axis == rank as i64 => rank,
        axis => call.axis(axis, rank)?,
    };
    let (before, behind) = input.shape.split_at(axis);
    Ok(Outcome::moved(input.reshaped(vec![call.product(before)?, call.product(behind)?])))
}

/// The axes in another order.
pub(super) fn transpose(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let input = call.input(0)?;
    let rank = input.shape.len();
    let reversed: Vec<i64> = (0..rank as i64).rev().collect();
    let order = attribute::integers(call.node, "perm").unwrap_or(&reversed);
    if call.axes(order, rank)?.len() != rank {
        return Err(call.error(&format!("an order of {rank} axes"), order));
    }
    let shape = order.iter().map(|&axis| Ok(input.shape[call.axis(axis, rank)?])).collect::<Result<_, LayersError>>();
    let integers = if rank < 2 { input.integers.clone() } else { None };
    Ok(Outcome::moved(Value { integers, ..input.reshaped(shape?) }))
}

/// Values behind one another along an axis.
pub(super) fn concat(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let inputs = call.inputs()?;
    let first = call.input(0)?;
    let axis = call.axis(attribute::integer(call.node, "axis").unwrap_or(0), first.shape.len())?;
    let mut shape = first.shape.clone();
    shape[axis] = 0;
    for input in &inputs {
        let mut others = input.shape.clone();
        let size = others.get_mut(axis).map(std::mem::take);
        let wanted = shape.iter().enumerate().map(|(at, &size)| if at == axis { 0 } else { size });
        let (Some(size), true) = (size, wanted.eq(others.iter().copied())) else {
            return Err(call.error(&format!("sizes that differ along axis {axis} only"), (&first.shape, &input.shape)));
        };
        shape[axis] = shape[axis].checked_add(size).ok_or_else(|| call.overflow())?;
    }
    let known = inputs.iter().map(|input| input.integers.as_deref()).collect::<Option<Vec<_>>>();
    let integers = known.filter(|_| shape.len() == 1 && shape[0] <= LONGEST_LIST).map(|lists| lists.concat());
    Ok(Outcome::moved(Value { integers, ..Value::of_shape(shape) }))
}

/// Parts of a value along an axis.
pub(super) fn split(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let input = call.input(0)?;
    let axis = call.axis(attribute::integer(call.node, "axis").unwrap_or(0), input.shape.len())?;
    let (whole, parts) = (input.shape[axis], call.node.output.len() as u64);
    let sizes: Vec<u64> = match call.list("split", 1)? {
        Some(sizes) => {
            let sizes = sizes.iter().map(|&size| u64::try_from(size).ok()).collect::<Option<_>>();
            sizes.ok_or_else(|| call.error("parts of at least 0", "others"))?
        }
        None => {
            let largest = whole.div_ceil(parts.max(1));
            (0..parts).map(|part| whole.saturating_sub(part.saturating_mul(largest)).min(largest)).collect()
        }
    };
    let sum = sizes.iter().try_fold(0_u64, |sum, &size| sum.checked_add(size));
    if sum != Some(whole) || sizes.len() as u64 != parts {
        return Err(call.error(&format!("{parts} parts of {whole}"), sizes));
    }
    let part = |&size: &u64| {
        let mut shape = input.shape.clone();
        shape[axis] = size;
        Value::of_shape(shape)
    };
    Ok(Outcome { outputs: sizes.iter().map(part).collect(), part: Part::Movement })
}

/// A value without axes of one entry.
pub(super) fn squeeze(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let input = call.input(0)?;
    let rank = input.shape.len();
    let axes = match call.list("axes", 1)? {
        Some(axes) => call.axes(axes, rank)?,
        None => (0..rank).filter(|&axis| input.shape[axis] == 1).collect(),
    };
    if axes.iter().any(|&axis| input.shape[axis] != 1) {
        return Err(call.error("axes of one entry", &input.shape));
    }
    let shape = (0..rank).filter(|axis| !axes.contains(axis)).map(|axis| input.shape[axis]).collect();
    Ok(Outcome::moved(input.reshaped(shape)))
}

/// A value with axes of one entry more.
pub(super) fn unsqueeze(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let input = call.input(0)?;
    let Some(axes) = call.list("axes", 1)? else { return Err(call.error("axes", "none")) };
    let rank = input.shape.len() + axes.len();
    let axes = call.axes(axes, rank)?;
    let mut sizes = input.shape.iter().copied();
    let shape = (0..rank).map(|axis| if axes.contains(&axis) { Some(1) } else { sizes.next() });
    let shape = shape.collect::<Option<_>>().ok_or_else(|| call.error("axes", "too many"))?;
    Ok(Outcome::moved(input.reshaped(shape)))
}

/// A value with entries before and behind it.
pub(super) fn pad(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let input = call.input(0)?;
    let rank = input.shape.len();
    let Some(pads) = call.list("pads", 1)? else { return Err(call.error("`pads`", "none")) };
    let axes = match call.optional(3)? {
        Some(_) => call.known(3)?.iter().map(|&axis| call.axis(axis, rank)).collect::<Result<Vec<_>, _>>()?,
        None => (0..rank).collect(),
    };
    if pads.len() != 2 * axes.len() {
        return Err(call.error(&format!("{} pads", 2 * axes.len()), pads));
    }
    let mut shape = input.shape.clone();
    for (at, &axis) in axes.iter().enumerate() {
        let padded = i128::from(shape[axis]) + i128::from(pads[at]) + i128::from(pads[at + axes.len()]);
        shape[axis] = u64::try_from(padded).map_err(|_| call.error("sizes of at least 0", pads))?;
    }
    Ok(Outcome::moved(Value::of_shape(shape)))
}

/// A value repeated along axes of one entry.
pub(super) fn expand(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let wanted = call.known(1)?;
    let sizes = wanted.iter().map(|&size| u64::try_from(size).ok()).collect::<Option<Vec<_>>>();
    let sizes = sizes.ok_or_else(|| call.error("sizes of at least 0", wanted))?;
    let input = call.input(0)?;
    let shape = elementwise::broadcast(call, &input.shape, &sizes)?;
    Ok(Outcome::moved(Value { constant: input.constant, ..Value::of_shape(shape) }))
}

/// Entries of a value by their places; rows of a constant table are a layer, an embedding.
pub(super) fn gather(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let (input, places) = (call.input(0)?, call.input(1)?);
    let axis = call.axis(attribute::integer(call.node, "axis").unwrap_or(0), input.shape.len())?;
    let shape = [&input.shape[..axis], &places.shape, &input.shape[axis + 1..]].concat();
    if let (Some(list), Some(at), 1) = (&input.integers, &places.integers, input.shape.len()) {
        let entry = |&at: &i64| call.axis(at, list.len()).map(|at| list[at]);
        let integers = at.iter().map(entry).collect::<Result<_, _>>()?;
        return Ok(Outcome::moved(Value { integers: Some(integers), ..Value::of_shape(shape) }));
    }
    match input.owned() {
        Some(weights) if !places.is_constant() => {
            Ok(Outcome::layer(shape, Draft { weights: Some(weights), ..Draft::bare(OnnxWork::Free) }))
        }
        Some(_) | None => Ok(Outcome::moved(Value { constant: input.constant, ..Value::of_shape(shape) })),
    }
}
