use std::collections::BTreeMap;

use burn::Tensor;
use burn::optim::{AdamW, AdamWConfig, AdamWState, AdaptiveMomentumState, Optimizer as _};
use burn::tensor::{Gradients, TensorData};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::parameters::{KeyedGradients, Parameters, host_values};

/// How parameters follow their gradients. Weight decay applies to tensors of two and more axes only.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum OptimizerSettings {
    /// Adam with decoupled weight decay, ε 1e-8 (the recipe of DeiT, which the paper follows).
    Adamw {
        /// Decay per unit of learning rate.
        #[serde(default = "default_adamw_decay")]
        weight_decay: f64,
        /// Shares of the running means of gradients and of their squares that a step keeps.
        #[serde(default = "default_betas")]
        betas: [f64; 2],
    },
    /// Stochastic gradient descent with momentum (AdderNet's recipe: 0.9 and 5e-4).
    Sgd {
        /// Share of the last step that is kept.
        #[serde(default = "default_momentum")]
        momentum: f64,
        /// Factor of the weights that is added to their gradient.
        #[serde(default = "default_sgd_decay")]
        weight_decay: f64,
    },
}

const fn default_adamw_decay() -> f64 {
    0.05
}

/// β₁ and β₂ of Adam where nothing else is said.
pub(crate) const fn default_betas() -> [f64; 2] {
    [0.9, 0.999]
}

const fn default_momentum() -> f64 {
    0.9
}

const fn default_sgd_decay() -> f64 {
    5e-4
}

impl Default for OptimizerSettings {
    fn default() -> Self {
        OptimizerSettings::Adamw { weight_decay: default_adamw_decay(), betas: default_betas() }
    }
}

/// What an optimizer remembers of one tensor, as plain numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Momentum {
    /// Key of the tensor.
    pub key: String,
    /// Steps taken (Adam), 0 otherwise.
    pub steps: usize,
    /// Running mean of gradients.
    pub first: Vec<f32>,
    /// Running mean of squared gradients (Adam), empty otherwise.
    pub second: Vec<f32>,
}

/// An optimizer with its memory. Tensors without a gradient in a step keep value and memory.
pub struct Optimizer {
    settings: OptimizerSettings,
    states: BTreeMap<String, State>,
}

enum State {
    Adam(Box<AdamWState<1>>),
    /// The velocity. (burn keeps its own momentum private, and a checkpoint must hold it.)
    Sgd(Box<Tensor<1>>),
}

impl Optimizer {
    /// Returns an optimizer without memory.
    pub fn new(settings: OptimizerSettings) -> Self {
        Self { settings, states: BTreeMap::new() }
    }

    /// Moves every parameter that has a gradient; gradients are first scaled to a joint norm of at most `clip`.
    pub fn step(&mut self, learning_rate: f64, parameters: &mut Parameters, gradients: &Gradients, clip: Option<f64>) {
        let gradients = parameters.gradients(gradients);
        self.follow(learning_rate, parameters, gradients, clip);
    }

    /// As [`Optimizer::step`], with the gradients by key.
    pub(crate) fn follow(
        &mut self,
        learning_rate: f64,
        parameters: &mut Parameters,
        mut gradients: KeyedGradients,
        clip: Option<f64>,
    ) {
        let factor = clip.and_then(|clip| clip_factor(&gradients, clip));
        for (key, parameter) in parameters.iter_mut() {
            let Some(mut gradient) = gradients.remove(key) else { continue };
            if let Some(factor) = factor {
                gradient = gradient * factor;
            }
            let decays = parameter.shape.len() > 1;
            let value = parameter.value.clone().without_autodiff();
            let moved = self.move_one(key, learning_rate, value, gradient, Decay::of(decays));
            parameter.value = Tensor::from_inner(moved).require_grad();
        }
    }

