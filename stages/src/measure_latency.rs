use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use engine::{Context, Stage, StageError, open_at, outputs, publish_at};
use exports::{Form, Metadata, RunError, Runner, export, warm_latency};
use networks::Device;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spaces::{Architecture, Genome, Graph, SearchSpace, Space, Task};

use crate::artifacts::{LatencyMeasurement, LatencyRows};
use crate::latency_features::features;
use crate::random_network;

/// Measures how long random networks of a space take on this host.
pub struct MeasureLatency;

/// Which networks are measured, and how.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeasureLatencyParams {
    /// The search space.
    space: Space,
    /// Picture size and number of classes.
    task: Task,
    /// Number of distinct random networks; fewer if the space is smaller.
    architectures: NonZeroUsize,
    /// How their numbers are stored and computed.
    #[serde(default)]
    form: NumberForm,
    /// Pictures per run.
    #[serde(default = "default_batch")]
    batch: NonZeroUsize,
    /// Runs before the measurement, not counted.
    #[serde(default = "default_warm_up")]
    warm_up: NonZeroUsize,
    /// Runs that are timed.
    #[serde(default = "default_repetitions")]
    repetitions: NonZeroUsize,
}

/// How the numbers of a network are stored and computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NumberForm {
    /// 32-bit floats.
    #[default]
    Float,
    /// 8-bit weights and inputs of layers.
    Int8,
}

const fn default_batch() -> NonZeroUsize {
    NonZeroUsize::MIN
}

const fn default_warm_up() -> NonZeroUsize {
    NonZeroUsize::new(5).expect("not zero")
}

const fn default_repetitions() -> NonZeroUsize {
    NonZeroUsize::new(50).expect("not zero")
}

outputs! {
    /// The measurements.
    pub struct MeasureLatencyOutputs {
        /// Features and latency of every network.
        pub rows: LatencyRows,
    }
}

impl Stage for MeasureLatency {
    const KIND: &'static str = "measure-latency";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str =
        "Measures random networks of a space in tract on this host: rows for a latency predictor";

    type Params = MeasureLatencyParams;
    type Inputs = ();
    type Outputs = MeasureLatencyOutputs;

    fn check(&self, params: &Self::Params) -> Result<(), String> {
        params.space.validate(params.task).map_err(|error| format!("`space`: {error}"))
    }

    fn run(&self, params: &Self::Params, (): (), context: &mut Context<'_>) -> Result<Self::Outputs, StageError> {
        let genomes = genomes(params, context);
        let mut measured = resume(params, &genomes, context)?;
        for (at, genome) in genomes.iter().enumerate().skip(measured.rows.len()) {
            context.check_interrupt()?;
            context.progress(at as u64, genomes.len() as u64, &params.space.format(genome));
            let row = measurement(params, genome, &measured.features, context)?;
            measured.rows.push(row);
            let saved = measured.clone();
            context.checkpoint().save(|folder| Ok(publish_at(folder.join(ROWS), saved).map(|_| ())?))?;
        }
        let times = measured.rows.iter().map(|row| row.latency_ms);
        context.headline("architectures", measured.rows.len(), "");
        context.headline("fastest_ms", times.clone().fold(f64::INFINITY, f64::min), "ms");
        context.headline("slowest_ms", times.fold(0.0, f64::max), "ms");
        Ok(MeasureLatencyOutputs { rows: measured })
    }
}

/// Name of the rows so far inside a checkpoint.
const ROWS: &str = "rows";

/// Returns distinct points of the space; the seed decides which.
fn genomes(params: &MeasureLatencyParams, context: &Context<'_>) -> Vec<Genome> {
    let wanted = (params.architectures.get() as u128).min(params.space.size()) as usize;
    let mut rng = context.rng("architectures");
    let mut seen = BTreeSet::new();
    let mut genomes = Vec::new();
    while genomes.len() < wanted {
        let genome = params.space.sample(&mut rng);
        if seen.insert(genome.clone()) {
            genomes.push(genome);
        }
    }
    genomes
}

fn resume(
    params: &MeasureLatencyParams,
    genomes: &[Genome],
    context: &mut Context<'_>,
) -> Result<LatencyRows, StageError> {
    if let Some(folder) = context.checkpoint().load() {
        let saved: LatencyRows = open_at(folder.join(ROWS))?;
        context.note(&format!("resumed after {} architectures", saved.rows.len()));
        return Ok(saved);
    }
    let names = genomes.iter().flat_map(|genome| features(&params.space.graph(genome, params.task)).into_keys());
    let features = names.collect::<BTreeSet<_>>().into_iter().collect();
    Ok(LatencyRows { space: params.space.clone(), task: params.task, features, rows: Vec::new() })
}

fn measurement(
    params: &MeasureLatencyParams,
    genome: &Genome,
    names: &[String],
    context: &Context<'_>,
) -> Result<LatencyMeasurement, StageError> {
    let graph = params.space.graph(genome, params.task);
    let found = features(&graph);
    let architecture = params.space.format(genome);
    let broken = |error: RunError| StageError::caused("the model does not run in tract", error);
    let bytes = model(params, genome, &graph, context)?;
    let mut runner = Runner::from_bytes(&bytes, &architecture).map_err(broken)?;
    let latency = warm_latency(&mut runner, params.warm_up.get(), params.batch, params.repetitions).map_err(broken)?;
    Ok(LatencyMeasurement {
        architecture,
        features: names.iter().map(|name| found.get(name).copied().unwrap_or(0.0)).collect(),
        latency_ms: latency.median_ms,
        mean_ms: latency.mean_ms,
        p90_ms: latency.p90_ms,
        p99_ms: latency.p99_ms,
    })
}

/// Returns the ONNX file of a network that was not trained.
fn model(
    params: &MeasureLatencyParams,
    genome: &Genome,
    graph: &Graph,
    context: &Context<'_>,
) -> Result<Vec<u8>, StageError> {
    // Drawn once and written to a file: no reason for a device of the run.
    let device = Device::flex();
    let weights = random_network::float_weights(graph, context.seed(), &device)?;
    let (graph, weights, form) = match params.form {
        NumberForm::Float => (graph.clone(), weights, Form::Float),
        NumberForm::Int8 => {
            let rng = &mut context.rng("calibration");
            let (folded, bytes) = random_network::eight_bit_weights(graph, &weights, params.task, rng, &device)?;
            (folded, bytes, Form::Int8)
        }
    };
    let architecture = Architecture::new(params.space.clone(), genome.clone(), params.task);
    let architecture = architecture.map_err(|error| StageError::caused("no point of the space", error))?;
    let metadata = Metadata { name: architecture.name(), architecture: Some(architecture), ..Metadata::default() };
    let bytes = export(&graph, &weights, &metadata, form);
    bytes.map_err(|error| StageError::caused("the network has no ONNX form", error))
}

#[cfg(test)]
mod tests;
