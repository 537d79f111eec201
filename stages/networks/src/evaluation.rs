use std::collections::BTreeMap;

use burn::tensor::Device;
use datasets::{Normalization as PixelNormalization, Pictures};
use spaces::{Graph, Weights, WeightsError};

use crate::forward::{Forward, NodeTensors, Normalization};
use crate::network::Network;
use crate::statistics::Statistics;
use crate::training::largest;
use crate::weights::tensors_of;

/// A network that only infers: fixed tensors of one graph.
pub struct Inference {
    graph: Graph,
    tensors: Vec<NodeTensors>,
    statistics: Statistics,
    device: Device,
}

impl Inference {
    /// Returns one path of a network with the given moments. Transforms and rounding are done once, here.
    pub fn of_path(network: &Network, graph: &Graph, statistics: Statistics) -> Self {
        let tensors = network.resolve(graph).into_iter().map(NodeTensors::detached).collect();
        let device = network.parameters.device().clone().inner();
        Self { graph: graph.clone(), tensors, statistics, device }
    }

    /// Returns the network of a graph with float weights, folded or not.
    ///
    /// # Errors
    /// If a tensor of the graph is missing or has another shape.
    pub fn of_weights(graph: &Graph, weights: &Weights, device: &Device) -> Result<Self, WeightsError> {
        let (tensors, statistics) = tensors_of(graph, weights, device)?;
        Ok(Self { graph: graph.clone(), tensors, statistics, device: device.clone() })
    }

    /// Measures the moments of all batch normalisations anew: the mean over `batches` batches of `batch_size`
    /// pictures, taken in order.
    pub fn recalibrate(&mut self, pictures: &Pictures, pixels: &PixelNormalization, batch_size: usize, batches: usize) {
        let mut statistics = Statistics::default();
        let order: Vec<usize> = (0..pictures.len()).collect();
        for indices in order.chunks(batch_size).take(batches) {
            let batch = pictures.batch(indices, pixels);
            let mut moments = BTreeMap::new();
            self.forward(Normalization::Batch(&mut moments)).run(crate::training::images(&batch, &self.device));
            statistics.average(&moments);
        }
        self.statistics = statistics;
    }

    /// Returns the logits of pictures, row after row.
    pub fn logits(&self, pictures: &Pictures, pixels: &PixelNormalization, batch_size: usize) -> Vec<f32> {
        let order: Vec<usize> = (0..pictures.len()).collect();
        let of_batch = |indices: &[usize]| {
            let images = crate::training::images(&pictures.batch(indices, pixels), &self.device);
            crate::parameters::host_values(self.forward(Normalization::Stored(&self.statistics)).run(images))
        };
        order.chunks(batch_size).flat_map(of_batch).collect()
    }

    /// Returns the share of pictures whose largest logit is at their label.
    pub fn accuracy(&self, pictures: &Pictures, pixels: &PixelNormalization, batch_size: usize) -> f64 {
        accuracy(&self.logits(pictures, pixels, batch_size), pictures)
    }

    fn forward<'a>(&'a self, normalization: Normalization<'a>) -> Forward<'a> {
        Forward { graph: &self.graph, tensors: &self.tensors, normalization, add_scale: None, tap: None }
    }
}

/// Returns the share of pictures whose largest logit is at their label.
pub fn accuracy(logits: &[f32], pictures: &Pictures) -> f64 {
    let classes = logits.len() / pictures.len().max(1);
    let rows = logits.chunks_exact(classes.max(1)).enumerate();
    let correct = rows.filter(|(at, row)| largest(row) == pictures.label(*at) as usize).count();
    correct as f64 / pictures.len().max(1) as f64
}
