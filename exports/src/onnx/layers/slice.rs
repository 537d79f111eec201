use super::LayersError;
use super::call::{Call, Outcome};
use super::value::Value;

/// The part of one axis that a Slice takes.
#[derive(Clone, Copy)]
struct Span {
    axis: usize,
    start: i128,
    step: i128,
    entries: u64,
}

/// Every so many entries between limits.
pub(super) fn slice(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let input = call.input(0)?;
    let spans = spans(call, &input.shape)?;
    let mut shape = input.shape.clone();
    for span in &spans {
        shape[span.axis] = span.entries;
    }
    let integers = match (&input.integers, spans.as_slice(), shape.len()) {
        (Some(list), &[span], 1) => entries(list, span),
        _ => None,
    };
    Ok(Outcome::moved(Value { integers, ..Value::of_shape(shape) }))
}

fn entries(list: &[i64], span: Span) -> Option<Vec<i64>> {
    let place = |entry: u64| usize::try_from(span.start + i128::from(entry) * span.step).ok();
    (0..span.entries).map(|entry| list.get(place(entry)?).copied()).collect()
}

fn spans(call: &Call<'_>, shape: &[u64]) -> Result<Vec<Span>, LayersError> {
    let (Some(starts), Some(ends)) = (call.list("starts", 1)?, call.list("ends", 2)?) else {
        return Err(call.error("`starts` and `ends`", "none"));
    };
    let all: Vec<i64> = (0..starts.len() as i64).collect();
    let axes = call.list("axes", 3)?.unwrap_or(&all);
    let ones = vec![1; starts.len()];
    let steps = if call.optional(4)?.is_some() { call.known(4)? } else { &ones };
    if [ends.len(), axes.len(), steps.len()] != [starts.len(); 3] {
        return Err(call.error("as many starts as ends, axes and steps", (starts, ends, axes, steps)));
    }
    call.axes(axes, shape.len())?;
    let span = |at: usize| span(call, shape, axes[at], [starts[at], ends[at], steps[at]]);
    (0..starts.len()).map(span).collect()
}

fn span(call: &Call<'_>, shape: &[u64], axis: i64, limits: [i64; 3]) -> Result<Span, LayersError> {
    let axis = call.axis(axis, shape.len())?;
    let size = i128::from(shape[axis]);
    let [start, end, step] = limits.map(i128::from);
    let counted = |place: i128| if place < 0 { place + size } else { place };
    let (start, end) = (counted(start), counted(end));
    let (start, length) = match step {
        0 => return Err(call.error("steps other than 0", limits)),
        1.. => (start.clamp(0, size), end.clamp(0, size) - start.clamp(0, size)),
        _ => {
            let (first, last) = (start.clamp(-1, size - 1), end.clamp(-1, size - 1));
            (first, first - last)
        }
    };
    let step_size = step.abs();
    let entries = u64::try_from((length.max(0) + step_size - 1) / step_size).map_err(|_| call.overflow())?;
    Ok(Span { axis, start, step, entries })
}
