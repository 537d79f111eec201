//! A fully connected network that learns a number from numbers.

use std::ops::ControlFlow;

use burn::Tensor;
use burn::tensor::activation::relu;
use burn::tensor::{Device, TensorData};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha12Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::initialization::Initialization;
use crate::parameters::Parameters;
use crate::training::{Optimizer, OptimizerSettings, Schedule, default_betas};

/// How the network is built and trained: Adam with decoupled weight decay, mean square error, a learning rate that falls
/// as a cosine to 1 % of its peak.
///
/// The paper's latency predictor has four hidden layers of 400 and is trained for 5,000 steps of 128 at 1e-5 without
/// decay. Ours starts near a constant and decays its weights, which on few rows is worth more than steps: see decision
/// 0012.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegressionSettings {
    /// Outputs of each hidden layer.
    #[serde(default = "default_hidden")]
    pub hidden: Vec<usize>,
    /// Steps of the optimizer.
    #[serde(default = "default_steps")]
    pub steps: usize,
    /// Rows per step.
    #[serde(default = "default_batch_size")]
    pub batch_size: usize,
    /// Peak learning rate.
    #[serde(default = "default_learning_rate")]
    pub learning_rate: f64,
    /// Decay of the weights per unit of learning rate.
    #[serde(default = "default_weight_decay")]
    pub weight_decay: f64,
}

fn default_hidden() -> Vec<usize> {
    vec![400; 4]
}

const fn default_steps() -> usize {
    800
}

const fn default_batch_size() -> usize {
    128
}

const fn default_learning_rate() -> f64 {
    2e-3
}

const fn default_weight_decay() -> f64 {
    5.0
}

impl Default for RegressionSettings {
    fn default() -> Self {
        Self {
            hidden: default_hidden(),
            steps: default_steps(),
            batch_size: default_batch_size(),
            learning_rate: default_learning_rate(),
            weight_decay: default_weight_decay(),
        }
    }
}

/// First weights of the first layer as a share of what the other layers start with: the network starts almost constant,
/// and only inputs that matter grow.
const FIRST_LAYER_SHARE: f32 = 0.1;

/// Standardized rows to learn from.
#[derive(Clone, Copy, Debug)]
pub struct RegressionRows<'a> {
    /// Inputs, one row after the other.
    pub inputs: &'a [f32],
    /// The number wanted of each row.
    pub wanted: &'a [f32],
}

/// A trained layer; ReLU follows every one but the last.
#[derive(Clone, Debug, PartialEq)]
pub struct RegressionLayer {
    /// One weight per input and output, the weights of one input together.
    pub weights: Vec<f32>,
    /// One bias per output.
    pub biases: Vec<f32>,
}

/// Returns the trained layers: the hidden ones, then one with a single output. `progress` hears steps done and steps in
/// all, and may break off, which returns `None`. The seed decides first weights and the order of rows.
///
/// # Panics
/// If there is no row, or the inputs are not of equal number in each.
pub fn regression(
    rows: RegressionRows<'_>,
    settings: &RegressionSettings,
    seed: u64,
    device: &Device,
    mut progress: impl FnMut(usize, usize) -> ControlFlow<()>,
) -> Option<Vec<RegressionLayer>> {
    let width = rows.width();
    let sizes: Vec<usize> = [&[width], settings.hidden.as_slice(), &[1]].concat();
    let mut parameters = draw(&sizes, seed, device);
    let layers = sizes.len() - 1;
    let adam = OptimizerSettings::Adamw { weight_decay: settings.weight_decay, betas: default_betas() };
    let mut optimizer = Optimizer::new(adam);
    let mut order = Order::new(rows.wanted.len(), settings.batch_size, seed);
    for step in 0..settings.steps {
        let (inputs, wanted) = rows.batch(order.next(), parameters.device());
        let loss = (forward(&parameters, &sizes, inputs) - wanted).square().mean();
        let rate = Schedule::default().rate(settings.learning_rate, step as f64, settings.steps as f64);
        optimizer.step(rate, &mut parameters, &loss.backward(), None);
        if progress(step + 1, settings.steps).is_break() {
            return None;
        }
    }
    let layer =
        |at| RegressionLayer { weights: parameters.values(&weight_key(at)), biases: parameters.values(&bias_key(at)) };
    Some((0..layers).map(layer).collect())
}

fn weight_key(layer: usize) -> String {
    format!("layer{layer}.weight")
}

fn bias_key(layer: usize) -> String {
    format!("layer{layer}.bias")
}

/// Returns first weights, uniform in ±1 / √inputs as PyTorch draws them, smaller in the first layer; biases are 0.
fn draw(sizes: &[usize], seed: u64, device: &Device) -> Parameters {
    let mut parameters = Parameters::new(device);
    for (at, pair) in sizes.windows(2).enumerate() {
        let (inputs, outputs) = (pair[0], pair[1]);
        let key = weight_key(at);
        let share = if at == 0 { FIRST_LAYER_SHARE } else { 1.0 };
        let bound = share / (inputs as f32).sqrt();
        let weights = Initialization::Uniform(-bound, bound).draw(inputs * outputs, seed, &key);
        parameters.insert(key, vec![inputs, outputs], weights);
        parameters.insert(bias_key(at), vec![outputs], vec![0.0; outputs]);
    }
    parameters
}

