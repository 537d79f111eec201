//! Sizes that exported programs compute while they run, although nothing but the file decides them.

use super::LayersError;
use super::call::Call;
use super::value::Value;

/// Returns the result where all operands are known integers of one length, or single.
pub(super) fn combined(call: &Call<'_>, inputs: &[&Value]) -> Result<Option<Value>, LayersError> {
    let [left, right] = inputs else { return Ok(None) };
    let (Some(one), Some(other)) = (&left.integers, &right.integers) else { return Ok(None) };
    let length = match (one.len(), other.len()) {
        (one, other) if one == other => one,
        (1, other) => other,
        (one, 1) => one,
        (one, other) => return Err(call.error("lists of one length", (one, other))),
    };
    let operator: fn(i64, i64) -> Option<i64> = match call.node.op_type.as_str() {
        "Add" => i64::checked_add,
        "Sub" => i64::checked_sub,
        "Mul" => i64::checked_mul,
        "Div" => i64::checked_div,
        _ => return Ok(None),
    };
    let at = |list: &[i64], index: usize| list.get(if list.len() == 1 { 0 } else { index }).copied();
    let result = (0..length).map(|index| operator(at(one, index)?, at(other, index)?)).collect::<Option<Vec<_>>>();
    let Some(integers) = result else { return Err(call.error("integers of 64 bits", (one, other))) };
    let shape = if left.shape.len() < right.shape.len() { &right.shape } else { &left.shape };
    let longest = if one.len() < other.len() { &right.shape } else { &left.shape };
    let shape = if one.len() == other.len() { shape } else { longest };
    Ok(Some(Value { shape: shape.clone(), integers: Some(integers), ..Value::default() }))
}
