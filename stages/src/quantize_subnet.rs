use engine::{Context, One, Stage, StageError, inputs, outputs};
use networks::{Inference, QuantizedInference, accuracy, quantize};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::artifacts::{EightBitSubnet, Subnet, TestingData};
use crate::training_run;

/// Turns a float network into bytes.
pub struct QuantizeSubnet;

/// How scales are found and what may be lost.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuantizeSubnetParams {
    /// Train pictures whose activations decide the scales.
    #[serde(default = "default_pictures")]
    calibration_pictures: usize,
    /// Pictures per batch.
    #[serde(default = "default_batch_size")]
    batch_size: usize,
    /// Largest loss of test accuracy for the gate to pass; absent for no gate.
    #[serde(default)]
    max_accuracy_drop: Option<f64>,
}

const fn default_pictures() -> usize {
    512
}

const fn default_batch_size() -> usize {
    64
}

inputs! {
    /// The float network and its data.
    pub struct QuantizeSubnetInputs {
        /// Pictures; scales come from the train split, accuracy from the test split.
        pub dataset: One<TestingData>,
        /// The float network.
        pub subnet: One<Subnet>,
    }
}

outputs! {
    /// The network in bytes.
    pub struct QuantizeSubnetOutputs {
        /// 8-bit weights with their scales.
        pub subnet: EightBitSubnet,
    }
}

impl Stage for QuantizeSubnet {
    const KIND: &'static str = "quantize-subnet";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Quantizes a trained network to 8 bits, calibrated on train pictures (Sec. 4.2)";

    type Params = QuantizeSubnetParams;
    type Inputs = QuantizeSubnetInputs;
    type Outputs = QuantizeSubnetOutputs;

    fn check(&self, params: &Self::Params) -> Result<(), String> {
        match params.calibration_pictures == 0 || params.batch_size == 0 {
            true => Err("`calibration_pictures` and `batch_size` must be at least 1".to_owned()),
            false => Ok(()),
        }
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: Self::Inputs,
        context: &mut Context<'_>,
    ) -> Result<Self::Outputs, StageError> {
        let device = training_run::device(context)?;
        let broken = |error| StageError::caused("the weights do not fit the architecture", error);
        let (pixels, batch) = (&inputs.dataset.description.normalization, params.batch_size);
        let graph = inputs.subnet.architecture.graph();
        let train = inputs.dataset.train()?;
        let first: Vec<usize> = (0..train.len().min(params.calibration_pictures)).collect();
        let calibration = train.select(&first);
        let weights = &inputs.subnet.weights;
        let (folded, quantized) = quantize(&graph, weights, &calibration, pixels, batch, &device).map_err(broken)?;
        let test = inputs.dataset.test()?;
        let float = Inference::of_weights(&graph, weights, &device).map_err(broken)?.accuracy(&test, pixels, batch);
        let inference = QuantizedInference::new(&folded, &quantized, &device).map_err(broken)?;
        let eight_bit = accuracy(&inference.logits(&test, pixels, batch), &test);
        context.headline("float_test_accuracy", float, "");
        context.headline("eight_bit_test_accuracy", eight_bit, "");
        if let Some(most) = params.max_accuracy_drop {
            context.gate("accuracy_drop", float - eight_bit <= most, float - eight_bit, format!("at most {most}"));
        }
        let architecture = inputs.subnet.architecture.clone();
        Ok(QuantizeSubnetOutputs { subnet: EightBitSubnet { architecture, weights: quantized } })
    }
}
