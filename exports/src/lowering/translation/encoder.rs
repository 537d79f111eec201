use spaces::{DecoderLayer, EncoderLayer, LocalOperator, PaddingMasks, TransformerArchitecture, TranslationTask};

use super::attention::{Attention, Memory};
use super::local::Local;
use super::names::{LENGTHS, PADDING, TOKENS, cross_keys, cross_values};
use super::part::Part;
use crate::LoweringError;
use crate::onnx::{Attribute, Body, Kind, Size};

/// Added to the scores of padding.
const MASKED: f32 = 1e9;

/// Lowers the encoder and the keys and values that decoder layers read of it.
pub(super) fn lower(
    part: &mut Part<'_>,
    architecture: &TransformerArchitecture,
    task: &TranslationTask,
) -> Result<(), LoweringError> {
    let sizes = architecture.sizes();
    let width = sizes.encoder.width;
    let mut encoder = Encoder::begin(part, task, width, sizes.inner_width);
    let embedding = encoder.part.embedding(task, width, width.max(sizes.decoder.width))?;
    let mut outputs = vec![encoder.embed(task, embedding)];
    for (index, layer) in sizes.encoder.layers.iter().enumerate() {
        let x = encoder.layer(index, layer, &outputs[index])?;
        outputs.push(x);
    }
    for (index, layer) in sizes.decoder.layers.iter().enumerate() {
        encoder.cross(index, layer, &outputs)?;
    }
    encoder.part.builder.output(PADDING, &[Size::Free("N"), Size::Free("S")]);
    Ok(())
}

/// The encoder under construction and the values that all of its layers read.
struct Encoder<'p, 'w> {
    part: &'p mut Part<'w>,
    width: usize,
    inner: usize,
    /// `[2]`: sentences and positions.
    batch: &'static str,
    /// `[S]`: 0, 1, 2, ...
    indices: &'static str,
    /// `[N · S, 1]`: 1 at tokens, 0 at padding.
    kept: &'static str,
    /// `[N, 1, 1, S]`: what is added to scores.
    bias: &'static str,
}

impl<'p, 'w> Encoder<'p, 'w> {
    /// Adds inputs, indices and masks.
    fn begin(part: &'p mut Part<'w>, task: &TranslationTask, width: usize, inner: usize) -> Self {
        part.builder.input(TOKENS, Kind::Integer, &[Size::Free("N"), Size::Free("S")]);
        part.builder.input(LENGTHS, Kind::Integer, &[Size::Free("N")]);
        part.node("batch", "Shape", &[TOKENS], Vec::new());
        part.slice("length", "batch", 0, [1, 2]);
        let all: Vec<i64> = (0..task.longest as i64).collect();
        part.integers("index.table", &all);
        part.integers("index.from", &[0]);
        part.node("index", "Slice", &["index.table", "index.from", "length"], Vec::new());
        part.integers("lengths.axis", &[1]);
        part.node("lengths.column", "Unsqueeze", &[LENGTHS, "lengths.axis"], Vec::new());
        part.node("real", "Less", &["index", "lengths.column"], Vec::new());
        part.node("keep", "Cast", &["real"], vec![Kind::Float.cast()]);
        part.reshaped("keep.rows", "keep", &[-1, 1]);
        part.scalar("padding.one", 1.0);
        part.scalar("padding.score", MASKED);
        part.node("padding.below", "Sub", &["keep", "padding.one"], Vec::new());
        part.node(PADDING, "Mul", &["padding.below", "padding.score"], Vec::new());
        part.integers("padding.axes", &[1, 2]);
        part.node("padding.scores", "Unsqueeze", &[PADDING, "padding.axes"], Vec::new());
        Self { part, width, inner, batch: "batch", indices: "index", kept: "keep.rows", bias: "padding.scores" }
    }

    /// Returns the embedded tokens, `[N · S, width]`.
    fn embed(&mut self, task: &TranslationTask, embedding: &str) -> String {
        let table = self.part.positions(task, self.width);
        self.part.node("positions.read", "Slice", &[&table, "index.from", "length"], Vec::new());
        let embedded = self.part.embedded(TOKENS, embedding, "positions.read", self.width);
        self.part.reshaped("encoder.input", &embedded, &[-1, self.width as i64])
    }

    fn layer(&mut self, index: usize, layer: &EncoderLayer, x: &str) -> Result<String, LoweringError> {
        let name = format!("encoder.{index}");
        let mixed = self.mix(&name, index, layer, x)?;
        let x = self.part.residual_norm(&format!("{name}.mix_norm"), x, &mixed, self.width)?;
        let inner = self.part.mlp(&name, layer.mlp_form, &x, [self.width, layer.mlp_width])?;
        self.part.residual_norm(&format!("{name}.mlp_norm"), &x, &inner, self.width)
    }

