//! Operators as whole passes on tensors, for benchmarks: ours, burn's own, and the primitives one would write first.

use burn::Tensor;
use burn::tensor::TensorData;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use spaces::{Graph, Linear};

use crate::forward::{Forward, Normalization};
use crate::operators::window::window_layer;
use crate::{Device, Network, ShiftForm};

/// What computes a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Implementation {
    /// Our operator.
    Ours,
    /// burn's convolution; the layer must multiply.
    Burn,
    /// Broadcast differences of the whole product of shapes; the layer must be an add layer on 1x1 maps.
    Primitives,
}

/// How much of a training step is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passes {
    /// The output.
    Forward,
    /// The output and the gradients of input and weight.
    Both,
}

/// A layer, ready to be run any number of times.
#[derive(Debug)]
pub struct LayerTrial {
    input: Tensor<4>,
    weight: Tensor<4>,
    upstream: Tensor<4>,
    linear: Linear,
    implementation: Implementation,
    passes: Passes,
}

impl LayerTrial {
    /// Returns a layer of `outputs` channels on random-like values.
    pub fn new(
        linear: Linear,
        input: [usize; 4],
        outputs: usize,
        implementation: Implementation,
        passes: Passes,
        device: &Device,
    ) -> Self {
        let device = match passes {
            Passes::Forward => device.clone(),
            Passes::Both => device.clone().autodiff(),
        };
        let edge = |size: usize| (size + 2 * linear.padding - linear.kernel) / linear.stride + 1;
        let weight = [outputs, input[1] / linear.groups, linear.kernel, linear.kernel];
        let upstream = [input[0], outputs, edge(input[2]), edge(input[3])];
        Self {
            input: tracked(waves(input, 0.7, &device), passes),
            weight: tracked(waves(weight, 1.3, &device), passes),
            upstream: waves(upstream, 1.9, &device),
            linear,
            implementation,
            passes,
        }
    }

    /// Makes the passes once.
    pub fn run(&self) {
        let output = self.output();
        match self.passes {
            Passes::Forward => wait(output),
            Passes::Both => {
                let gradients = (output * self.upstream.clone()).sum().backward();
                wait(self.input.grad(&gradients).expect("the input is tracked"));
                wait(self.weight.grad(&gradients).expect("the weight is tracked"));
            }
        }
    }

    fn output(&self) -> Tensor<4> {
        let (input, weight, linear) = (self.input.clone(), self.weight.clone(), &self.linear);
        match self.implementation {
            Implementation::Ours => window_layer(input, weight, linear, None),
            Implementation::Burn => {
                let (stride, padding) = ([linear.stride; 2], [linear.padding; 2]);
                conv2d(input, weight, None, ConvOptions::new(stride, padding, [1, 1], linear.groups))
            }
            Implementation::Primitives => {
                let ([rows, inputs, _, _], [outputs, _, _, _]) = (input.dims(), weight.dims());
                let difference = input.reshape([rows, 1, inputs]) - weight.reshape([1, outputs, inputs]);
                -difference.abs().sum_dim(2).reshape([rows, outputs, 1, 1])
            }
        }
    }
}

/// A network in training, ready for any number of steps without an optimizer.
#[derive(Debug)]
pub struct NetworkTrial {
    network: Network,
    graph: Graph,
    images: Tensor<4>,
}

impl NetworkTrial {
    /// Returns a fresh network and a batch of random-like pictures.
    pub fn new(graph: Graph, batch: usize, device: &Device) -> Self {
        let size = graph.nodes[0].output;
        let images = waves([batch, size.channels, size.height, size.width], 0.7, &device.clone().autodiff());
        Self { network: Network::subnet(&graph, ShiftForm::Q, 1, device), graph, images }
    }

    /// Makes the forward and the backward pass once.
    pub fn run(&self) {
        let tensors = self.network.resolve(&self.graph);
        let forward = Forward {
            graph: &self.graph,
            tensors: &tensors,
            normalization: Normalization::Batch(&mut Default::default()),
            add_scale: Some(0.2),
            tap: None,
        };
        let logits = forward.run(self.images.clone());
        // Dropping the gradients of a synchronous device ends the step.
        drop(logits.sum().backward());
    }
}

fn tracked(tensor: Tensor<4>, passes: Passes) -> Tensor<4> {
    match passes {
        Passes::Forward => tensor,
        Passes::Both => tensor.require_grad(),
    }
}

/// Returns values in [−1, 1] without a short period.
fn waves<const D: usize>(shape: [usize; D], step: f32, device: &Device) -> Tensor<D> {
    let values: Vec<f32> = (0..shape.iter().product()).map(|at| (at as f32 * step).sin()).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Reads one value, so that a device has done all the work.
fn wait<const D: usize>(tensor: Tensor<D>) {
    let first = tensor.without_autodiff().narrow(0, 0, 1);
    drop(first.into_data());
}
