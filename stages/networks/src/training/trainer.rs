use std::collections::BTreeMap;
use std::ops::ControlFlow;

use burn::Tensor;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, TensorData};
use datasets::{Augmentation, Batch, Normalization as PixelNormalization, Pictures};
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spaces::Graph;

use super::{Momentum, Optimizer, OptimizerSettings, Schedule};
use crate::forward::{Forward, Normalization};
use crate::network::Network;
use crate::operators::window::GradientScale;
use crate::parameters::NamedTensor;
use crate::prior::Prior;
use crate::statistics::Statistics;

/// How a network is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainingSettings {
    /// Passes over the training pictures.
    pub epochs: usize,
    /// Pictures per step; a last incomplete batch is left out.
    #[serde(default = "default_batch_size")]
    pub batch_size: usize,
    /// Peak learning rate.
    #[serde(default = "default_learning_rate")]
    pub learning_rate: f64,
    /// Learning rate over time.
    #[serde(default)]
    pub schedule: Schedule,
    /// How parameters follow gradients.
    #[serde(default)]
    pub optimizer: OptimizerSettings,
    /// Share of the target spread over all classes.
    #[serde(default)]
    pub label_smoothing: f64,
    /// Random changes to training pictures.
    #[serde(default)]
    pub augmentation: Augmentation,
    /// Largest joint norm of the gradients; absent for no limit.
    #[serde(default)]
    pub clip_norm: Option<f64>,
    /// η of the add layers' weight gradient, which is rescaled to norm η·√k (AdderNet); absent for no rescaling.
    #[serde(default = "default_add_scale")]
    pub add_gradient_scale: GradientScale,
}

const fn default_batch_size() -> usize {
    64
}

const fn default_learning_rate() -> f64 {
    1e-3
}

const fn default_add_scale() -> GradientScale {
    Some(0.2)
}

/// What one epoch measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochSummary {
    /// Which epoch, first is 0.
    pub epoch: usize,
    /// Mean cross entropy over the steps.
    pub loss: f64,
    /// Mean prior loss over the steps, 0 without a prior.
    pub prior: f64,
    /// Share of training pictures classified right while training.
    pub accuracy: f64,
    /// Learning rate of the last step.
    pub learning_rate: f64,
}

/// Everything that training needs to go on at the end of an epoch, as plain numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// Epochs done.
    pub epochs: usize,
    /// Key, shape and values of every tensor.
    pub tensors: Vec<NamedTensor>,
    /// Memory of the optimizer.
    pub memory: Vec<Momentum>,
    /// Running moments.
    pub statistics: Statistics,
}

/// A network in training.
pub struct Trainer<'a> {
    /// The network.
    pub network: Network,
    /// Running moments of the batch normalisations, by node name. Only meaningful for a subnet.
    pub statistics: Statistics,
    /// Epochs done.
    pub epochs: usize,
    settings: &'a TrainingSettings,
    prior: Option<Prior>,
    optimizer: Optimizer,
    seed: u64,
}

struct StepSummary {
    loss: f64,
    prior: f64,
    correct: usize,
}

impl<'a> Trainer<'a> {
    /// Returns a trainer at epoch 0. The seed decides order and augmentation of the pictures.
    pub fn new(network: Network, settings: &'a TrainingSettings, prior: Option<Prior>, seed: u64) -> Self {
        let (statistics, optimizer) = (Statistics::default(), Optimizer::new(settings.optimizer));
        Self { network, statistics, epochs: 0, settings, prior, optimizer, seed }
    }

    /// Returns what [`Trainer::restore`] needs to go on from here.
    pub fn snapshot(&self) -> Snapshot {
        let tensors = self.network.parameters.iter();
        Snapshot {
            epochs: self.epochs,
            tensors: tensors
                .map(|(key, p)| (key.clone(), p.shape.clone(), self.network.parameters.values(key)))
                .collect(),
            memory: self.optimizer.memory(),
            statistics: self.statistics.clone(),
        }
    }

    /// Goes back to a snapshot of a trainer made with the same arguments; training then continues bit for bit.
    pub fn restore(&mut self, snapshot: Snapshot) {
        for (key, shape, values) in snapshot.tensors {
            self.network.parameters.insert(key, shape, values);
        }
        self.optimizer = Optimizer::with_memory(self.settings.optimizer, snapshot.memory, &self.network.parameters);
        self.statistics = snapshot.statistics;
        self.epochs = snapshot.epochs;
        self.network.forget_segments();
    }