    fn mix(&mut self, name: &str, index: usize, layer: &EncoderLayer, x: &str) -> Result<String, LoweringError> {
        let (attended, local) = self.part.branches(&format!("{name}.mix"), layer.mix, x, self.width);
        let mut outputs = Vec::new();
        if let Some(x) = attended {
            let (width, inner) = (self.width / layer.mix.branches(), self.inner);
            let attention = Attention { width, inner, heads: layer.heads, form: layer.projection_form };
            outputs.push(self.attention(&format!("{name}.mix.attention"), attention, &x)?);
        }
        if let (Some(x), Some(local)) = (local, Local::of(layer.mix, layer.projection_form, self.width, index)) {
            outputs.push(self.local(&format!("{name}.mix.local"), local, &x)?);
        }
        Ok(self.part.concatenated(&format!("{name}.mix"), &outputs, 1))
    }

    fn attention(&mut self, name: &str, attention: Attention, x: &str) -> Result<String, LoweringError> {
        let (batch, heads) = (self.batch, [attention.heads, attention.head()]);
        let queries = self.part.queries(name, attention, x)?;
        let queries = self.part.batched(&format!("{name}.query.heads"), &queries, batch, &heads);
        let queries = self.part.transposed(&format!("{name}.queries"), &queries, &[0, 2, 1, 3]);
        let names = ["keys", "values"].map(|part| format!("{name}.{part}"));
        let memory = self.memory(name, attention, x, batch, names)?;
        let weighted = self.part.weighted(name, &queries, &memory, Some(self.bias));
        self.part.joined(name, attention, &weighted)
    }

    /// Returns keys and values of the rows of `x` under the given names; `batch` is a value, sentences and positions.
    fn memory(
        &mut self,
        name: &str,
        attention: Attention,
        x: &str,
        batch: &str,
        [keys, values]: [String; 2],
    ) -> Result<Memory, LoweringError> {
        let mut heads = |kind: &str, into: &str, axes: &[i64]| {
            let shape = [attention.inner, attention.width];
            let rows = self.part.linear(&format!("{name}.{kind}"), attention.form, x, shape)?;
            let sizes = [attention.heads, attention.head()];
            let split = self.part.batched(&format!("{name}.{kind}.heads"), &rows, batch, &sizes);
            Ok::<_, LoweringError>(self.part.transposed(into, &split, axes))
        };
        Ok(Memory { keys: heads("key", &keys, &[0, 2, 3, 1])?, values: heads("value", &values, &[0, 2, 1, 3])? })
    }

    fn local(&mut self, name: &str, local: Local, x: &str) -> Result<String, LoweringError> {
        let input = match (self.part.conventions.masks, local.beside_attention) {
            (PaddingMasks::Exact, _) => {
                let input = self.part.local_input(name, local, x)?;
                self.kept(name, &input)
            }
            (PaddingMasks::Released, true) => {
                let kept = self.kept(name, x);
                self.part.local_input(name, local, &kept)?
            }
            (PaddingMasks::Released, false) => self.part.local_input(name, local, x)?,
        };
        let sentences = self.part.batched(&format!("{name}.sentences"), &input, self.batch, &[local.width]);
        let mixed = match local.operator {
            LocalOperator::Conv => self.convolved(name, local, &sentences)?,
            LocalOperator::Add | LocalOperator::Shift => self.distances(name, local, &sentences)?,
        };
        let rows = self.part.reshaped(&format!("{name}.rows"), &mixed, &[-1, local.width as i64]);
        self.part.local_output(name, local, &rows)
    }

    /// Returns rows with zeros in place of padding.
    fn kept(&mut self, name: &str, rows: &str) -> String {
        self.part.node(&format!("{name}.kept"), "Mul", &[rows, self.kept], Vec::new())
    }

    /// Returns the centred depth-wise convolution over time, `[N, S, width]`.
    fn convolved(&mut self, name: &str, local: Local, sentences: &str) -> Result<String, LoweringError> {
        let taps = self.part.taps(name, local)?;
        let of_channel = |channel: usize| taps.iter().skip(channel).step_by(local.width);
        let values: Vec<f32> = (0..local.width).flat_map(of_channel).copied().collect();
        let kernel = format!("{name}.kernel");
        self.part.builder.floats(&kernel, &[local.width, 1, local.length], &values);
        let padding = (local.length / 2) as i64;
        let attributes =
            vec![Attribute::Int("group", local.width as i64), Attribute::Ints("pads", vec![padding, padding])];
        let channels = self.part.transposed(&format!("{name}.channels"), sentences, &[0, 2, 1]);
        let out = self.part.node(&format!("{name}.convolved"), "Conv", &[&channels, &kernel], attributes);
        Ok(self.part.transposed(&format!("{name}.mixed"), &out, &[0, 2, 1]))
    }

