use burn::Tensor;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use rayon::prelude::*;
use spaces::BATCH_NORM_EPSILON;

use super::host;
use crate::statistics::Moments;

/// Returns γ (x − μ) / √(σ² + ε) + β with the batch's own mean and biased variance per channel, and those moments.
///
/// # Shapes
/// - `input`: `[B, C, H, W]`
/// - `gamma`, `beta`: `[C]`
/// - returns: `[B, C, H, W]`, moments of `C` channels
pub fn batch_norm(input: Tensor<4>, gamma: Tensor<1>, beta: Tensor<1>) -> (Tensor<4>, Moments) {
    let planes = Planes::of(input.dims());
    let data = input.clone().without_autodiff().into_data().convert::<f32>();
    let moments = planes.moments(data.as_slice().expect("converted to f32"));
    let output =
        Dispatch::normalize_planes(input.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch(), moments.clone());
    (Tensor::from_dispatch(output), moments)
}

/// Batch normalisation by given batch moments, which the backward pass takes as functions of the input.
#[backend_extension(
    Flex,
    LibTorch: cfg(feature = "tch"),
    Cube: cfg(any(feature = "cuda", feature = "vulkan")),
    Autodiff
)]
pub(super) trait BatchNorm: Backend {
    fn normalize_planes(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        moments: Moments,
    ) -> FloatTensor<Self> {
        let (device, sizes) = (input.device(), host::sizes::<Self>(&input));
        let (gamma, beta) = (host::values::<Self>(gamma), host::values::<Self>(beta));
        let mut values = host::values::<Self>(input);
        Planes::of(sizes).each_channel(&mut values, |channel, values| {
            let scale = gamma[channel] * moments.inverse_deviation(channel);
            let offset = beta[channel] - scale * moments.mean[channel];
            values.iter_mut().for_each(|value| *value = *value * scale + offset);
        });
        host::tensor::<Self>(values, &sizes, &device)
    }
}

impl BatchNorm for Flex {}

#[cfg(feature = "tch")]
impl BatchNorm for burn::backend::LibTorch {}

#[cfg(any(feature = "cuda", feature = "vulkan"))]
impl BatchNorm for burn::backend::Cube {}

impl<B: BatchNorm, C: CheckpointStrategy> BatchNorm for Autodiff<B, C> {
    fn normalize_planes(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        moments: Moments,
    ) -> FloatTensor<Self> {
        let nodes = [input.node(), gamma.node(), beta.node()];
        match BatchNormBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let (at, scale) = (prepared.checkpoint(&input), prepared.checkpoint(&gamma));
                let (input, gamma, beta) = (input.into_primitive(), gamma.into_primitive(), beta.into_primitive());
                let output = B::normalize_planes(input, gamma, beta, moments.clone());
                prepared.finish((at, scale, moments), output)
            }
            OpsKind::UnTracked(prepared) => {
                let (input, gamma, beta) = (input.into_primitive(), gamma.into_primitive(), beta.into_primitive());
                prepared.finish(B::normalize_planes(input, gamma, beta, moments))
            }
        }
    }
}

#[derive(Debug)]
struct BatchNormBackward;

impl<B: BatchNorm> Backward<B, 3> for BatchNormBackward {
    type State = (NodeId, NodeId, Moments);

    /// With x̂ = (x − μ) / s and N values per channel: dβ = Σ G, dγ = Σ G x̂,
    /// dX = γ / s · (G − dβ / N − x̂ dγ / N).
    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let (input, gamma, moments) = ops.state;
        let upstream = grads.consume::<B>(&ops.node);
        let (device, sizes) = (upstream.device(), host::sizes::<B>(&upstream));
        let planes = Planes::of(sizes);
        let input = host::values::<B>(checkpointer.retrieve_node_output(input));
        let gamma = host::values::<B>(checkpointer.retrieve_node_output(gamma));
        let mut values = host::values::<B>(upstream);
        let sums = planes.gradient_sums(&input, &values, &moments);
        let [input_node, gamma_node, beta_node] = ops.parents;
        if let Some(node) = input_node {
            planes.input_gradient(&input, &gamma, &moments, &sums, &mut values);
            grads.register::<B>(node.id, host::tensor::<B>(values, &sizes, &device));
        }
        let (of_beta, of_gamma): (Vec<f32>, Vec<f32>) = sums.into_iter().unzip();
        for (node, gradient) in [(gamma_node, of_gamma), (beta_node, of_beta)] {
            if let Some(node) = node {
                grads.register::<B>(node.id, host::tensor::<B>(gradient, &[planes.channels], &device));
            }
        }
    }
}

