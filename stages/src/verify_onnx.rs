use std::num::NonZeroUsize;

use engine::{Context, One, Optional, Stage, StageError, inputs, outputs};
use exports::{FLOAT_TOLERANCE, Form, INT8_TOLERANCE, RunError, Runner, latency, parity};
use networks::accuracy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::artifacts::{LatencyPredictorArtifact, OnnxModel, ReferenceBatch, TestingData, Verification};
use crate::latency_features::estimate;

/// Runs an exported model in tract.
pub struct VerifyOnnx;

/// What is measured and what is wanted.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyOnnxParams {
    /// Largest difference of a logit from the reference, relative to the largest logit of its picture, for the gate to
    /// pass; absent for the default of the model's form.
    #[serde(default)]
    tolerance: Option<f64>,
    /// Pictures per batch when accuracy is measured.
    #[serde(default = "default_batch_size")]
    batch_size: NonZeroUsize,
    /// Runs of one picture when latency is measured.
    #[serde(default = "default_repetitions")]
    repetitions: NonZeroUsize,
}

const fn default_batch_size() -> NonZeroUsize {
    NonZeroUsize::new(50).expect("not zero")
}

const fn default_repetitions() -> NonZeroUsize {
    NonZeroUsize::new(50).expect("not zero")
}

inputs! {
    /// The model, what it must compute, and test pictures.
    pub struct VerifyOnnxInputs {
        /// The ONNX file.
        pub model: One<OnnxModel>,
        /// Inputs and logits of the training side.
        pub reference: One<ReferenceBatch>,
        /// Pictures; accuracy is measured on the test split.
        pub dataset: One<TestingData>,
        /// Predicts latency from rows of `measure-latency`; then the prediction stands beside the measurement.
        pub predictor: Optional<LatencyPredictorArtifact>,
    }
}

outputs! {
    /// The measures.
    pub struct VerifyOnnxOutputs {
        /// Parity, accuracy and latency.
        pub verification: Verification,
    }
}

impl Stage for VerifyOnnx {
    const KIND: &'static str = "verify-onnx";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Runs an exported model in tract: parity with training, test accuracy, latency";

    type Params = VerifyOnnxParams;
    type Inputs = VerifyOnnxInputs;
    type Outputs = VerifyOnnxOutputs;

    fn run(
        &self,
        params: &Self::Params,
        inputs: Self::Inputs,
        context: &mut Context<'_>,
    ) -> Result<Self::Outputs, StageError> {
        let broken = |error: RunError| StageError::caused("the model does not run in tract", error);
        let mut runner = Runner::from_bytes(&inputs.model.bytes, "model.onnx").map_err(broken)?;
        let tolerance = params.tolerance.unwrap_or(match runner.summary().form {
            Form::Float => FLOAT_TOLERANCE,
            Form::Int8 => INT8_TOLERANCE,
        });
        let rows = inputs.reference.logits.len();
        let logits = runner.run(&inputs.reference.inputs.concat(), rows).map_err(broken)?;
        let classes = inputs.dataset.description.classes.len();
        let agreement = parity(&inputs.reference.logits.concat(), &logits, classes).map_err(broken)?;
        let test_accuracy = test_accuracy(&mut runner, &inputs, params.batch_size.get(), context)?;
        let one = NonZeroUsize::MIN;
        let latency = latency(&mut runner, one, params.repetitions).map_err(broken)?;
        let same_class = agreement.same_class as f64 / rows as f64;
        let mut measures = vec![
            ("test_accuracy", test_accuracy, ""),
            ("parity_max_relative", agreement.max_rel, ""),
            ("parity_max_absolute", agreement.max_abs, ""),
            ("parity_same_class", same_class, ""),
            ("latency_median_ms", latency.median_ms, "ms"),
            ("latency_p95_ms", latency.p95_ms, "ms"),
        ];
        if let Some(predicted) = predicted_ms(&runner, &inputs, context)? {
            measures.push(("latency_predicted_ms", predicted, "ms"));
            measures.push(("latency_prediction_error", predicted / latency.median_ms - 1.0, ""));
        }
        for (name, value, unit) in &measures {
            context.headline(name, *value, unit);
        }
        context.gate("parity", agreement.within(tolerance), agreement.max_rel, format!("at most {tolerance}"));
        Ok(VerifyOnnxOutputs { verification: Verification { rows: measures } })
    }
}

/// Returns what the predictor, if there is one, expects of the model's architecture.
fn predicted_ms(
    runner: &Runner,
    inputs: &VerifyOnnxInputs,
    context: &mut Context<'_>,
) -> Result<Option<f64>, StageError> {
    let Some(artifact) = inputs.predictor.get() else { return Ok(None) };
    let architecture = runner.metadata().architecture.as_ref();
    let architecture = architecture.ok_or_else(|| StageError::usage("`predictor` wants a model of a search space"))?;
    let estimate = estimate(&artifact.predictor, &architecture.graph());
    let estimate = estimate.map_err(|error| StageError::caused("`predictor` is for other networks", error))?;
    if !estimate.out_of_range.is_empty() {
        context.note(&format!("the model lies outside of what was measured: {}", estimate.out_of_range.join(", ")));
    }
    Ok(Some(estimate.latency_ms))
}

fn test_accuracy(
    runner: &mut Runner,
    inputs: &VerifyOnnxInputs,
    batch_size: usize,
    context: &mut Context<'_>,
) -> Result<f64, StageError> {
    let broken = |error: RunError| StageError::caused("the model does not run in tract", error);
    let (test, pixels) = (inputs.dataset.test()?, &inputs.dataset.description.normalization);
    let order: Vec<usize> = (0..test.len()).collect();
    let mut logits = Vec::new();
    for indices in order.chunks(batch_size) {
        context.check_interrupt()?;
        logits.extend(runner.run(&test.batch(indices, pixels).pixels, indices.len()).map_err(broken)?);
        context.progress((indices[0] + indices.len()) as u64, test.len() as u64, "test pictures");
    }
    Ok(accuracy(&logits, &test))
}
