//! Networks with weights that were never trained: for what depends on the shapes alone.

use std::collections::BTreeMap;

use datasets::{ImageShape, Normalization, Pictures, SourceError};
use engine::StageError;
use networks::{Device, Moments, Network, ShiftForm, Statistics, quantize};
use rand::Rng;
use rand_chacha::ChaCha12Rng;
use spaces::{Compute, Graph, Task, Weights, WeightsError};

/// Pictures that decide the scales of 8-bit codes.
const CALIBRATION: usize = 2;

/// Scale and offset of every normalisation. Training starts with scales of 0 at the end of blocks and offsets of 0, and a
/// runtime leaves out what is multiplied with 0: such a network would be faster than any trained one.
const SCALE_AND_OFFSET: [(&str, f32); 2] = [("gamma", 1.0), ("beta", 0.1)];

/// Returns freshly drawn float weights; normalisations take inputs nearly as they are.
pub fn float_weights(graph: &Graph, seed: u64, device: &Device) -> Result<Weights, StageError> {
    let norms = graph.nodes.iter().filter(|node| node.compute == Compute::BatchNorm);
    let moments: BTreeMap<String, Moments> = norms
        .map(|node| {
            let channels = node.output.channels;
            (node.name.clone(), Moments { mean: vec![0.0; channels], variance: vec![1.0; channels] })
        })
        .collect();
    let network = Network::subnet(graph, ShiftForm::Q, seed, device);
    let mut weights = network.export(graph, &Statistics::from(moments)).map_err(unfit)?;
    for name in graph.nodes.iter().filter(|node| node.compute == Compute::BatchNorm).map(|node| &node.name) {
        for (kind, value) in SCALE_AND_OFFSET {
            let name = format!("{name}.{kind}");
            let shape = weights.get(&name).map_err(unfit)?.shape.clone();
            let values = vec![value; shape.iter().product()];
            weights.insert(name, shape, values);
        }
    }
    Ok(weights)
}

/// Returns the folded graph and 8-bit weights of a float network, calibrated on pictures of noise.
pub fn eight_bit_weights(
    graph: &Graph,
    weights: &Weights,
    task: Task,
    rng: &mut ChaCha12Rng,
    device: &Device,
) -> Result<(Graph, Weights), StageError> {
    let pictures = noise(task, rng).map_err(|error| StageError::caused("no pictures to calibrate on", error))?;
    let pixels = Normalization::measure(&pictures);
    quantize(graph, weights, &pictures, &pixels, CALIBRATION, device).map_err(unfit)
}

fn noise(task: Task, rng: &mut ChaCha12Rng) -> Result<Pictures, SourceError> {
    let shape = ImageShape { channels: task.input.channels, height: task.input.height, width: task.input.width };
    let mut pixels = vec![0; CALIBRATION * task.input.values()];
    rng.fill_bytes(&mut pixels);
    Pictures::from_parts(shape, task.classes, pixels, vec![0; CALIBRATION])
}

fn unfit(error: WeightsError) -> StageError {
    StageError::caused("the weights do not fit the architecture", error)
}

#[cfg(test)]
mod tests {
    use spaces::{FeatureMap, SearchSpace};

    use super::*;

    #[test]
    fn nothing_is_multiplied_with_zero() {
        let text = include_str!("../../pipeline/manifests/quickstart.toml");
        let space = crate::costing::manifest_space("quickstart.toml".as_ref(), text).unwrap();
        let task = Task { input: FeatureMap { channels: 1, height: 28, width: 28 }, classes: 10 };
        let graph = space.graph(&space.parse("D.SCA").unwrap(), task);
        let weights = float_weights(&graph, 1, &Device::flex()).unwrap();
        let gammas: Vec<&String> = weights.tensors.keys().filter(|name| name.ends_with(".gamma")).collect();
        assert!(gammas.len() > 8);
        for name in gammas {
            let shape = &weights.get(name).unwrap().shape;
            assert!(weights.floats(name, shape).unwrap().iter().all(|scale| *scale != 0.0), "{name}");
        }
    }
}
