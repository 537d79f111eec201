use std::collections::BTreeMap;

use burn::Tensor;
use burn::tensor::activation::relu;
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use spaces::{Compute, Graph};

use crate::operators::attention::self_attention;
use crate::operators::batch_norm::{batch_norm, normalize};
use crate::operators::window::{GradientScale, window_layer};
use crate::statistics::{Moments, Statistics};

/// The tensors one node computes with.
#[derive(Clone, Debug)]
pub(crate) enum NodeTensors {
    /// The node has none.
    None,
    /// `[O, C / G, K, K]` and `[O]`.
    Linear { weight: Tensor<4>, bias: Option<Tensor<1>> },
    /// `[C]` each.
    Norm { gamma: Tensor<1>, beta: Tensor<1> },
    /// `[C]` each.
    Affine { scale: Tensor<1>, offset: Tensor<1> },
    /// `[classes, C]` and `[classes]`.
    Classifier { weight: Tensor<2>, bias: Tensor<1> },
}

impl NodeTensors {
    /// Returns the same values outside the gradient tape.
    pub fn detached(self) -> Self {
        match self {
            NodeTensors::None => NodeTensors::None,
            NodeTensors::Linear { weight, bias } => {
                NodeTensors::Linear { weight: weight.without_autodiff(), bias: bias.map(Tensor::without_autodiff) }
            }
            NodeTensors::Norm { gamma, beta } => {
                NodeTensors::Norm { gamma: gamma.without_autodiff(), beta: beta.without_autodiff() }
            }
            NodeTensors::Affine { scale, offset } => {
                NodeTensors::Affine { scale: scale.without_autodiff(), offset: offset.without_autodiff() }
            }
            NodeTensors::Classifier { weight, bias } => {
                NodeTensors::Classifier { weight: weight.without_autodiff(), bias: bias.without_autodiff() }
            }
        }
    }
}

/// Which moments a batch normalisation uses.
pub(crate) enum Normalization<'a> {
    /// The batch's own, which are collected by node name.
    Batch(&'a mut BTreeMap<String, Moments>),
    /// Stored ones.
    Stored(&'a Statistics),
    /// None: the graph is folded and has no batch normalisation.
    Folded,
}

/// What happens to the input of linear layers and the classifier before they read it.
pub(crate) type Tap<'a> = &'a mut dyn FnMut(usize, Tensor<4>) -> Tensor<4>;

/// One evaluation of a graph.
pub(crate) struct Forward<'a> {
    pub graph: &'a Graph,
    pub tensors: &'a [NodeTensors],
    pub normalization: Normalization<'a>,
    pub add_scale: GradientScale,
    pub tap: Option<Tap<'a>>,
}

impl Forward<'_> {
    /// Returns the logits of a batch.
    ///
    /// # Shapes
    /// - `images`: `[B, C, H, W]`
    /// - returns: `[B, classes]`
    pub fn run(mut self, images: Tensor<4>) -> Tensor<2> {
        let mut maps: Vec<Option<Tensor<4>>> = vec![Some(images)];
        let last_reader = last_readers(self.graph);
        for index in 1..self.graph.nodes.len() {
            let output = self.node(index, &maps);
            maps.push(Some(output));
            for &input in &self.graph.nodes[index].inputs {
                if last_reader[input] == index {
                    maps[input] = None;
                }
            }
        }
        let logits = maps.pop().flatten().expect("the last node is read by nobody");
        let [batch, classes, _, _] = logits.dims();
        logits.reshape([batch, classes])
    }

    fn node(&mut self, index: usize, maps: &[Option<Tensor<4>>]) -> Tensor<4> {
        let node = &self.graph.nodes[index];
        let read = |at: usize| maps[node.inputs[at]].clone().expect("inputs stand before their readers");
        match (node.compute, &self.tensors[index]) {
            (Compute::Linear(linear), NodeTensors::Linear { weight, bias }) => {
                let input = self.tapped(index, read(0));
                let output = window_layer(input, weight.clone(), &linear, self.add_scale);
                match bias {
                    Some(bias) => output + per_channel(bias.clone()),
                    None => output,
                }
            }
            (Compute::Classifier, NodeTensors::Classifier { weight, bias }) => {
                let input = self.tapped(index, read(0));
                let [batch, channels, _, _] = input.dims();
                let product = input.reshape([batch, channels]).matmul(weight.clone().transpose());
                let logits = product + bias.clone().unsqueeze();
                logits.reshape([batch, node.output.channels, 1, 1])
            }
            (Compute::BatchNorm, NodeTensors::Norm { gamma, beta }) => {
                let (gamma, beta) = (gamma.clone(), beta.clone());
                self.batch_norm(&node.name, read(0), gamma, beta)
            }
            (Compute::Affine, NodeTensors::Affine { scale, offset }) => {
                per_channel(scale.clone()) * read(0) + per_channel(offset.clone())
            }
            (Compute::Relu, _) => relu(read(0)),
            (Compute::Sum, _) => read(0) + read(1),
            (Compute::SelfAttention { heads, form }, _) => self_attention(read(0), heads, form),
            (Compute::MaxPool { kernel, stride, padding }, _) => {
                let options = MaxPoolOptions::new([kernel; 2]).with_stride([stride; 2]);
                max_pool2d(read(0), options.with_padding([padding; 2]))
            }
            (Compute::GlobalAveragePool, _) => read(0).mean_dim(2).mean_dim(3),
            (Compute::Input | Compute::Linear(_) | Compute::Classifier | Compute::BatchNorm | Compute::Affine, _) => {
                unreachable!("every node is resolved to the tensors of its kind")
            }
        }
    }

    fn tapped(&mut self, index: usize, input: Tensor<4>) -> Tensor<4> {
        match &mut self.tap {
            Some(tap) => tap(index, input),
            None => input,
        }
    }

    fn batch_norm(&mut self, name: &str, input: Tensor<4>, gamma: Tensor<1>, beta: Tensor<1>) -> Tensor<4> {
        match &mut self.normalization {
            Normalization::Batch(collected) => {
                let (output, moments) = batch_norm(input, gamma, beta);
                collected.insert(name.to_owned(), moments);
                output
            }
            Normalization::Stored(statistics) => {
                let moments = statistics.moments.get(name);
                normalize(input, gamma, beta, moments.expect("statistics were measured before they are used"))
            }
            Normalization::Folded => unreachable!("a folded graph has no batch normalisation"),
        }
    }
}

fn per_channel(vector: Tensor<1>) -> Tensor<4> {
    let channels = vector.dims()[0];
    vector.reshape([1, channels, 1, 1])
}

fn last_readers(graph: &Graph) -> Vec<usize> {
    let mut last = vec![usize::MAX; graph.nodes.len()];
    for (index, node) in graph.nodes.iter().enumerate() {
        node.inputs.iter().for_each(|&input| last[input] = index);
    }
    last
}