    fn move_one(&mut self, key: &str, rate: f64, value: Tensor<1>, gradient: Tensor<1>, decay: Decay) -> Tensor<1> {
        let state = self.states.remove(key);
        let (moved, state) = match self.settings {
            OptimizerSettings::Adamw { weight_decay, betas } => {
                let state = state.and_then(State::into_adam);
                let (moved, state) = adamw(decay.of_weights(weight_decay), betas).step(rate, value, gradient, state);
                (moved, state.map(|state| State::Adam(Box::new(state))))
            }
            OptimizerSettings::Sgd { momentum, weight_decay } => {
                let gradient = gradient + value.clone() * decay.of_weights(weight_decay);
                let velocity = match state.and_then(State::into_sgd) {
                    Some(velocity) => velocity * momentum + gradient,
                    None => gradient,
                };
                (value - velocity.clone() * rate, Some(State::Sgd(Box::new(velocity))))
            }
        };
        if let Some(state) = state {
            self.states.insert(key.to_owned(), state);
        }
        moved
    }

    /// Returns the memory as plain numbers, in key order.
    pub fn memory(&self) -> Vec<Momentum> {
        self.states.iter().map(|(key, state)| state.to_momentum(key)).collect()
    }

    /// Returns an optimizer with the memory of another one of the same settings.
    pub fn with_memory(settings: OptimizerSettings, memory: Vec<Momentum>, parameters: &Parameters) -> Self {
        let tensor = |values: Vec<f32>| {
            let length = values.len();
            Tensor::<1>::from_data(TensorData::new(values, [length]), &parameters.device().clone().inner())
        };
        let restore = |momentum: Momentum| {
            let state =
                match settings {
                    OptimizerSettings::Adamw { .. } => State::Adam(Box::new(AdamWState::new(
                        AdaptiveMomentumState::new(momentum.steps, tensor(momentum.first), tensor(momentum.second)),
                    ))),
                    OptimizerSettings::Sgd { .. } => State::Sgd(Box::new(tensor(momentum.first))),
                };
            (momentum.key, state)
        };
        Self { settings, states: memory.into_iter().map(restore).collect() }
    }
}

#[derive(Clone, Copy)]
enum Decay {
    Yes,
    No,
}

impl Decay {
    const fn of(decays: bool) -> Self {
        if decays { Decay::Yes } else { Decay::No }
    }

    const fn of_weights(self, decay: f64) -> f64 {
        match self {
            Decay::Yes => decay,
            Decay::No => 0.0,
        }
    }
}

impl State {
    fn into_adam(self) -> Option<AdamWState<1>> {
        match self {
            State::Adam(state) => Some(*state),
            State::Sgd(_) => None,
        }
    }

    fn into_sgd(self) -> Option<Tensor<1>> {
        match self {
            State::Sgd(velocity) => Some(*velocity),
            State::Adam(_) => None,
        }
    }

    fn to_momentum(&self, key: &str) -> Momentum {
        let key = key.to_owned();
        match self {
            State::Adam(state) => Momentum {
                key,
                steps: state.momentum.time,
                first: host_values(state.momentum.moment_1.clone()),
                second: host_values(state.momentum.moment_2.clone()),
            },
            State::Sgd(velocity) => {
                Momentum { key, steps: 0, first: host_values(Tensor::clone(velocity)), second: Vec::new() }
            }
        }
    }
}

fn adamw(weight_decay: f64, [first, second]: [f64; 2]) -> AdamW {
    let config = AdamWConfig::new().with_beta_1(first as f32).with_beta_2(second as f32);
    config.with_epsilon(1e-8).with_weight_decay(weight_decay as f32).build()
}

fn clip_factor(gradients: &KeyedGradients, clip: f64) -> Option<f32> {
    let squares = gradients.values().map(|gradient| gradient.clone().square().sum().into_scalar::<f32>());
    let total: f64 = squares.map(f64::from).sum();
    let norm = total.sqrt();
    (norm > clip).then(|| (clip / norm) as f32)
}
