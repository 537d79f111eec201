use super::LayersError;
use super::call::{Call, Outcome};
use super::layer::{Draft, OnnxWork};
use super::value::Value;

/// A batch normalisation with running statistics.
pub(super) fn batch(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let shape = &call.input(0)?.shape;
    let &[_, channels, ..] = shape.as_slice() else {
        return Err(call.error("channels", shape));
    };
    if call.sizes(1, 1)? != [channels] {
        return Err(call.error(&format!("a scale for {channels} channels"), &call.input(1)?.shape));
    }
    let values = call.each(call.product(shape)?)?;
    let work = OnnxWork::BatchNorm { channels, positions: values.checked_div(channels).unwrap_or(0) };
    scaled(call, work)
}

/// Another normalisation, of rows, groups or pictures.
pub(super) fn other(call: &Call<'_>) -> Result<Outcome, LayersError> {
    scaled(call, OnnxWork::Free)
}

fn scaled(call: &Call<'_>, work: OnnxWork) -> Result<Outcome, LayersError> {
    let owned = |index: usize| call.optional(index).map(|value| value.and_then(Value::owned));
    let draft = Draft { work, weights: owned(1)?, biases: owned(2)? };
    Ok(Outcome::layer(call.input(0)?.shape.clone(), draft))
}
