//! A translation network in plain loops, in f64, one sentence at a time: slow and obvious.

use spaces::{
    Conventions, LinearForm, LocalNorm, LocalOperator, Mix, TransformerArchitecture, TranslationTask, Weights,
    kernel_length,
};
use translation::special::END;

use super::samples::{architecture, conventional, reversals, subnet, task};
use crate::translation::{NetworkSettings, TranslationInference};

/// Rows of channels.
type Rows = Vec<Vec<f64>>;

struct Reference<'a> {
    architecture: &'a TransformerArchitecture,
    task: TranslationTask,
    weights: &'a Weights,
}

#[derive(Clone, Copy, PartialEq)]
enum Time {
    Centred,
    Causal,
}

impl Reference<'_> {
    fn vector(&self, name: &str) -> Vec<f64> {
        let tensor = self.weights.get(name).expect("an exported tensor");
        self.weights.floats(name, &tensor.shape).expect("floats").iter().map(|&value| f64::from(value)).collect()
    }

    fn matrix(&self, name: &str) -> Rows {
        let columns = self.weights.get(name).expect("an exported tensor").shape[1];
        self.vector(name).chunks_exact(columns).map(<[f64]>::to_vec).collect()
    }

    fn linear(&self, name: &str, form: LinearForm, input: &Rows) -> Rows {
        let weight = self.matrix(&format!("{name}.weight"));
        let of = |row: &Vec<f64>, law: fn(f64, f64) -> f64| -> Vec<f64> {
            weight.iter().map(|weights| row.iter().zip(weights).map(|(&x, &w)| law(x, w)).sum()).collect()
        };
        match form {
            LinearForm::Dense | LinearForm::Shift => {
                let bias = self.vector(&format!("{name}.bias"));
                let rows = input.iter().map(|row| of(row, |x, w| x * w));
                rows.map(|row| row.iter().zip(&bias).map(|(y, b)| y + b).collect()).collect()
            }
            LinearForm::Add => self.norm(name, &input.iter().map(|row| of(row, |x, w| -(x - w).abs())).collect()),
        }
    }

    fn norm(&self, name: &str, input: &Rows) -> Rows {
        let (gamma, beta) = (self.vector(&format!("{name}.gamma")), self.vector(&format!("{name}.beta")));
        let normalized = |row: &Vec<f64>| {
            let scaled = standardized(row).into_iter();
            scaled.zip(&gamma).zip(&beta).map(|((x, gamma), beta)| x * gamma + beta).collect()
        };
        input.iter().map(normalized).collect()
    }

    fn embed(&self, tokens: &[u32], width: usize) -> Rows {
        let embedding = self.matrix("embedding.weight");
        let row = |(index, &token): (usize, &u32)| {
            let position = self.task.conventions.positions.row(index, width);
            let embedded = &embedding[token as usize][..width];
            embedded.iter().zip(position).map(|(e, p)| (width as f64).sqrt() * e + f64::from(p)).collect()
        };
        tokens.iter().enumerate().map(row).collect()
    }

    fn attention(&self, name: &str, form: LinearForm, heads: usize, [queries, memory]: [&Rows; 2], time: Time) -> Rows {
        let query = self.linear(&format!("{name}.query"), form, queries);
        let key = self.linear(&format!("{name}.key"), form, memory);
        let value = self.linear(&format!("{name}.value"), form, memory);
        let width = query[0].len() / heads;
        let attended = |(at, row): (usize, &Vec<f64>)| -> Vec<f64> {
            let seen = if time == Time::Causal { at + 1 } else { key.len() };
            let of_head = |head: usize| {
                let channels = head * width..(head + 1) * width;
                let score = |key: &Vec<f64>| -> f64 {
                    channels.clone().map(|c| row[c] * key[c]).sum::<f64>() / (width as f64).sqrt()
                };
                let weights: Vec<f64> = key[..seen].iter().map(|key| score(key).exp()).collect();
                let total: f64 = weights.iter().sum();
                let mean = |c: usize| weights.iter().zip(&value).map(|(w, v)| w * v[c]).sum::<f64>() / total;
                channels.clone().map(mean).collect::<Vec<f64>>()
            };
            (0..heads).flat_map(of_head).collect()
        };
        self.linear(&format!("{name}.output"), form, &query.iter().enumerate().map(attended).collect())
    }

    fn local(&self, name: &str, form: LinearForm, operator: LocalOperator, input: &Rows, time: Time) -> Rows {
        let mut inner = self.linear(&format!("{name}.input"), form, input);
        if operator == LocalOperator::Shift {
            inner = self.linear(&format!("{name}.shift"), LinearForm::Shift, &inner);
        }
        let kernel = self.matrix(&format!("{name}.kernel"));
        let (taps, width) = (kernel[0].len(), inner[0].len());
        let padding = if time == Time::Causal { taps - 1 } else { taps / 2 };
        let value = |at: usize, channel: usize| -> f64 {
            let tap = |k: usize| {
                let weight = kernel[channel / (width / kernel.len())][k];
                let read =
                    (at + k).checked_sub(padding).and_then(|from| inner.get(from)).map_or(0.0, |row| row[channel]);
                match operator {
                    LocalOperator::Conv => weight * read,
                    LocalOperator::Add | LocalOperator::Shift => -(read - weight).abs(),
                }
            };
            (0..taps).map(tap).sum()
        };
        let mut mixed: Rows =
            (0..inner.len()).map(|at| (0..width).map(|channel| value(at, channel)).collect()).collect();
        if operator != LocalOperator::Conv && self.task.conventions.local_norm == LocalNorm::Layer {
            mixed = mixed.iter().map(|row| standardized(row)).collect();
        }
        self.linear(&format!("{name}.output"), form, &mixed)
    }

    fn mix(&self, layer: &str, (mix, heads, form): (Mix, usize, LinearForm), input: &Rows, time: Time) -> Rows {
        let (attention, local) = (format!("{layer}.mix.attention"), format!("{layer}.mix.local"));
        let half = input[0].len() / 2;
        match (mix.attends(), mix.local()) {
            (true, None) => self.attention(&attention, form, heads, [input, input], time),
            (false, Some(operator)) => self.local(&local, form, operator, input, time),
            (true, Some(operator)) => {
                let first = input.iter().map(|row| row[..half].to_vec()).collect();
                let second = input.iter().map(|row| row[half..].to_vec()).collect();
                let attended = self.attention(&attention, form, heads, [&first, &first], time);
                let local = self.local(&local, form, operator, &second, time);
                attended.into_iter().zip(local).map(|(left, right)| [left, right].concat()).collect()
            }
            (false, None) => unreachable!("a mix has a branch"),
        }
    }

    fn residual(&self, norm: &str, input: &Rows, branch: &Rows) -> Rows {
        let sums = input.iter().zip(branch).map(|(x, y)| x.iter().zip(y).map(|(x, y)| x + y).collect()).collect();
        self.norm(norm, &sums)
    }

    fn mlp(&self, layer: &str, form: LinearForm, input: &Rows) -> Rows {
        let mut inner = self.linear(&format!("{layer}.mlp.expand"), form, input);
        inner.iter_mut().flatten().for_each(|value| *value = value.max(0.0));
        let branch = self.linear(&format!("{layer}.mlp.contract"), form, &inner);
        self.residual(&format!("{layer}.mlp_norm"), input, &branch)
    }

    /// Returns the log-probabilities behind every target position.
    fn log_probabilities(&self, source: &[u32], inputs: &[u32]) -> Rows {
        let sizes = self.architecture.sizes();
        let mut outputs = vec![self.embed(source, sizes.encoder.width)];
        for (index, layer) in sizes.encoder.layers.iter().enumerate() {
            let name = format!("encoder.{index}");
            let input = &outputs[index];
            let mixed = self.mix(&name, (layer.mix, layer.heads, layer.projection_form), input, Time::Centred);
            let mixed = self.residual(&format!("{name}.mix_norm"), input, &mixed);
            outputs.push(self.mlp(&name, layer.mlp_form, &mixed));
        }
        let mut values = self.embed(inputs, sizes.decoder.width);
        for (index, layer) in sizes.decoder.layers.iter().enumerate() {
            let name = format!("decoder.{index}");
            let form = layer.projection_form;
            let mixed = self.mix(&name, (layer.mix, layer.self_heads, form), &values, Time::Causal);
            values = self.residual(&format!("{name}.mix_norm"), &values, &mixed);
            let memory: Rows = outputs.iter().rev().take(layer.sources).flatten().cloned().collect();
            let cross = format!("{name}.cross");
            let crossed = self.attention(&cross, form, layer.cross_heads, [&values, &memory], Time::Centred);
            values = self.residual(&format!("{name}.cross_norm"), &values, &crossed);
            values = self.mlp(&name, layer.mlp_form, &values);
        }
        values.iter().map(|row| self.log_softmax(row)).collect()
    }

    fn log_softmax(&self, row: &[f64]) -> Vec<f64> {
        let embedding = self.matrix("embedding.weight");
        let logits: Vec<f64> = embedding.iter().map(|e| e.iter().zip(row).map(|(e, h)| e * h).sum()).collect();
        let total: f64 = logits.iter().map(|logit| logit.exp()).sum();
        logits.iter().map(|logit| logit - total.ln()).collect()
    }
}

