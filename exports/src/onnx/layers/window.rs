use spaces::Arithmetic;

use super::call::{Call, Outcome, Part};
use super::layer::{Draft, OnnxWindow, OnnxWork};
use super::value::Value;
use super::{LayersError, attribute};

/// Text by which this crate's lowering tells a shift layer; asked only where all weights are 0.
const SHIFT: &str = "shift layer";

/// A window as the attributes of a node give it, rows before columns.
struct Frame {
    kernel: [u64; 2],
    strides: [u64; 2],
    dilations: [u64; 2],
    /// Rows above, columns left, rows below, columns right.
    padding: [u64; 4],
    rounding: Rounding,
}

/// What happens to a rest that no window fills.
#[derive(Clone, Copy)]
enum Rounding {
    Down,
    Up,
}

/// A convolution with constant weights; a shift layer if all are signed powers of two.
pub(super) fn convolution(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let map = call.sizes(0, 4)?;
    let &[out_channels, group_channels, height, width] = call.sizes(1, 4)? else {
        return Err(call.error("a weight of four axes", "another"));
    };
    let groups = size(call, "group", 1)?;
    let channels = group_channels.checked_mul(groups).ok_or_else(|| call.overflow())?;
    if channels != map[1] || groups == 0 || !out_channels.is_multiple_of(groups) {
        let wanted = format!("a weight for {} channels in {groups} groups", map[1]);
        return Err(call.error(&wanted, &call.input(1)?.shape));
    }
    one_map(call, map)?;
    let frame = frame(call, [height, width], [map[2], map[3]])?;
    let [kernel, stride] = [square(call, "window", frame.kernel)?, square(call, "step", frame.strides)?];
    let [out_height, out_width] = frame.output(call, [map[2], map[3]])?;
    let weight = call.input(1)?;
    let Some(weights) = weight.owned() else {
        return Err(call.error("a weight that is constant", "a computed one"));
    };
    let told = if call.node.doc_string.starts_with(SHIFT) { Arithmetic::Shift } else { Arithmetic::Multiply };
    let window = OnnxWindow {
        arithmetic: weight.arithmetic(told),
        in_channels: map[1],
        out_channels,
        height: map[2],
        width: map[3],
        out_height,
        out_width,
        kernel,
        stride,
        padding: frame.padding,
        groups,
    };
    let biases = call.optional(2)?.and_then(Value::owned);
    let draft = Draft { work: OnnxWork::Window(window), weights: Some(weights), biases };
    Ok(Outcome::layer(vec![map[0], out_channels, out_height, out_width], draft))
}

/// The largest or the mean value of each window.
pub(super) fn pool(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let map = call.sizes(0, 4)?;
    let Some(kernel) = pair(call, "kernel_shape")? else {
        return Err(call.error("a `kernel_shape`", "none"));
    };
    let frame = frame(call, kernel, [map[2], map[3]])?;
    let [height, width] = frame.output(call, [map[2], map[3]])?;
    let shape = vec![map[0], map[1], height, width];
    let outputs = call.each(call.product(&shape)?)?;
    let work = match kernel {
        [rows, columns] if rows == columns => OnnxWork::Pool { kernel: rows, outputs },
        _ => OnnxWork::Free,
    };
    Ok(Outcome::layer(shape, Draft::bare(work)))
}

/// One value per channel of a map of any rank.
pub(super) fn global_pool(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let map = &call.input(0)?.shape;
    if map.len() < 3 {
        return Err(call.error("maps", map));
    }
    let shape = map.iter().enumerate().map(|(axis, &size)| if axis < 2 { size } else { 1 }).collect();
    Ok(Outcome { outputs: vec![Value::of_shape(shape)], part: Part::Layer(Draft::bare(OnnxWork::Free)) })
}

/// Refuses maps that a model made more of than it was given: how often they are computed would not be counted.
fn one_map(call: &Call<'_>, map: &[u64]) -> Result<(), LayersError> {
    if map[0] == call.batch {
        return Ok(());
    }
    Err(call.error(&format!("as many maps as the batch has pictures, {}", call.batch), map[0]))
}

fn square(call: &Call<'_>, what: &str, [rows, columns]: [u64; 2]) -> Result<u64, LayersError> {
    if rows == columns {
        return Ok(rows);
    }
    Err(call.error(&format!("a square {what}"), format!("{rows}x{columns}")))
}

/// Returns an attribute of one size.
fn size(call: &Call<'_>, name: &str, default: u64) -> Result<u64, LayersError> {
    match attribute::integer(call.node, name) {
        None => Ok(default),
        Some(size) => u64::try_from(size).map_err(|_| call.error(&format!("`{name}` of at least 0"), size)),
    }
}

