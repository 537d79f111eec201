use spaces::Arithmetic;

use super::call::{Call, Outcome};
use super::elementwise::broadcast;
use super::layer::{Draft, OnnxWork};
use super::value::Value;
use super::{LayersError, attribute};

/// Sizes of `[rows, inner] · [inner, columns]`.
struct Sizes {
    rows: u64,
    inner: u64,
    columns: u64,
}

/// A matrix with a bias: Gemm.
pub(super) fn gemm(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let turned = |index: usize, name: &str| -> Result<[u64; 2], LayersError> {
        let shape = call.sizes(index, 2)?;
        let is_turned = attribute::integer(call.node, name).unwrap_or(0) != 0;
        Ok(if is_turned { [shape[1], shape[0]] } else { [shape[0], shape[1]] })
    };
    let ([rows, inner], [wanted, columns]) = (turned(0, "transA")?, turned(1, "transB")?);
    fit(call, inner, wanted)?;
    let sizes = Sizes { rows, inner, columns };
    let mut draft = draft(call, &sizes, 1)?;
    draft.biases = call.optional(2)?.and_then(Value::owned);
    Ok(Outcome::layer(vec![rows, columns], draft))
}

/// A product of matrices, one of which may be constant: MatMul.
pub(super) fn product(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let (left, right) = (&call.input(0)?.shape, &call.input(1)?.shape);
    let ([left_many @ .., rows, inner], [right_many @ .., wanted, columns]) = (left.as_slice(), right.as_slice())
    else {
        return Err(call.error("two operands of two axes or more", (left, right)));
    };
    fit(call, *inner, *wanted)?;
    let mut shape = broadcast(call, left_many, right_many)?;
    let many = call.product(&shape)?;
    let sizes = Sizes { rows: *rows, inner: *inner, columns: *columns };
    let draft = draft(call, &sizes, many)?;
    shape.extend([*rows, *columns]);
    Ok(Outcome::layer(shape, draft))
}

fn fit(call: &Call<'_>, inner: u64, wanted: u64) -> Result<(), LayersError> {
    if inner == wanted { Ok(()) } else { Err(call.error(&format!("{inner} rows of the right operand"), wanted)) }
}

/// Returns the layer of `many` products: rows times a constant, or two activations.
fn draft(call: &Call<'_>, sizes: &Sizes, many: u64) -> Result<Draft, LayersError> {
    let (left, right) = (call.input(0)?, call.input(1)?);
    let &Sizes { rows, inner, columns } = sizes;
    let (weight, times, outputs) = match (left.owned(), right.owned()) {
        (None, None) => {
            let batch = call.each(many)?;
            return Ok(Draft::bare(OnnxWork::Product { batch, rows, inner, columns }));
        }
        (None, Some(_)) => (right, rows, columns),
        (Some(_), None) => (left, columns, rows),
        (Some(_), Some(_)) => return Err(call.error("a factor that depends on the input", "two constants")),
    };
    let matrix = call.product(&[inner, outputs])?;
    let weights = weight.owned().filter(|weights| weights.values == matrix);
    let Some(weights) = weights else { return Err(call.error("one constant matrix", &weight.shape)) };
    let rows = call.each(call.product(&[many, times])?)?;
    let arithmetic = weight.arithmetic(Arithmetic::Multiply);
    let work = OnnxWork::Matrix { arithmetic, rows, inputs: inner, outputs };
    Ok(Draft { work, weights: Some(weights), biases: None })
}