fn standardized(row: &[f64]) -> Vec<f64> {
    let count = row.len() as f64;
    let mean = row.iter().sum::<f64>() / count;
    let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
    row.iter().map(|x| (x - mean) / (variance + 1e-5).sqrt()).collect()
}

/// Sums of a few hundred f32 products of order one, through up to six layers with a norm each.
const TOLERANCE: f64 = 2e-4;

fn compare(architecture: &TransformerArchitecture, case: &str) {
    compare_under(Conventions::default(), architecture, case);
}

fn compare_under(conventions: Conventions, architecture: &TransformerArchitecture, case: &str) {
    let batch = reversals(4, 9, 5);
    let network = conventional(architecture, conventions);
    let weights = network.export(architecture);
    let reference = Reference { architecture, task: TranslationTask { conventions, ..task() }, weights: &weights };
    let found = TranslationInference::of_path(&network, architecture).log_probabilities(&batch);
    let inputs = batch.decoder_inputs();
    let mut found = found.chunks_exact(task().vocabulary);
    for pair in 0..batch.pairs {
        let source = &batch.sources[pair * batch.source_length..][..batch.source_lengths[pair]];
        let inputs = &inputs[pair * batch.target_length..][..batch.target_lengths[pair]];
        assert_eq!(inputs[0], END);
        for wanted in reference.log_probabilities(source, inputs) {
            let found = found.next().expect("a row per target token");
            for (&found, wanted) in found.iter().zip(wanted) {
                assert!((f64::from(found) - wanted).abs() < TOLERANCE, "{case}: {found} instead of {wanted}");
            }
        }
    }
    assert!(found.next().is_none());
}