    /// Returns −Σ |u − p| over the taps around each position, `[N, S, width]`: a Scan over the taps that sums up.
    fn distances(&mut self, name: &str, local: Local, sentences: &str) -> Result<String, LoweringError> {
        let taps = self.part.taps(name, local)?;
        let kernel = format!("{name}.kernel");
        self.part.builder.floats(&kernel, &[local.length, local.width], &taps);
        let offsets: Vec<i64> = (0..local.length as i64).collect();
        let offsets = self.part.integers(&format!("{name}.offsets"), &offsets);
        let padding = (local.length / 2) as i64;
        let pads = self.part.integers(&format!("{name}.pads"), &[0, padding, 0, 0, padding, 0]);
        let padded = self.part.node(&format!("{name}.padded"), "Pad", &[sentences, &pads], Vec::new());
        let zero = self.part.scalar(&format!("{name}.zero"), 0.0);
        let none = self.part.node(&format!("{name}.none"), "Mul", &[sentences, &zero], Vec::new());
        let body = self.tap(name, local, &padded);
        let scan = vec![Attribute::Body("body", body), Attribute::Int("num_scan_inputs", 2)];
        let sums = self.part.node(&format!("{name}.distances"), "Scan", &[&none, &offsets, &kernel], scan);
        self.part.builder.describe("add kernel: y = −Σ |u − p| over the taps");
        Ok(self.part.node(&format!("{name}.mixed"), "Neg", &[&sums], Vec::new()))
    }

    /// Returns the body that adds the magnitudes of one tap.
    fn tap(&self, name: &str, local: Local, padded: &str) -> Body {
        let part = |part: &str| format!("{name}/tap.{part}");
        let [sum, offset, weight, at, read] = ["before", "offset", "weight", "at", "read"].map(part);
        let [difference, magnitude, after] = ["difference", "magnitude", "after"].map(part);
        let width = Size::Fixed(local.width);
        let mut body = Body::writing(&format!("{name}/tap"), &after, Kind::Float);
        body.read(&sum, Kind::Float, &[Size::Free("N"), Size::Free("S"), width.clone()]);
        body.read(&offset, Kind::Integer, &[]);
        body.read(&weight, Kind::Float, &[width]);
        body.node("Add", &[self.indices, &offset], &at, Vec::new());
        body.node("Gather", &[padded, &at], &read, vec![Attribute::Int("axis", 1)]);
        body.node("Sub", &[&read, &weight], &difference, Vec::new());
        body.node("Abs", &[&difference], &magnitude, Vec::new());
        body.node("Add", &[&sum, &magnitude], &after, Vec::new());
        body
    }

    /// Adds the keys and values that decoder layer `index` reads, as outputs.
    fn cross(&mut self, index: usize, layer: &DecoderLayer, outputs: &[String]) -> Result<(), LoweringError> {
        let name = format!("decoder.{index}.cross");
        let sources = layer.sources;
        let attention =
            Attention { width: self.width, inner: self.inner, heads: layer.cross_heads, form: layer.projection_form };
        let last = outputs.iter().rev().take(sources).cloned().collect::<Vec<_>>();
        let rows = self.side_by_side(&name, &last);
        let first = self.part.slice(&format!("{name}.sentences"), self.batch, 0, [0, 1]);
        let rest = self.part.integers(&format!("{name}.positions"), &[-1]);
        let batch =
            self.part.node(&format!("{name}.batch"), "Concat", &[&first, &rest], vec![Attribute::Int("axis", 0)]);
        let memory = self.memory(&name, attention, &rows, &batch, [cross_keys(index), cross_values(index)])?;
        let positions = Size::Free(["S", "2*S", "3*S"][sources - 1]);
        let [heads, head] = [attention.heads, attention.head()].map(Size::Fixed);
        self.part.builder.output(&memory.keys, &[Size::Free("N"), heads.clone(), head.clone(), positions.clone()]);
        self.part.builder.output(&memory.values, &[Size::Free("N"), heads, positions, head]);
        Ok(())
    }

    /// Returns the rows of several layers' outputs, concatenated in time sentence by sentence.
    fn side_by_side(&mut self, name: &str, outputs: &[String]) -> String {
        if let [alone] = outputs {
            return alone.clone();
        }
        let mut sentences = Vec::new();
        for (at, output) in outputs.iter().enumerate() {
            sentences.push(self.part.batched(&format!("{name}.source.{at}"), output, self.batch, &[self.width]));
        }
        let joined = self.part.concatenated(&format!("{name}.sources"), &sentences, 1);
        self.part.reshaped(&format!("{name}.source_rows"), &joined, &[-1, self.width as i64])
    }
}
