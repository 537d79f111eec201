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

/// Returns freshly drawn float weights; normalisations take inputs as they are.
pub fn float_weights(graph: &Graph, seed: u64, device: &Device) -> Result<Weights, StageError> {
    let norms = graph.nodes.iter().filter(|node| node.compute == Compute::BatchNorm);
    let moments: BTreeMap<String, Moments> = norms
        .map(|node| {
            let channels = node.output.channels;
            (node.name.clone(), Moments { mean: vec![0.0; channels], variance: vec![1.0; channels] })
        })
        .collect();
    let network = Network::subnet(graph, ShiftForm::Q, seed, device);
    network.export(graph, &Statistics::from(moments)).map_err(unfit)
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
