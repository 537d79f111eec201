use spaces::{DecoderLayer, LocalOperator, TransformerArchitecture, TranslationTask};

use super::attention::{Attention, Memory};
use super::local::Local;
use super::names::{LOG_PROBABILITIES, PADDING, PARENTS, POSITION, TOKENS, cross_keys, cross_values, past, present};
use super::part::Part;
use crate::LoweringError;
use crate::onnx::{Attribute, Kind, Size};

/// Lowers one step of the decoder.
pub(super) fn lower(
    part: &mut Part<'_>,
    architecture: &TransformerArchitecture,
    task: &TranslationTask,
) -> Result<(), LoweringError> {
    let sizes = architecture.sizes();
    let width = sizes.decoder.width;
    let mut decoder = Decoder::begin(part, width, sizes.inner_width);
    let embedding = decoder.part.embedding(task, width, width.max(sizes.encoder.width))?;
    let mut x = decoder.embed(task, embedding);
    for (index, layer) in sizes.decoder.layers.iter().enumerate() {
        x = decoder.layer(index, layer, &x)?;
    }
    let transposed = vec![Attribute::Int("transB", 1)];
    let logits = decoder.part.node("logits", "Gemm", &[&x, embedding], transposed);
    decoder.part.node(LOG_PROBABILITIES, "LogSoftmax", &[&logits], Vec::new());
    decoder.part.builder.output(LOG_PROBABILITIES, &[Size::Free("N*B"), Size::Fixed(task.vocabulary)]);
    Ok(())
}

/// The decoder under construction and the values that all of its layers read.
struct Decoder<'p, 'w> {
    part: &'p mut Part<'w>,
    width: usize,
    inner: usize,
    /// `[2]`: sentences, and rows of each.
    batch: &'static str,
    /// `[N · B]`: row of the step before.
    parents: &'static str,
    /// What is added to cross-attention scores, by number of sources.
    biases: [Option<String>; 3],
}

impl<'p, 'w> Decoder<'p, 'w> {
    /// Adds the inputs that belong to no layer.
    fn begin(part: &'p mut Part<'w>, width: usize, inner: usize) -> Self {
        let rows = [Size::Free("N"), Size::Free("B")];
        part.builder.input(TOKENS, Kind::Integer, &rows);
        part.builder.input(PARENTS, Kind::Integer, &rows);
        part.builder.input(POSITION, Kind::Integer, &[Size::Fixed(1)]);
        part.builder.input(PADDING, Kind::Float, &[Size::Free("N"), Size::Free("S")]);
        part.node("batch", "Shape", &[TOKENS], Vec::new());
        part.reshaped("tokens.rows", TOKENS, &[-1]);
        part.reshaped("parents.rows", PARENTS, &[-1]);
        Self { part, width, inner, batch: "batch", parents: "parents.rows", biases: [None, None, None] }
    }

    /// Returns the embedded tokens, `[N · B, width]`.
    fn embed(&mut self, task: &TranslationTask, embedding: &str) -> String {
        let table = self.part.positions(task, self.width);
        let row = self.part.node("positions.read", "Gather", &[&table, POSITION], Vec::new());
        self.part.embedded("tokens.rows", embedding, &row, self.width)
    }

    fn layer(&mut self, index: usize, layer: &DecoderLayer, x: &str) -> Result<String, LoweringError> {
        let name = format!("decoder.{index}");
        let mixed = self.mix(&name, index, layer, x)?;
        let x = self.part.residual_norm(&format!("{name}.mix_norm"), x, &mixed, self.width)?;
        let seen = self.cross(&format!("{name}.cross"), index, layer, &x)?;
        let x = self.part.residual_norm(&format!("{name}.cross_norm"), &x, &seen, self.width)?;
        let inner = self.part.mlp(&name, layer.mlp_form, &x, [self.width, layer.mlp_width])?;
        self.part.residual_norm(&format!("{name}.mlp_norm"), &x, &inner, self.width)
    }

    fn mix(&mut self, name: &str, index: usize, layer: &DecoderLayer, x: &str) -> Result<String, LoweringError> {
        let (attended, local) = self.part.branches(&format!("{name}.mix"), layer.mix, x, self.width);
        let mut outputs = Vec::new();
        if let Some(x) = attended {
            let (width, inner) = (self.width / layer.mix.branches(), self.inner);
            let attention = Attention { width, inner, heads: layer.self_heads, form: layer.projection_form };
            outputs.push(self.attention(&format!("{name}.mix.attention"), index, attention, &x)?);
        }
        if let (Some(x), Some(local)) = (local, Local::of(layer.mix, layer.projection_form, self.width, index)) {
            outputs.push(self.local(&format!("{name}.mix.local"), index, local, &x)?);
        }
        Ok(self.part.concatenated(&format!("{name}.mix"), &outputs, 1))
    }

