use std::f64::consts::LN_2;

use burn::tensor::Device;
use burn::tensor::activation::log_softmax;
use datasets::TokenBatch;
use spaces::{TransformerArchitecture, TranslationTask, Weights, WeightsError};

use super::forward::Forward;
use super::network::TranslationNetwork;
use super::quantization::{RoundedInputs, float_weights};
use super::settings::{DropoutRates, NetworkSettings};
use super::tap::LayerTap;
use super::tensors::NetworkTensors;
use super::trainer::{cross_entropy, target_values};
use crate::parameters::host_values;

/// A translation network that only infers: fixed tensors of one architecture.
pub struct TranslationInference {
    architecture: TransformerArchitecture,
    task: TranslationTask,
    settings: NetworkSettings,
    tensors: NetworkTensors,
    /// The grids of 8-bit networks.
    inputs: Option<RoundedInputs>,
    device: Device,
}

/// Losses of a batch, summed over its target tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BatchLoss {
    /// Negative log-likelihood in bits.
    pub nll_bits: f64,
    /// Label-smoothed loss in bits.
    pub smoothed_bits: f64,
    /// Target tokens.
    pub tokens: usize,
    /// Target tokens with the largest logit.
    pub correct: usize,
}

impl TranslationInference {
    /// Returns one architecture of a network. Slices, transforms and rounding are done once, here.
    pub fn of_path(network: &TranslationNetwork, architecture: &TransformerArchitecture) -> Self {
        Self {
            architecture: architecture.clone(),
            task: network.task,
            settings: NetworkSettings { dropout: DropoutRates::none(), ..network.settings },
            tensors: network.resolve(architecture).tensors.detached(),
            inputs: None,
            device: network.parameters.device().clone().inner(),
        }
    }

    /// Returns the network of exported weights.
    ///
    /// # Errors
    /// If a tensor of the architecture is missing or has another shape.
    pub fn of_weights(
        architecture: &TransformerArchitecture,
        task: &TranslationTask,
        weights: &Weights,
        device: &Device,
    ) -> Result<Self, WeightsError> {
        Ok(Self {
            architecture: architecture.clone(),
            task: *task,
            settings: NetworkSettings { dropout: DropoutRates::none(), ..NetworkSettings::default() },
            tensors: NetworkTensors::of_weights(architecture, task, weights, device)?,
            inputs: None,
            device: device.clone(),
        })
    }

    /// Returns an 8-bit network computed with floats: inputs and weights take only the values that their bytes stand
    /// for (layout: [`super::quantize_translation`]).
    ///
    /// # Errors
    /// If a tensor of the architecture is missing or has another type or shape.
    pub fn of_quantized(
        architecture: &TransformerArchitecture,
        task: &TranslationTask,
        quantized: &Weights,
        device: &Device,
    ) -> Result<Self, WeightsError> {
        let floats = float_weights(architecture, task, quantized)?;
        let inputs = Some(RoundedInputs::of_weights(architecture, task, quantized)?);
        Ok(Self { inputs, ..Self::of_weights(architecture, task, &floats, device)? })
    }

    /// Returns the losses of a batch.
    pub fn loss(&self, batch: &TokenBatch, smoothing: f64) -> BatchLoss {
        let entropy = cross_entropy(&self.forward(), batch, smoothing);
        BatchLoss {
            nll_bits: entropy.nll / LN_2,
            smoothed_bits: f64::from(entropy.loss.into_scalar::<f32>()) / LN_2,
            tokens: batch.target_tokens(),
            correct: entropy.correct,
        }
    }

    /// Returns natural log-probabilities of all tokens at all real target positions, computed side by side: V of them
    /// per target token, sentence by sentence.
    pub fn log_probabilities(&self, batch: &TokenBatch) -> Vec<f32> {
        let forward = self.forward();
        let (values, _) = target_values(&forward, batch);
        host_values(log_softmax(forward.logits(values), 1))
    }

    /// Returns what it translates.
    pub const fn task(&self) -> &TranslationTask {
        &self.task
    }

    pub(super) fn forward(&self) -> Forward<'_> {
        Forward {
            sizes: self.architecture.sizes(),
            settings: &self.settings,
            conventions: self.task.conventions,
            tensors: &self.tensors,
            device: &self.device,
            add_scale: None,
            noise: None,
            tap: self.inputs.as_ref().map(|inputs| inputs as &dyn LayerTap),
        }
    }
}

impl std::ops::AddAssign for BatchLoss {
    fn add_assign(&mut self, other: Self) {
        self.nll_bits += other.nll_bits;
        self.smoothed_bits += other.smoothed_bits;
        self.tokens += other.tokens;
        self.correct += other.correct;
    }
}