    /// Trains one epoch. `path` returns the graph of a step, counted over all epochs; `progress` hears steps done and
    /// steps in all, and may break off, which returns `None` and leaves the trainer unfit for a snapshot.
    pub fn epoch(
        &mut self,
        pictures: &Pictures,
        pixels: &PixelNormalization,
        mut path: impl FnMut(usize) -> Graph,
        mut progress: impl FnMut(usize, usize) -> ControlFlow<()>,
    ) -> Option<EpochSummary> {
        let mut rng = ChaCha12Rng::seed_from_u64(self.seed);
        rng.set_stream(self.epochs as u64);
        let order = datasets::epoch_order(pictures.len(), &mut rng);
        let batch_size = self.settings.batch_size.min(pictures.len());
        let steps = order.len() / batch_size;
        self.network.forget_segments();
        let mut totals = StepSummary { loss: 0.0, prior: 0.0, correct: 0 };
        let mut rate = 0.0;
        for (step, indices) in order.chunks_exact(batch_size).enumerate() {
            let batch = pictures.augmented_batch(indices, pixels, &self.settings.augmentation, &mut rng);
            let time = self.epochs as f64 + step as f64 / steps as f64;
            rate = self.settings.schedule.rate(self.settings.learning_rate, time, self.settings.epochs as f64);
            self.network.refresh_segments(step);
            let summary = self.step(&path(self.epochs * steps + step), &batch, rate);
            totals.loss += summary.loss;
            totals.prior += summary.prior;
            totals.correct += summary.correct;
            if progress(step + 1, steps).is_break() {
                return None;
            }
        }
        let epoch = self.epochs;
        self.epochs += 1;
        Some(EpochSummary {
            epoch,
            loss: totals.loss / steps as f64,
            prior: totals.prior / steps as f64,
            accuracy: totals.correct as f64 / (steps * batch_size) as f64,
            learning_rate: rate,
        })
    }

    fn step(&mut self, graph: &Graph, batch: &Batch, rate: f64) -> StepSummary {
        let device = self.network.parameters.device().clone();
        let tensors = self.network.resolve(graph);
        let mut moments = BTreeMap::new();
        let forward = Forward {
            graph,
            tensors: &tensors,
            normalization: Normalization::Batch(&mut moments),
            add_scale: self.settings.add_gradient_scale,
            tap: None,
        };
        let logits = forward.run(images(batch, &device));
        let correct = correct(&logits, &batch.labels);
        let loss = cross_entropy(logits, &batch.labels, self.settings.label_smoothing);
        let prior = self.prior.and_then(|prior| prior.loss(self.network.shared_weights(graph, &tensors)));
        drop(tensors);
        let plain = f64::from(loss.clone().into_scalar::<f32>());
        let prior_value = prior.as_ref().map_or(0.0, |prior| f64::from(prior.clone().into_scalar::<f32>()));
        let total = match prior {
            Some(prior) => loss + prior,
            None => loss,
        };
        let gradients = total.backward();
        self.optimizer.step(rate, &mut self.network.parameters, &gradients, self.settings.clip_norm);
        self.statistics.follow(&moments);
        StepSummary { loss: plain, prior: prior_value, correct }
    }
}

/// Returns the pixels of a batch as `[B, C, H, W]`.
pub(crate) fn images(batch: &Batch, device: &burn::tensor::Device) -> Tensor<4> {
    let shape = batch.shape;
    let sizes = [batch.labels.len(), shape.channels, shape.height, shape.width];
    Tensor::from_data(TensorData::new(batch.pixels.clone(), sizes), device)
}

/// Returns how many rows of the logits are largest at the label.
pub(crate) fn correct(logits: &Tensor<2>, labels: &[u32]) -> usize {
    let data = logits.clone().without_autodiff().into_data().convert::<f32>();
    let values = data.as_slice::<f32>().expect("converted to f32");
    let rows = values.chunks_exact(values.len() / labels.len());
    rows.zip(labels).filter(|(row, label)| largest(row) == **label as usize).count()
}

/// Returns the position of the largest value, the first of equal ones.
pub fn largest(row: &[f32]) -> usize {
    let best = row.iter().enumerate().reduce(|best, next| if next.1.total_cmp(best.1).is_gt() { next } else { best });
    best.map_or(0, |(at, _)| at)
}

/// −Σ t · log softmax(logits), t the smoothed one-hot target, mean over the batch.
fn cross_entropy(logits: Tensor<2>, labels: &[u32], smoothing: f64) -> Tensor<1> {
    let device = logits.device();
    let indices: Vec<i32> = labels.iter().map(|&label| label as i32).collect();
    let indices = Tensor::<2, Int>::from_data(TensorData::new(indices, [labels.len(), 1]), &device);
    let log_probabilities = log_softmax(logits, 1);
    let target = log_probabilities.clone().gather(1, indices).mean().neg();
    match smoothing > 0.0 {
        true => target * (1.0 - smoothing) + log_probabilities.mean().neg() * smoothing,
        false => target,
    }
}

#[cfg(test)]
mod tests;
