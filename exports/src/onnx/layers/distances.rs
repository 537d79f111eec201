use spaces::Arithmetic;
use tract_onnx::pb::{GraphProto, NodeProto};

use super::call::{Call, Outcome, name};
use super::layer::{Draft, OnnxWindow, OnnxWork};
use super::value::Value;
use super::{LayersError, attribute};

/// What the lowering appends to a layer's name for its Scan.
pub(super) const SUFFIX: &str = "/distances";

/// Batch and channels swapped, by which the lowering unfolds maps.
const SWAPPED: [i64; 4] = [1, 0, 2, 3];

/// Where the windows of an add layer lie, read off the nodes that unfold its input.
struct Unfolded {
    /// Sizes of the maps, `[N, C, H, W]`.
    map: [u64; 4],
    padding: [u64; 4],
    kernel: u64,
    stride: u64,
}

/// An add layer, y = −Σ |x − w|: a Scan over `[out / groups, groups, taps, 1]` weights whose body subtracts one from
/// the unfolded input `[groups, taps, positions]`, takes magnitudes and sums over the taps.
pub(super) fn scan(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let Some(body) = attribute::graph(call.node, "body") else { return Err(call.error("a body", "none")) };
    let &[channels, groups, taps, 1] = call.sizes(0, 4)? else {
        return Err(call.error("weights `[out / groups, groups, taps, 1]`", &call.input(0)?.shape));
    };
    let columns = captured(call, body)?;
    let unfolded = unfolded(call, columns)?;
    let Some(weights) = call.input(0)?.owned() else {
        return Err(call.error("weights that are constant", "computed ones"));
    };
    let [pictures, in_channels, height, width] = unfolded.map;
    if pictures != call.batch {
        return Err(call.error(&format!("{} pictures", call.batch), pictures));
    }
    let [out_height, out_width] = unfolded.output(call)?;
    let window = OnnxWindow {
        arithmetic: Arithmetic::Add,
        in_channels,
        out_channels: call.product(&[channels, groups])?,
        height,
        width,
        out_height,
        out_width,
        kernel: unfolded.kernel,
        stride: unfolded.stride,
        padding: unfolded.padding,
        groups,
    };
    let positions = call.product(&[pictures, out_height, out_width])?;
    let wanted = [groups, taps, positions];
    let windows = call.product(&[unfolded.kernel, unfolded.kernel, in_channels])?;
    if value(call, columns)?.shape != wanted || call.product(&[groups, taps])? != windows {
        return Err(call.error(&format!("an unfolded input of {wanted:?}"), &value(call, columns)?.shape));
    }
    let draft = Draft { work: OnnxWork::Window(window), weights: Some(weights), biases: None };
    Ok(Outcome::layer(vec![channels, groups, positions], draft))
}

/// Returns the name of the unfolded input that the body reads, if the body is that of an add layer.
fn captured<'a>(call: &Call<'a>, body: &'a GraphProto) -> Result<&'a str, LayersError> {
    let operators: Vec<&str> = body.node.iter().map(|node| node.op_type.as_str()).collect();
    let foreign = || call.error("the body of an add layer: Sub, Abs, ReduceSum", &operators);
    let ([difference, magnitude, sum], [row]) = (body.node.as_slice(), body.input.as_slice()) else {
        return Err(foreign());
    };
    let [columns, weight] = difference.input.as_slice() else { return Err(foreign()) };
    let chained = |node: &NodeProto, before: &NodeProto| node.input.first() == before.output.first();
    let is_chain = operators == ["Sub", "Abs", "ReduceSum"]
        && *weight == row.name
        && chained(magnitude, difference)
        && chained(sum, magnitude)
        && body.output.first().map(|output| &output.name) == sum.output.first()
        && body.output.len() == 1
        && call.node.input.len() == 1
        && attribute::integer(sum, "keepdims") == Some(0)
        && reduced_axes(call, sum) == Some(&[1]);
    if is_chain { Ok(columns) } else { Err(foreign()) }
}

fn reduced_axes<'a>(call: &Call<'a>, sum: &'a NodeProto) -> Option<&'a [i64]> {
    let listed = sum.input.get(1).and_then(|axes| call.values.get(axes.as_str())?.integers.as_deref());
    listed.or_else(|| attribute::integers(sum, "axes"))
}

