use burn::Tensor;
use burn::tensor::{Device, TensorData};
use spaces::{Compute, Graph, ParameterKind, Weights, WeightsError};

use crate::forward::NodeTensors;
use crate::network::Network;
use crate::parameters::host_values;
use crate::statistics::{Moments, Statistics};

impl Network {
    /// Returns one path as plain tensors by parameter name: weights as the arithmetic sees them (transformed,
    /// rounded to powers of two) and the given moments.
    ///
    /// # Errors
    /// If the moments of a batch normalisation are missing.
    pub fn export(&self, graph: &Graph, statistics: &Statistics) -> Result<Weights, WeightsError> {
        let mut weights = Weights::default();
        for (index, tensors) in self.resolve(graph).into_iter().enumerate() {
            let node = &graph.nodes[index];
            for parameter in graph.parameters_of(index) {
                let values = match (parameter.kind, &tensors) {
                    (ParameterKind::Weight, NodeTensors::Linear { weight, .. }) => host_values(weight.clone()),
                    (ParameterKind::Bias, NodeTensors::Linear { bias: Some(bias), .. }) => host_values(bias.clone()),
                    (ParameterKind::Weight, NodeTensors::Classifier { weight, .. }) => host_values(weight.clone()),
                    (ParameterKind::Bias, NodeTensors::Classifier { bias, .. }) => host_values(bias.clone()),
                    (ParameterKind::Gamma, NodeTensors::Norm { gamma, .. }) => host_values(gamma.clone()),
                    (ParameterKind::Beta, NodeTensors::Norm { beta, .. }) => host_values(beta.clone()),
                    (ParameterKind::Scale, NodeTensors::Affine { scale, .. }) => host_values(scale.clone()),
                    (ParameterKind::Offset, NodeTensors::Affine { offset, .. }) => host_values(offset.clone()),
                    (kind, _) => moments_of(statistics, &node.name, kind)?,
                };
                weights.insert(parameter.name, parameter.shape, values);
            }
        }
        Ok(weights)
    }
}

fn moments_of(statistics: &Statistics, node: &str, kind: ParameterKind) -> Result<Vec<f32>, WeightsError> {
    let missing = || WeightsError::Missing { name: format!("{node}.{}", kind.name()) };
    let moments = statistics.moments.get(node).ok_or_else(missing)?;
    match kind {
        ParameterKind::Mean => Ok(moments.mean.clone()),
        ParameterKind::Variance => Ok(moments.variance.clone()),
        ParameterKind::Weight
        | ParameterKind::Bias
        | ParameterKind::Gamma
        | ParameterKind::Beta
        | ParameterKind::Scale
        | ParameterKind::Offset => Err(missing()),
    }
}

/// Returns the tensors of every node of a graph and its stored moments.
pub(crate) fn tensors_of(
    graph: &Graph,
    weights: &Weights,
    device: &Device,
) -> Result<(Vec<NodeTensors>, Statistics), WeightsError> {
    let mut statistics = Statistics::default();
    let mut tensors = Vec::with_capacity(graph.nodes.len());
    for (index, node) in graph.nodes.iter().enumerate() {
        let parameters = graph.parameters_of(index);
        let values = |at: usize| weights.floats(&parameters[at].name, &parameters[at].shape);
        let vector = |at: usize| values(at).map(|values| Tensor::<1>::from_floats(values, device));
        tensors.push(match node.compute {
            Compute::Linear(linear) => {
                let weight = shaped(values(0)?, [0, 1, 2, 3].map(|axis| parameters[0].shape[axis]), device);
                NodeTensors::Linear { weight, bias: linear.bias.then(|| vector(1)).transpose()? }
            }
            Compute::Classifier => {
                let shape = [parameters[0].shape[0], parameters[0].shape[1]];
                NodeTensors::Classifier { weight: shaped(values(0)?, shape, device), bias: vector(1)? }
            }
            Compute::BatchNorm => {
                let moments = Moments { mean: values(2)?.to_vec(), variance: values(3)?.to_vec() };
                statistics.moments.insert(node.name.clone(), moments);
                NodeTensors::Norm { gamma: vector(0)?, beta: vector(1)? }
            }
            Compute::Affine => NodeTensors::Affine { scale: vector(0)?, offset: vector(1)? },
            Compute::Input
            | Compute::Relu
            | Compute::SelfAttention { .. }
            | Compute::Sum
            | Compute::MaxPool { .. }
            | Compute::GlobalAveragePool => NodeTensors::None,
        });
    }
    Ok((tensors, statistics))
}

fn shaped<const D: usize>(values: &[f32], shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
}
