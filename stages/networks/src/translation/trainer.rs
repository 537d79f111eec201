use std::f64::consts::LN_2;

use burn::Tensor;
use datasets::TokenBatch;
use spaces::TransformerArchitecture;

use super::forward::Forward;
use super::frame::{Padded, indices, real_targets};
use super::keys::Keys;
use super::network::TranslationNetwork;
use super::noise::Noise;
use super::quantization::{EightBits, InputRanges, RoundedBatch};
use super::tap::LayerTap;
use super::training::TranslationTraining;
use crate::operators::label_smoothing::{CrossEntropy, smoothed_cross_entropy};
use crate::parameters::{KeyedGradients, NamedTensor};
use crate::prior::Prior;
use crate::sharing::SharingMode;
use crate::training::{Momentum, Optimizer};

/// A translation network in training.
pub struct TranslationTrainer<'a> {
    /// The network.
    pub network: TranslationNetwork,
    /// Updates done.
    pub updates: usize,
    settings: &'a TranslationTraining,
    optimizer: Optimizer,
    seed: u64,
    eight_bits: Option<EightBits>,
}

/// What one update measured, per target token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UpdateSummary {
    /// Label-smoothed loss in bits.
    pub smoothed_bits: f64,
    /// Negative log-likelihood in bits.
    pub nll_bits: f64,
    /// Prior loss that was added, 0 without one.
    pub prior: f64,
    /// Share of target tokens with the largest logit.
    pub accuracy: f64,
    /// Target tokens.
    pub tokens: usize,
    /// Learning rate.
    pub rate: f64,
}

/// Everything that training needs to go on behind an update, as plain numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct TranslationSnapshot {
    /// Updates done.
    pub updates: usize,
    /// Key, shape and values of every tensor.
    pub tensors: Vec<NamedTensor>,
    /// Memory of the optimizer.
    pub memory: Vec<Momentum>,
    /// Running ranges of training for 8 bits.
    pub ranges: InputRanges,
}

/// Sums over the batches of an update.
#[derive(Default)]
struct Totals {
    gradients: KeyedGradients,
    smoothed: f64,
    nll: f64,
    correct: usize,
    prior: f64,
}

impl<'a> TranslationTrainer<'a> {
    /// Returns a trainer at update 0. The seed decides dropout.
    pub fn new(network: TranslationNetwork, settings: &'a TranslationTraining, seed: u64) -> Self {
        let eight_bits = settings.eight_bit.map(EightBits::new);
        Self { network, updates: 0, settings, optimizer: Optimizer::new(settings.optimizer), seed, eight_bits }
    }

    /// Returns the running ranges of the inputs of linear layers, empty without training for 8 bits. Nine tenths of one
    /// are that of the last batch.
    pub fn input_ranges(&self) -> InputRanges {
        self.eight_bits.as_ref().map(EightBits::ranges).unwrap_or_default()
    }

    /// Returns what [`TranslationTrainer::restore`] needs to go on from here.
    pub fn snapshot(&self) -> TranslationSnapshot {
        TranslationSnapshot {
            updates: self.updates,
            tensors: self.network.named_tensors(),
            memory: self.optimizer.memory(),
            ranges: self.input_ranges(),
        }
    }

    /// Goes back to a snapshot of a trainer made with the same arguments; training then continues bit for bit, if
    /// snapshots are taken where weights are sorted anew: at multiples of the sharing's `refresh_every`.
    pub fn restore(&mut self, snapshot: TranslationSnapshot) {
        for (key, shape, values) in snapshot.tensors {
            self.network.parameters.insert(key, shape, values);
        }
        self.optimizer = Optimizer::with_memory(self.settings.optimizer, snapshot.memory, &self.network.parameters);
        self.updates = snapshot.updates;
        if let Some(eight_bits) = &mut self.eight_bits {
            eight_bits.restore(snapshot.ranges);
        }
        self.network.forget_segments();
    }