/// Returns the outputs `[B, 1]` of inputs `[B, C]`.
fn forward(parameters: &Parameters, sizes: &[usize], inputs: Tensor<2>) -> Tensor<2> {
    let mut values = inputs;
    let last = sizes.len() - 2;
    for (at, pair) in sizes.windows(2).enumerate() {
        let weight = parameters.leaf(&weight_key(at)).reshape([pair[0], pair[1]]);
        let bias = parameters.leaf(&bias_key(at)).reshape([1, pair[1]]);
        values = values.matmul(weight) + bias;
        if at < last {
            values = relu(values);
        }
    }
    values
}

impl RegressionRows<'_> {
    fn width(&self) -> usize {
        let (numbers, rows) = (self.inputs.len(), self.wanted.len());
        assert!(rows > 0 && numbers.is_multiple_of(rows), "{numbers} inputs are dealt evenly to {rows} rows");
        numbers / rows
    }

    fn batch(&self, positions: &[usize], device: &Device) -> (Tensor<2>, Tensor<2>) {
        let width = self.width();
        let inputs: Vec<f32> =
            positions.iter().flat_map(|&at| self.inputs[at * width..(at + 1) * width].iter().copied()).collect();
        let wanted: Vec<f32> = positions.iter().map(|&at| self.wanted[at]).collect();
        let tensor = |values, width| Tensor::from_data(TensorData::new(values, [positions.len(), width]), device);
        (tensor(inputs, width), tensor(wanted, 1))
    }
}

/// Rows in shuffled order, shuffled anew when fewer than a batch are left.
struct Order {
    rows: Vec<usize>,
    batch: usize,
    taken: usize,
    rng: ChaCha12Rng,
}

impl Order {
    fn new(rows: usize, batch: usize, seed: u64) -> Self {
        Self {
            rows: (0..rows).collect(),
            batch: batch.clamp(1, rows),
            taken: rows,
            rng: ChaCha12Rng::seed_from_u64(seed),
        }
    }

    fn next(&mut self) -> &[usize] {
        if self.taken + self.batch > self.rows.len() {
            self.rows.shuffle(&mut self.rng);
            self.taken = 0;
        }
        let from = self.taken;
        self.taken += self.batch;
        &self.rows[from..self.taken]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 64 rows of two inputs between -1 and 1, the number wanted is |a| - b.
    fn rows() -> (Vec<f32>, Vec<f32>) {
        let inputs: Vec<f32> = (0..128).map(|at| ((at * 37) % 128) as f32 / 64.0 - 1.0).collect();
        let wanted = inputs.chunks_exact(2).map(|row| row[0].abs() - row[1]).collect();
        (inputs, wanted)
    }

    fn learn(steps: usize, seed: u64) -> Vec<RegressionLayer> {
        let (inputs, wanted) = rows();
        let settings =
            RegressionSettings { hidden: vec![16, 16], steps, batch_size: 32, learning_rate: 1e-2, weight_decay: 0.0 };
        let rows = RegressionRows { inputs: &inputs, wanted: &wanted };
        let go_on = |_, _| ControlFlow::Continue(());
        regression(rows, &settings, seed, &Device::flex(), go_on).expect("nobody breaks off")
    }

    /// The plain loop.
    fn value(layers: &[RegressionLayer], row: &[f32]) -> f32 {
        let mut values = row.to_vec();
        for (at, layer) in layers.iter().enumerate() {
            let outputs = layer.biases.len();
            let sum = |output: usize| {
                let products =
                    values.iter().enumerate().map(|(input, value)| value * layer.weights[input * outputs + output]);
                layer.biases[output] + products.sum::<f32>()
            };
            let sums: Vec<f32> = (0..outputs).map(sum).collect();
            values = if at + 1 < layers.len() { sums.into_iter().map(|sum| sum.max(0.0)).collect() } else { sums };
        }
        values[0]
    }

    #[test]
    fn a_law_with_a_bend_is_learned() {
        let layers = learn(400, 1);
        let (inputs, wanted) = rows();
        let error = |(row, wanted): (&[f32], &f32)| (value(&layers, row) - wanted).abs();
        let worst = inputs.chunks_exact(2).zip(&wanted).map(error).fold(0.0, f32::max);
        assert!(worst < 0.1, "{worst}");
    }

    #[test]
    fn the_seed_decides_every_bit() {
        assert_eq!(learn(5, 7), learn(5, 7));
        assert_ne!(learn(5, 7), learn(5, 8));
    }

    #[test]
    fn a_training_can_be_broken_off() {
        let (inputs, wanted) = rows();
        let rows = RegressionRows { inputs: &inputs, wanted: &wanted };
        let stop = |step, _| if step == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        let settings = RegressionSettings { hidden: vec![4], ..RegressionSettings::default() };
        assert_eq!(regression(rows, &settings, 1, &Device::flex(), stop), None);
    }
}