#[test]
fn every_mix_computes_what_plain_loops_do() {
    for encoder in Mix::ALL {
        for decoder in Mix::ALL {
            let network = architecture(&[encoder, Mix::Attention], &[decoder, Mix::Attention], LinearForm::Dense);
            compare(&network, &format!("{encoder} and {decoder}"));
        }
    }
}

#[test]
fn sums_of_distances_stay_as_they_are_in_the_release() {
    let conventions = Conventions { local_norm: LocalNorm::Released, ..Conventions::default() };
    for mix in [Mix::Add, Mix::Shift, Mix::AttentionAdd, Mix::AttentionShift] {
        let network = architecture(&[mix, Mix::Attention], &[mix, Mix::Attention], LinearForm::Dense);
        compare_under(conventions, &network, &format!("{mix} without a norm"));
    }
}

#[test]
fn every_linear_form_computes_what_plain_loops_do() {
    for form in LinearForm::ALL {
        compare(&architecture(&[Mix::AttentionConv, Mix::Shift], &[Mix::AttentionAdd], form), form.name());
    }
}

#[test]
fn kernels_of_later_layers_are_longer() {
    let network = architecture(&[Mix::Conv, Mix::Add, Mix::Shift], &[Mix::AttentionAdd; 3], LinearForm::Dense);
    compare(&network, "three layers");
    let weights = subnet(&network, &NetworkSettings::default()).export(&network);
    let length = weights.get("encoder.2.mix.local.kernel").expect("exported").shape[1];
    assert_eq!(length, kernel_length(2));
}