    fn attention(&mut self, name: &str, index: usize, attention: Attention, x: &str) -> Result<String, LoweringError> {
        let single = [-1, attention.heads as i64, 1, attention.head() as i64];
        let queries = self.part.queries(name, attention, x)?;
        let queries = self.part.reshaped(&format!("{name}.queries"), &queries, &single);
        let mut grown = |kind: &str, state: &str| {
            let rows =
                self.part.linear(&format!("{name}.{kind}"), attention.form, x, [attention.inner, attention.width])?;
            let new = self.part.reshaped(&format!("{name}.{kind}.heads"), &rows, &single);
            let sizes = [Size::Fixed(attention.heads), Size::Free("P"), Size::Fixed(attention.head())];
            let past = read_state(self.part, self.parents, &past(index, state), &sizes);
            let present = self.part.node(&present(index, state), "Concat", &[&past, &new], axis(2));
            let sizes =
                [Size::Free("N*B"), Size::Fixed(attention.heads), Size::Free("P+1"), Size::Fixed(attention.head())];
            self.part.builder.output(&present, &sizes);
            Ok::<_, LoweringError>(present)
        };
        let (keys, values) = (grown("key", "keys")?, grown("value", "values")?);
        let keys = self.part.transposed(&format!("{name}.keys"), &keys, &[0, 1, 3, 2]);
        let weighted = self.part.weighted(name, &queries, &Memory { keys, values }, None);
        let rows = self.part.reshaped(&format!("{name}.rows"), &weighted, &[-1, attention.inner as i64]);
        self.part.linear(&format!("{name}.output"), attention.form, &rows, [attention.width, attention.inner])
    }

    fn local(&mut self, name: &str, index: usize, local: Local, x: &str) -> Result<String, LoweringError> {
        let width = local.width as i64;
        let taps = self.part.taps(name, local)?;
        let kernel = format!("{name}.kernel");
        self.part.builder.floats(&kernel, &[local.length, local.width], &taps);
        let input = self.part.local_input(name, local, x)?;
        let new = self.part.reshaped(&format!("{name}.new"), &input, &[-1, 1, width]);
        let kept = [Size::Fixed(local.length - 1), Size::Fixed(local.width)];
        let before = read_state(self.part, self.parents, &past(index, "window"), &kept);
        let window = self.part.concatenated(&format!("{name}.window"), &[before, new], 1);
        let after = self.part.slice(&present(index, "window"), &window, 1, [1, local.length as i64]);
        let [taps, channels] = kept;
        self.part.builder.output(&after, &[Size::Free("N*B"), taps, channels]);
        let mixed = self.mixed(name, local.operator, &window, &kernel);
        self.part.local_output(name, local, &mixed)
    }

    /// Returns Σ p · u, or −Σ |u − p|, over the taps: `[N · B, width]`.
    fn mixed(&mut self, name: &str, operator: LocalOperator, window: &str, kernel: &str) -> String {
        let taps = self.part.integers(&format!("{name}.taps"), &[1]);
        let flat = || vec![Attribute::Int("keepdims", 0)];
        match operator {
            LocalOperator::Conv => {
                let products = self.part.node(&format!("{name}.products"), "Mul", &[window, kernel], Vec::new());
                self.part.node(&format!("{name}.mixed"), "ReduceSum", &[&products, &taps], flat())
            }
            LocalOperator::Add | LocalOperator::Shift => {
                let differences = self.part.node(&format!("{name}.differences"), "Sub", &[window, kernel], Vec::new());
                let magnitudes = self.part.node(&format!("{name}.magnitudes"), "Abs", &[&differences], Vec::new());
                let sums = self.part.node(&format!("{name}.distances"), "ReduceSum", &[&magnitudes, &taps], flat());
                self.part.node(&format!("{name}.mixed"), "Neg", &[&sums], Vec::new())
            }
        }
    }

    fn cross(&mut self, name: &str, index: usize, layer: &DecoderLayer, x: &str) -> Result<String, LoweringError> {
        let (width, inner) = (self.width, self.inner);
        let attention = Attention { width, inner, heads: layer.cross_heads, form: layer.projection_form };
        let sizes = [attention.heads, attention.head()];
        let queries = self.part.queries(name, attention, x)?;
        let queries = self.part.batched(&format!("{name}.query.heads"), &queries, self.batch, &sizes);
        let queries = self.part.transposed(&format!("{name}.queries"), &queries, &[0, 2, 1, 3]);
        let memory = Memory { keys: cross_keys(index), values: cross_values(index) };
        let positions = Size::Free(["S", "2*S", "3*S"][layer.sources - 1]);
        let [heads, head] = sizes.map(Size::Fixed);
        let keys = [Size::Free("N"), heads.clone(), head.clone(), positions.clone()];
        self.part.builder.input(&memory.keys, Kind::Float, &keys);
        self.part.builder.input(&memory.values, Kind::Float, &[Size::Free("N"), heads, positions, head]);
        let bias = self.bias(layer.sources);
        let weighted = self.part.weighted(name, &queries, &memory, Some(&bias));
        self.part.joined(name, attention, &weighted)
    }

    /// Returns what is added to the scores of so many sources, `[N, 1, 1, sources · S]`.
    fn bias(&mut self, sources: usize) -> String {
        if let Some(bias) = &self.biases[sources - 1] {
            return bias.clone();
        }
        let name = format!("padding.scores.{sources}");
        let repeated = self.part.concatenated(&format!("{name}.repeated"), &vec![PADDING.to_owned(); sources], 1);
        let axes = self.part.integers(&format!("{name}.axes"), &[1, 2]);
        let bias = self.part.node(&name, "Unsqueeze", &[&repeated, &axes], Vec::new());
        self.biases[sources - 1] = Some(bias.clone());
        bias
    }
}

/// Adds a state as an input, `[R, sizes]`, and returns its rows in the order of `parents`.
fn read_state(part: &mut Part<'_>, parents: &str, name: &str, sizes: &[Size]) -> String {
    let all: Vec<Size> = std::iter::once(Size::Free("R")).chain(sizes.iter().cloned()).collect();
    part.builder.input(name, Kind::Float, &all);
    part.node(&format!("{name}.taken"), "Gather", &[name, parents], Vec::new())
}

fn axis(axis: i64) -> Vec<Attribute> {
    vec![Attribute::Int("axis", axis)]
}