/// Returns an attribute of two sizes above 0.
fn pair(call: &Call<'_>, name: &str) -> Result<Option<[u64; 2]>, LayersError> {
    let Some(found) = attribute::integers(call.node, name) else { return Ok(None) };
    match found {
        &[rows, columns] if rows > 0 && columns > 0 => Ok(Some([rows as u64, columns as u64])),
        found => Err(call.error(&format!("two sizes above 0 as `{name}`"), found)),
    }
}

fn frame(call: &Call<'_>, kernel: [u64; 2], map: [u64; 2]) -> Result<Frame, LayersError> {
    match pair(call, "kernel_shape")? {
        Some(told) if told != kernel => return Err(call.error(&format!("a window of {kernel:?}"), told)),
        Some(_) | None => {}
    }
    if kernel.contains(&0) {
        return Err(call.error("a window above 0", kernel));
    }
    let strides = pair(call, "strides")?.unwrap_or([1, 1]);
    let dilations = pair(call, "dilations")?.unwrap_or([1, 1]);
    let rounding = if size(call, "ceil_mode", 0)? == 0 { Rounding::Down } else { Rounding::Up };
    let explicit = Frame { kernel, strides, dilations, padding: [0; 4], rounding };
    let padding = match attribute::text(call.node, "auto_pad") {
        None | Some("" | "NOTSET") => explicit_padding(call)?,
        Some("VALID") => [0; 4],
        Some("SAME_UPPER") => same_padding(call, &explicit, map, |whole| whole / 2)?,
        Some("SAME_LOWER") => same_padding(call, &explicit, map, |whole| whole.div_ceil(2))?,
        Some(other) => return Err(call.error("an `auto_pad` of opset 9 to 18", other)),
    };
    Ok(Frame { padding, ..explicit })
}

fn explicit_padding(call: &Call<'_>) -> Result<[u64; 4], LayersError> {
    let Some(found) = attribute::integers(call.node, "pads") else { return Ok([0; 4]) };
    let sizes = found.iter().map(|&size| u64::try_from(size).ok()).collect::<Option<Vec<_>>>();
    sizes.and_then(|sizes| sizes.try_into().ok()).ok_or_else(|| call.error("four `pads` of at least 0", found))
}

/// Returns the padding that gives ⌈size / stride⌉ outputs; `before` is what of it lies above and left.
fn same_padding(
    call: &Call<'_>,
    frame: &Frame,
    map: [u64; 2],
    before: fn(u64) -> u64,
) -> Result<[u64; 4], LayersError> {
    let whole = |axis: usize| -> Option<u64> {
        let last = (map[axis].div_ceil(frame.strides[axis]).checked_sub(1)?).checked_mul(frame.strides[axis])?;
        Some(last.checked_add(frame.extent(axis)?)?.saturating_sub(map[axis]))
    };
    let (Some(rows), Some(columns)) = (whole(0), whole(1)) else { return Err(call.overflow()) };
    Ok([before(rows), before(columns), rows - before(rows), columns - before(columns)])
}

impl Frame {
    /// Returns the rows or columns that a dilated window covers.
    fn extent(&self, axis: usize) -> Option<u64> {
        self.dilations[axis].checked_mul(self.kernel[axis] - 1)?.checked_add(1)
    }

    /// Returns the rows and columns of the output.
    fn output(&self, call: &Call<'_>, map: [u64; 2]) -> Result<[u64; 2], LayersError> {
        let [rows, columns] = [self.windows(0, map), self.windows(1, map)];
        match (rows, columns) {
            (Some(rows), Some(columns)) => Ok([rows, columns]),
            (None, _) | (_, None) => {
                let window = self.kernel;
                Err(call.error(&format!("a map that holds a window of {window:?}"), map))
            }
        }
    }

    fn windows(&self, axis: usize, map: [u64; 2]) -> Option<u64> {
        let padded = map[axis].checked_add(self.padding[axis])?.checked_add(self.padding[axis + 2])?;
        let free = padded.checked_sub(self.extent(axis)?)?;
        let stride = self.strides[axis];
        let whole = free / stride + 1;
        Some(match self.rounding {
            Rounding::Down => whole,
            Rounding::Up if free.is_multiple_of(stride) => whole,
            // No window begins in the padding behind the map.
            Rounding::Up if whole.checked_mul(stride)? >= map[axis] + self.padding[axis] => whole,
            Rounding::Up => whole + 1,
        })
    }
}
