//! A translation network in plain loops of 64-bit floats, one sentence at a time, the decoder over all positions at
//! once.

use std::cell::RefCell;
use std::collections::BTreeMap;

use spaces::{
    LinearForm, LocalNorm, LocalOperator, Mix, TransformerArchitecture, TranslationTask, Values, Weights, kernel_length,
};
use translation::StepModel;
use translation::special::END;

type Rows = Vec<Vec<f64>>;

pub struct Reference<'a> {
    architecture: &'a TransformerArchitecture,
    task: TranslationTask,
    weights: &'a Weights,
    /// Smallest and largest input of each linear layer so far.
    ranges: RefCell<BTreeMap<String, (f64, f64)>>,
}

#[derive(Clone, Copy)]
struct Layer {
    mix: Mix,
    index: usize,
    heads: usize,
    mlp: LinearForm,
    projection: LinearForm,
}

impl<'a> Reference<'a> {
    pub fn new(architecture: &'a TransformerArchitecture, task: TranslationTask, weights: &'a Weights) -> Self {
        Self { architecture, task, weights, ranges: RefCell::default() }
    }

    /// Returns the smallest and largest input of each linear layer so far.
    pub fn into_ranges(self) -> BTreeMap<String, (f64, f64)> {
        self.ranges.into_inner()
    }

    /// Returns the outputs of the encoder layers for a sentence without its end.
    pub fn encode(&self, sentence: &[u32]) -> Vec<Rows> {
        let sizes = &self.architecture.sizes().encoder;
        let tokens: Vec<u32> = sentence.iter().copied().chain([END]).collect();
        let mut x = self.embed(&tokens, sizes.width);
        let mut outputs = Vec::new();
        for (index, layer) in sizes.layers.iter().enumerate() {
            let name = format!("encoder.{index}");
            let parts = Layer {
                mix: layer.mix,
                index,
                heads: layer.heads,
                mlp: layer.mlp_form,
                projection: layer.projection_form,
            };
            let mixed = self.mix(&name, parts, &x, false);
            x = self.residual(&format!("{name}.mix_norm"), &x, &mixed);
            x = self.residual(&format!("{name}.mlp_norm"), &x, &self.mlp(&name, parts.mlp, &x));
            outputs.push(x.clone());
        }
        outputs
    }

    /// Returns the log-probabilities of the token after each of `tokens`, the first of which is the end of sentence.
    pub fn decode(&self, encoded: &[Rows], tokens: &[u32]) -> Rows {
        let sizes = &self.architecture.sizes().decoder;
        let mut x = self.embed(tokens, sizes.width);
        for (index, layer) in sizes.layers.iter().enumerate() {
            let name = format!("decoder.{index}");
            let parts = Layer {
                mix: layer.mix,
                index,
                heads: layer.self_heads,
                mlp: layer.mlp_form,
                projection: layer.projection_form,
            };
            let mixed = self.mix(&name, parts, &x, true);
            x = self.residual(&format!("{name}.mix_norm"), &x, &mixed);
            let memory: Rows = encoded.iter().rev().take(layer.sources).flatten().cloned().collect();
            let cross = Layer { heads: layer.cross_heads, ..parts };
            let seen = self.attention(&format!("{name}.cross"), cross, &x, &memory, false);
            x = self.residual(&format!("{name}.cross_norm"), &x, &seen);
            x = self.residual(&format!("{name}.mlp_norm"), &x, &self.mlp(&name, parts.mlp, &x));
        }
        let (embedding, wider) = self.tensor("embedding.weight");
        let logits = |row: &Vec<f64>| {
            embedding.chunks(wider).map(|entry| entry.iter().zip(row).map(|(e, h)| e * h).sum()).collect()
        };
        x.iter().map(|row| log_softmax(logits(row))).collect()
    }

    /// Returns the values of a tensor and the size of its last axis.
    fn tensor(&self, name: &str) -> (Vec<f64>, usize) {
        let tensor = self.weights.get(name).unwrap();
        let values = match &tensor.values {
            Values::F32(values) => values.iter().map(|&value| f64::from(value)).collect(),
            Values::I8(values) => values.iter().map(|&value| f64::from(value)).collect(),
            Values::U8(values) => values.iter().map(|&value| f64::from(value)).collect(),
        };
        (values, *tensor.shape.last().unwrap())
    }

    fn embed(&self, tokens: &[u32], width: usize) -> Rows {
        let (embedding, wider) = self.tensor("embedding.weight");
        let row = |(at, &token): (usize, &u32)| {
            let position = self.task.conventions.positions.row(at, width);
            let value =
                |c: usize| (width as f64).sqrt() * embedding[token as usize * wider + c] + f64::from(position[c]);
            (0..width).map(value).collect()
        };
        tokens.iter().enumerate().map(row).collect()
    }