/// Returns the windows by following the unfolded input back to the maps.
fn unfolded(call: &Call<'_>, columns: &str) -> Result<Unfolded, LayersError> {
    let mut writer = writer(call, columns)?;
    if writer.op_type == "DequantizeLinear" {
        writer = source(call, writer)?;
    }
    let reshape = expect(call, writer, "Reshape")?;
    let mut before = source(call, reshape)?;
    let (mut kernel, mut stride) = (1, 1);
    if before.op_type == "Concat" {
        (before, kernel, stride) = windows(call, before)?;
    }
    let mut padding = [0; 4];
    if before.op_type == "Pad" {
        padding = padding_of(call, before)?;
        before = source(call, before)?;
    }
    let transpose = expect(call, before, "Transpose")?;
    if attribute::integers(transpose, "perm") != Some(&SWAPPED) {
        return Err(call.error("maps with batch and channels swapped", attribute::integers(transpose, "perm")));
    }
    let shape = value(call, input(call, transpose, 0)?)?.shape.as_slice();
    let map = shape.try_into().map_err(|_| call.error("maps of four axes", shape))?;
    Ok(Unfolded { map, padding, kernel, stride })
}

/// Returns what the taps are slices of, how many there are along an edge, and the step between windows.
fn windows<'a>(call: &Call<'a>, concat: &'a NodeProto) -> Result<(&'a NodeProto, u64, u64), LayersError> {
    let mut found = Vec::new();
    for tap in &concat.input {
        let unsqueeze = expect(call, writer(call, tap)?, "Unsqueeze")?;
        let slice = expect(call, source(call, unsqueeze)?, "Slice")?;
        let list = |index: usize| Ok(value(call, input(call, slice, index)?)?.integers.as_deref());
        found.push((input(call, slice, 0)?, list(1)?, list(3)?, list(4)?));
    }
    let kernel = found.len().isqrt();
    let irregular = || call.error("taps at every place of a square window, all with one step", found.len());
    let Some(&(whole, _, Some(axes), Some(&[rows, columns]))) = found.first() else { return Err(irregular()) };
    let places = (0..kernel as i64).flat_map(|row| (0..kernel as i64).map(move |column| [row, column]));
    let wanted = places.clone().map(|place| (whole, place, axes, [rows, rows]));
    let is_regular = kernel * kernel == found.len()
        && axes == [2, 3]
        && rows == columns
        && found.iter().zip(wanted).all(|(&(from, start, axes, steps), (whole, place, wanted, step))| {
            from == whole && start == Some(&place) && axes == Some(wanted) && steps == Some(&step)
        });
    match u64::try_from(rows) {
        Ok(stride) if is_regular && stride > 0 => Ok((writer(call, whole)?, kernel as u64, stride)),
        Ok(_) | Err(_) => Err(irregular()),
    }
}

/// Returns zeros above, left, below and right of maps whose first two axes are not padded.
fn padding_of(call: &Call<'_>, pad: &NodeProto) -> Result<[u64; 4], LayersError> {
    let pads = value(call, input(call, pad, 1)?)?.integers.as_deref();
    if let Some(&[0, 0, top, left, 0, 0, bottom, right]) = pads {
        let sizes = [top, left, bottom, right].map(|size| u64::try_from(size).ok());
        if let [Some(top), Some(left), Some(bottom), Some(right)] = sizes {
            return Ok([top, left, bottom, right]);
        }
    }
    Err(call.error("padding around maps", pads))
}

fn expect<'a>(call: &Call<'_>, node: &'a NodeProto, operator: &str) -> Result<&'a NodeProto, LayersError> {
    if node.op_type == operator {
        return Ok(node);
    }
    Err(call.error(&format!("an input unfolded by {operator}"), format!("{} `{}`", node.op_type, name(node))))
}

fn input<'a>(call: &Call<'_>, node: &'a NodeProto, index: usize) -> Result<&'a str, LayersError> {
    let input = node.input.get(index).map(String::as_str);
    input.ok_or_else(|| call.error(&format!("an input {index} of `{}`", name(node)), "none"))
}

/// Returns the node that writes the first input of a node.
fn source<'a>(call: &Call<'a>, node: &'a NodeProto) -> Result<&'a NodeProto, LayersError> {
    writer(call, input(call, node, 0)?)
}

fn writer<'a>(call: &Call<'a>, value: &str) -> Result<&'a NodeProto, LayersError> {
    let writer = call.writers.get(value).copied();
    writer.ok_or_else(|| call.error("an unfolded input", format!("`{value}`, which no node writes")))
}

fn value<'a>(call: &Call<'a>, value: &str) -> Result<&'a Value, LayersError> {
    call.values.get(value).ok_or_else(|| call.error("inputs written before it", format!("`{value}`")))
}

impl Unfolded {
    fn output(&self, call: &Call<'_>) -> Result<[u64; 2], LayersError> {
        let [_, _, height, width] = self.map;
        let [top, left, bottom, right] = self.padding;
        let windows = |size: u64, before: u64, behind: u64| {
            let padded = size.checked_add(before)?.checked_add(behind)?;
            Some(padded.checked_sub(self.kernel)? / self.stride + 1)
        };
        match (windows(height, top, bottom), windows(width, left, right)) {
            (Some(rows), Some(columns)) => Ok([rows, columns]),
            (None, _) | (_, None) => Err(call.error("a map that holds the window", self.map)),
        }
    }
}