    /// Makes one step with the gradients of batches for one architecture. Tensors of no use to it keep value and memory.
    pub fn update(&mut self, batches: &[TokenBatch], architecture: &TransformerArchitecture) -> UpdateSummary {
        let tokens: usize = batches.iter().map(TokenBatch::target_tokens).sum();
        let rate = self.settings.rate(self.updates);
        let mut totals = Totals::default();
        for (index, batch) in batches.iter().enumerate() {
            self.add_batch(&mut totals, (index, batch), tokens, architecture);
        }
        let gradients = std::mem::take(&mut totals.gradients);
        self.optimizer.follow(rate, &mut self.network.parameters, gradients, self.settings.clip_norm);
        self.updates += 1;
        self.network.refresh_segments(self.updates);
        let per_token = |sum: f64| sum / tokens.max(1) as f64;
        UpdateSummary {
            smoothed_bits: per_token(totals.smoothed) / LN_2,
            nll_bits: per_token(totals.nll) / LN_2,
            prior: totals.prior,
            accuracy: per_token(totals.correct as f64),
            tokens,
            rate,
        }
    }

    /// Adds the gradients of a batch, divided by the target tokens of all batches; the first one brings the prior.
    fn add_batch(
        &self,
        totals: &mut Totals,
        (index, batch): (usize, &TokenBatch),
        tokens: usize,
        architecture: &TransformerArchitecture,
    ) {
        let resolved = self.network.resolve(architecture);
        let device = self.network.parameters.device().clone().inner();
        let rounded = self.eight_bits.as_ref().map(|eight_bits| {
            let noise = Noise::new(!self.seed, self.updates, index);
            RoundedBatch::new(eight_bits, architecture, &self.network.task, noise)
        });
        let forward = Forward {
            sizes: architecture.sizes(),
            settings: &self.network.settings,
            conventions: self.network.task.conventions,
            tensors: &resolved.tensors,
            device: &device,
            add_scale: self.settings.add_gradient_scale,
            noise: Some(Noise::new(self.seed, self.updates, index)),
            tap: rounded.as_ref().map(|rounded| rounded as &dyn LayerTap),
        };
        let entropy = cross_entropy(&forward, batch, self.settings.label_smoothing);
        totals.smoothed += f64::from(entropy.loss.clone().into_scalar::<f32>());
        totals.nll += entropy.nll;
        totals.correct += entropy.correct;
        let mut loss = entropy.loss / tokens.max(1) as f64;
        if let Some(prior) = self.prior(resolved.shared).filter(|_| index == 0) {
            totals.prior = f64::from(prior.clone().into_scalar::<f32>());
            loss = loss + prior;
        }
        drop(resolved.tensors);
        for (key, gradient) in self.network.parameters.gradients(&loss.backward()) {
            let sum = match totals.gradients.remove(&key) {
                Some(sum) => sum + gradient,
                None => gradient,
            };
            totals.gradients.insert(key, sum);
        }
    }

    fn prior(&self, shared: Vec<(spaces::Operator, Tensor<1>)>) -> Option<Tensor<1>> {
        match &self.network.keys {
            Keys::Supernet(sharing) if sharing.mode == SharingMode::Hws => Prior::from(sharing.prior).loss(shared),
            Keys::Supernet(_) | Keys::Subnet => None,
        }
    }
}

/// Returns the cross entropy of a batch, summed over its target tokens.
pub(super) fn cross_entropy(forward: &Forward<'_>, batch: &TokenBatch, smoothing: f64) -> CrossEntropy {
    let (values, targets) = target_values(forward, batch);
    smoothed_cross_entropy(values, forward.output_weight(), &targets, smoothing)
}

/// Returns the values behind the last decoder layer at real target positions, `[N, C]`, and their targets.
pub(super) fn target_values(forward: &Forward<'_>, batch: &TokenBatch) -> (Tensor<2>, Vec<u32>) {
    let inputs = batch.decoder_inputs();
    let inputs = Padded { tokens: &inputs, lengths: &batch.target_lengths, length: batch.target_length };
    let memory = forward.encode(&Padded::sources(batch));
    let values = forward.decode(&memory, &inputs);
    let (rows, targets) = real_targets(batch);
    match rows.len() == values.dims()[0] {
        true => (values, targets),
        false => (values.select(0, indices(rows, forward.device)), targets),
    }
}
