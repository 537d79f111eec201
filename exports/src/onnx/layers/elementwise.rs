use super::call::{Call, Outcome, Part};
use super::integers;
use super::layer::{Draft, OnnxWindow, OnnxWork, Owned};
use super::value::{Constant, Powers, Terms, Value};
use super::{LayersError, attribute};

/// max(x, 0).
pub(super) fn relu(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let input = call.input(0)?;
    let values = call.each(call.product(&input.shape)?)?;
    Ok(Outcome::layer(input.shape.clone(), Draft::bare(OnnxWork::Relu { values })))
}

/// Another function of single values or rows that leaves the sizes as they are.
pub(super) fn function(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let input = call.input(0)?;
    let mut outcome = Outcome::layer(input.shape.clone(), Draft::bare(OnnxWork::Free));
    if input.terms == Terms::Difference && call.node.op_type == "Abs" {
        outcome.outputs[0].terms = Terms::Magnitude;
    }
    Ok(outcome)
}

/// Two or more values of sizes that fit one another.
pub(super) fn combined(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let inputs = call.inputs()?;
    if let Some(known) = integers::combined(call, &inputs)? {
        return Ok(Outcome::moved(known));
    }
    let mut shape = Vec::new();
    for input in &inputs {
        shape = broadcast(call, &shape, &input.shape)?;
    }
    let mut value = Value::of_shape(shape);
    let owned: Vec<Owned> = inputs.iter().filter_map(|input| input.owned().filter(|owned| owned.values > 1)).collect();
    if inputs.iter().all(|input| input.is_constant()) {
        return constant(inputs, value);
    }
    let layer = inputs.iter().find_map(|input| input.layer);
    if let ("Add", &[biases], Some(layer)) = (call.node.op_type.as_str(), owned.as_slice(), layer) {
        value.layer = Some(layer);
        return Ok(Outcome { outputs: vec![value], part: Part::Bias(layer, biases) });
    }
    value.terms = terms(call, &inputs, &value);
    let draft = match (call.node.op_type.as_str(), owned.as_slice()) {
        ("Add" | "Sub", &[biases]) => Draft { biases: Some(biases), ..Draft::bare(OnnxWork::Free) },
        (_, &[weights]) => Draft { weights: Some(weights), ..Draft::bare(OnnxWork::Free) },
        _ => Draft::bare(OnnxWork::Free),
    };
    Ok(Outcome { outputs: vec![value], part: Part::Layer(draft) })
}

/// Returns of which sum the values may be terms: differences to a constant, differences and products for which what is
/// computed is repeated, and what was a term before it was scaled.
fn terms(call: &Call<'_>, inputs: &[&Value], value: &Value) -> Terms {
    let pairs = inputs.iter().all(|input| input.is_constant() || input.values() < value.values());
    let constant = inputs.iter().any(|input| input.owned().is_some_and(|owned| owned.values > 1));
    let before = inputs.iter().map(|input| input.terms).find(|&terms| terms != Terms::None);
    match call.node.op_type.as_str() {
        "Sub" if pairs || constant => Terms::Difference,
        "Mul" if pairs => Terms::Products,
        "Mul" | "Div" => before.unwrap_or_default(),
        _ => Terms::None,
    }
}

/// A constant made of constants: whether its values are powers of two is not followed.
fn constant(inputs: Vec<&Value>, value: Value) -> Result<Outcome, LayersError> {
    let tensor = inputs.iter().find_map(|input| input.constant).map(|constant| constant.tensor);
    let constant = tensor.map(|tensor| Constant { tensor, powers: Powers::Other });
    Ok(Outcome::moved(Value { constant, ..value }))
}

/// A sum, mean or extreme over some axes.
pub(super) fn reduced(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let input = call.input(0)?;
    let sums = matches!(call.node.op_type.as_str(), "ReduceSum" | "ReduceMean");
    let norms = matches!(call.node.op_type.as_str(), "ReduceL1" | "ReduceL2" | "ReduceSumSquare");
    match input.terms {
        Terms::Magnitude if sums => return Err(distances(call)),
        Terms::Difference if norms => return Err(distances(call)),
        Terms::Products if sums => return Err(call.error("a product of matrices", "products that are summed apart")),
        Terms::None | Terms::Difference | Terms::Magnitude | Terms::Products => {}
    }
    let rank = input.shape.len();
    let axes = match call.list("axes", 1)? {
        Some(axes) if !axes.is_empty() => call.axes(axes, rank)?,
        Some(_) | None if attribute::integer(call.node, "noop_with_empty_axes").unwrap_or(0) != 0 => Vec::new(),
        Some(_) | None => (0..rank).collect(),
    };
    let keeps = attribute::integer(call.node, "keepdims").unwrap_or(1) != 0;
    let size = |(axis, &size): (usize, &u64)| match (axes.contains(&axis), keeps) {
        (false, _) => Some(size),
        (true, true) => Some(1),
        (true, false) => None,
    };
    let shape = input.shape.iter().enumerate().filter_map(size).collect();
    Ok(Outcome::layer(shape, Draft::bare(OnnxWork::Free)))
}

fn distances(call: &Call<'_>) -> LayersError {
    call.error("distances in a Scan, as `export` writes add layers", "Σ |x − w| without one")
}

/// Returns the sizes of two values combined: equal from the last axis on, or 1.
pub(super) fn broadcast(call: &Call<'_>, left: &[u64], right: &[u64]) -> Result<Vec<u64>, LayersError> {
    let (long, short) = if left.len() < right.len() { (right, left) } else { (left, right) };
    let mut shape = long.to_vec();
    let first = long.len() - short.len();
    for (size, &other) in shape[first..].iter_mut().zip(short) {
        *size = match (*size, other) {
            (one, other) if one == other => one,
            (1, other) => other,
            (one, 1) => one,
            (_, _) => return Err(call.error("operands of one size", (left, right))),
        };
    }
    Ok(shape)
}

/// Returns the number of outputs that a bias of a layer has one value for.
pub(super) const fn biased(work: &OnnxWork) -> Option<u64> {
    match *work {
        OnnxWork::Window(OnnxWindow { out_channels, .. }) => Some(out_channels),
        OnnxWork::Matrix { outputs, .. } => Some(outputs),
        OnnxWork::Product { .. } | OnnxWork::BatchNorm { .. } | OnnxWork::Relu { .. } => None,
        OnnxWork::Pool { .. } | OnnxWork::Free => None,
    }
}