    fn mix(&self, name: &str, layer: Layer, x: &Rows, causal: bool) -> Rows {
        let width = x[0].len() / layer.mix.branches();
        let half = |from: usize| x.iter().map(|row| row[from..from + width].to_vec()).collect::<Rows>();
        let mut mixed: Rows = vec![Vec::new(); x.len()];
        if layer.mix.attends() {
            let first = half(0);
            let out = self.attention(&format!("{name}.mix.attention"), layer, &first, &first, causal);
            mixed.iter_mut().zip(out).for_each(|(row, out)| row.extend(out));
        }
        if let Some(operator) = layer.mix.local() {
            let from = x[0].len() - width;
            let out = self.local(&format!("{name}.mix.local"), layer, operator, &half(from), causal);
            mixed.iter_mut().zip(out).for_each(|(row, out)| row.extend(out));
        }
        mixed
    }

    fn attention(&self, name: &str, layer: Layer, x: &Rows, memory: &Rows, causal: bool) -> Rows {
        let linear = |part: &str, x: &Rows| self.linear(&format!("{name}.{part}"), layer.projection, x);
        let (queries, keys, values) = (linear("query", x), linear("key", memory), linear("value", memory));
        let head = queries[0].len() / layer.heads;
        let mut weighted = Vec::new();
        for (t, query) in queries.iter().enumerate() {
            let seen = if causal { t + 1 } else { keys.len() };
            let mut row = Vec::new();
            for from in (0..query.len()).step_by(head) {
                let score =
                    |key: &Vec<f64>| (from..from + head).map(|c| query[c] * key[c]).sum::<f64>() / (head as f64).sqrt();
                let shares: Vec<f64> =
                    log_softmax(keys[..seen].iter().map(score).collect()).iter().map(|share| share.exp()).collect();
                row.extend(
                    (from..from + head).map(|c| shares.iter().zip(&values).map(|(share, v)| share * v[c]).sum::<f64>()),
                );
            }
            weighted.push(row);
        }
        linear("output", &weighted)
    }

    fn local(&self, name: &str, layer: Layer, operator: LocalOperator, x: &Rows, causal: bool) -> Rows {
        let mut input = self.linear(&format!("{name}.input"), layer.projection, x);
        if operator == LocalOperator::Shift {
            input = self.linear(&format!("{name}.shift"), LinearForm::Shift, &input);
        }
        let (kernel, length) = self.tensor(&format!("{name}.kernel"));
        assert_eq!(length, kernel_length(layer.index));
        let (width, padding) = (x[0].len(), if causal { length - 1 } else { length / 2 });
        let mut mixed = vec![vec![0.0; width]; x.len()];
        for (t, row) in mixed.iter_mut().enumerate() {
            for (channel, out) in row.iter_mut().enumerate() {
                let head = channel / (width / layer.mix.kernels());
                for tap in 0..length {
                    let weight = kernel[head * length + tap];
                    let at = (t + tap).checked_sub(padding).filter(|&at| at < x.len());
                    let value = at.map_or(0.0, |at| input[at][channel]);
                    *out += match operator {
                        LocalOperator::Conv => weight * value,
                        LocalOperator::Add | LocalOperator::Shift => -(value - weight).abs(),
                    };
                }
            }
        }
        if operator != LocalOperator::Conv && self.task.conventions.local_norm == LocalNorm::Layer {
            mixed = mixed.iter().map(|row| standardized(row)).collect();
        }
        self.linear(&format!("{name}.output"), layer.projection, &mixed)
    }

    fn mlp(&self, name: &str, form: LinearForm, x: &Rows) -> Rows {
        let mut inner = self.linear(&format!("{name}.mlp.expand"), form, x);
        inner.iter_mut().flatten().for_each(|value| *value = value.max(0.0));
        self.linear(&format!("{name}.mlp.contract"), form, &inner)
    }