/// `[B, C, P]` values as planes of P positions.
struct Planes {
    batch: usize,
    channels: usize,
    positions: usize,
}

impl Planes {
    fn of([batch, channels, height, width]: [usize; 4]) -> Self {
        Self { batch, channels, positions: height * width }
    }

    fn count(&self) -> f32 {
        (self.batch * self.positions) as f32
    }

    fn each_channel(&self, values: &mut [f32], function: impl Fn(usize, &mut [f32]) + Sync) {
        let planes = values.par_chunks_mut(self.positions).enumerate();
        planes.for_each(|(plane, values)| function(plane % self.channels, values));
    }

    fn planes_of<'a>(&self, channel: usize, values: &'a [f32]) -> impl Iterator<Item = &'a [f32]> {
        values.chunks_exact(self.positions).skip(channel).step_by(self.channels)
    }

    fn moments(&self, values: &[f32]) -> Moments {
        let of_channel = |channel| {
            let total: f32 = self.planes_of(channel, values).map(|plane| plane.iter().sum::<f32>()).sum();
            let mean = total / self.count();
            let squares = |plane: &[f32]| plane.iter().map(|value| (value - mean).powi(2)).sum::<f32>();
            (mean, self.planes_of(channel, values).map(squares).sum::<f32>() / self.count())
        };
        let (mean, variance) = (0..self.channels).into_par_iter().map(of_channel).unzip();
        Moments { mean, variance }
    }

    /// Returns (Σ G, Σ G x̂) per channel.
    fn gradient_sums(&self, input: &[f32], upstream: &[f32], moments: &Moments) -> Vec<(f32, f32)> {
        let of_channel = |channel: usize| {
            let (mean, inverse) = (moments.mean[channel], moments.inverse_deviation(channel));
            let planes = self.planes_of(channel, input).zip(self.planes_of(channel, upstream));
            planes.fold((0.0, 0.0), |(plain, scaled), (input, upstream)| {
                let products = input.iter().zip(upstream).map(|(x, g)| g * (x - mean)).sum::<f32>();
                (plain + upstream.iter().sum::<f32>(), scaled + products * inverse)
            })
        };
        (0..self.channels).into_par_iter().map(of_channel).collect()
    }

    /// Turns upstream gradients into input gradients.
    fn input_gradient(
        &self,
        input: &[f32],
        gamma: &[f32],
        moments: &Moments,
        sums: &[(f32, f32)],
        upstream: &mut [f32],
    ) {
        let planes = upstream.par_chunks_mut(self.positions).zip(input.par_chunks(self.positions)).enumerate();
        planes.for_each(|(plane, (upstream, input))| {
            let channel = plane % self.channels;
            let (mean, inverse) = (moments.mean[channel], moments.inverse_deviation(channel));
            let factor = gamma[channel] * inverse;
            let (plain, scaled) = (sums[channel].0 / self.count(), sums[channel].1 / self.count() * inverse);
            for (g, x) in upstream.iter_mut().zip(input) {
                *g = factor * (*g - plain - (x - mean) * scaled);
            }
        });
    }
}

/// Returns γ (x − μ) / √(σ² + ε) + β with given moments.
///
/// # Shapes
/// - `input`, returns: `[B, C, H, W]`
/// - `gamma`, `beta`: `[C]`
pub fn normalize(input: Tensor<4>, gamma: Tensor<1>, beta: Tensor<1>, moments: &Moments) -> Tensor<4> {
    let device = input.device();
    let channels = moments.mean.len();
    let mean = Tensor::<1>::from_floats(moments.mean.as_slice(), &device);
    let variance = Tensor::<1>::from_floats(moments.variance.as_slice(), &device);
    let scale = gamma / (variance + BATCH_NORM_EPSILON).sqrt();
    let offset = beta - scale.clone() * mean;
    input * scale.reshape([1, channels, 1, 1]) + offset.reshape([1, channels, 1, 1])
}