    /// Returns the layer's outputs and notes the range of its inputs. A layer of bytes reads integers: then `scale` brings
    /// its sums back, per output or for all.
    fn linear(&self, name: &str, form: LinearForm, x: &Rows) -> Rows {
        let mut ranges = self.ranges.borrow_mut();
        let range = ranges.entry(name.to_owned()).or_insert((0.0, 0.0));
        *range = x.iter().flatten().fold(*range, |(low, high), &value| (low.min(value), high.max(value)));
        drop(ranges);
        let (weight, inputs) = self.tensor(&format!("{name}.weight"));
        let (x, scale) = self.codes(name, form, x);
        let outputs = |row: &Vec<f64>, each: &dyn Fn(f64, f64) -> f64| -> Vec<f64> {
            weight.chunks(inputs).map(|w| w.iter().zip(row).map(|(&w, &x)| each(w, x)).sum()).collect()
        };
        match form {
            LinearForm::Dense | LinearForm::Shift => {
                let (bias, _) = self.tensor(&format!("{name}.bias"));
                let scaled = |(at, y): (usize, &f64)| y * scale[at % scale.len()] + bias[at];
                let row = |row| outputs(row, &|w, x| w * x).iter().enumerate().map(scaled).collect();
                x.iter().map(row).collect()
            }
            LinearForm::Add => {
                let distance = |w: f64, x: f64| -(x - w).abs() * scale[0];
                let distances: Rows = x.iter().map(|row| outputs(row, &distance)).collect();
                self.norm(name, &distances)
            }
        }
    }

    /// Returns the inputs as centred integers where the layer is one of bytes, and what its sums have to be scaled by.
    fn codes(&self, name: &str, form: LinearForm, x: &Rows) -> (Rows, Vec<f64>) {
        if !self.weights.contains(&format!("{name}.input_scale")) {
            return (x.clone(), vec![1.0]);
        }
        let input_scale = self.tensor(&format!("{name}.input_scale")).0[0];
        let zero_point = self.tensor(&format!("{name}.input_zero_point")).0[0];
        let code = |x: &f64| ((x / input_scale).round_ties_even() + zero_point).clamp(0.0, 255.0) - zero_point;
        let codes = x.iter().map(|row| row.iter().map(code).collect()).collect();
        let (weight_scales, _) = self.tensor(&format!("{name}.weight_scale"));
        match form {
            LinearForm::Dense | LinearForm::Shift => {
                (codes, weight_scales.iter().map(|scale| scale * input_scale).collect())
            }
            LinearForm::Add => (codes, weight_scales),
        }
    }

    fn residual(&self, name: &str, x: &Rows, y: &Rows) -> Rows {
        let sum = |(x, y): (&Vec<f64>, &Vec<f64>)| x.iter().zip(y).map(|(x, y)| x + y).collect();
        self.norm(name, &x.iter().zip(y).map(sum).collect())
    }

    fn norm(&self, name: &str, x: &Rows) -> Rows {
        let [(gamma, _), (beta, _)] = ["gamma", "beta"].map(|part| self.tensor(&format!("{name}.{part}")));
        let row = |row: &Vec<f64>| {
            standardized(row)
                .into_iter()
                .zip(gamma.iter().zip(&beta))
                .map(|(value, (gamma, beta))| value * gamma + beta)
                .collect()
        };
        x.iter().map(row).collect()
    }
}

fn standardized(row: &[f64]) -> Vec<f64> {
    let mean = row.iter().sum::<f64>() / row.len() as f64;
    let variance = row.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / row.len() as f64;
    row.iter().map(|value| (value - mean) / (variance + 1e-5).sqrt()).collect()
}

fn log_softmax(logits: Vec<f64>) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.iter().map(|logit| (logit - largest).exp()).sum();
    logits.iter().map(|logit| logit - largest - sum.ln()).collect()
}

/// The reference as a decoder that computes everything again with each step.
pub struct Steps<'a> {
    reference: &'a Reference<'a>,
    encoded: Vec<Vec<Rows>>,
    /// Sentence and tokens so far of each row.
    rows: Vec<(usize, Vec<u32>)>,
}

impl<'a> Steps<'a> {
    pub fn new(reference: &'a Reference<'a>, sentences: &[Vec<u32>]) -> Self {
        let encoded = sentences.iter().map(|sentence| reference.encode(sentence)).collect();
        Self { reference, encoded, rows: (0..sentences.len()).map(|sentence| (sentence, Vec::new())).collect() }
    }
}

impl StepModel for Steps<'_> {
    type Error = std::convert::Infallible;

    fn step(&mut self, tokens: &[u32], parents: &[usize]) -> Result<Vec<f32>, Self::Error> {
        let extended = |(&token, &parent): (&u32, &usize)| {
            let (sentence, before) = &self.rows[parent];
            (*sentence, before.iter().copied().chain([token]).collect())
        };
        self.rows = tokens.iter().zip(parents).map(extended).collect();
        let last = |(sentence, tokens): &(usize, Vec<u32>)| {
            self.reference.decode(&self.encoded[*sentence], tokens).pop().unwrap()
        };
        Ok(self.rows.iter().flat_map(last).map(|value| value as f32).collect())
    }
}
