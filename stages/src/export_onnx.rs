use std::collections::BTreeMap;

use datasets::Pictures;
use engine::{Context, One, Optional, Stage, StageError, inputs, outputs};
use exports::{Form, Metadata, export};
use networks::{Inference, QuantizedInference};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spaces::{Graph, Weights, fold};

use crate::artifacts::{EightBitSubnet, OnnxModel, ReferenceBatch, SelectionData, Subnet};
use crate::training_run;

/// Writes a network as an ONNX file.
pub struct ExportOnnx;

/// What goes beside the file.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportOnnxParams {
    /// Valid pictures in the reference batch.
    #[serde(default = "default_reference")]
    reference_pictures: usize,
}

const fn default_reference() -> usize {
    64
}

inputs! {
    /// The network.
    pub struct ExportOnnxInputs {
        /// Pictures for the reference batch.
        pub dataset: One<SelectionData>,
        /// The float network.
        pub subnet: One<Subnet>,
        /// Its 8-bit form; if given, that is what is exported.
        pub eight_bit: Optional<EightBitSubnet>,
    }
}

outputs! {
    /// The file and what it must compute.
    pub struct ExportOnnxOutputs {
        /// The ONNX file.
        pub model: OnnxModel,
        /// Inputs, and the logits of the training side.
        pub reference: ReferenceBatch,
    }
}

impl Stage for ExportOnnx {
    const KIND: &'static str = "export-onnx";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Writes a float or 8-bit network as ONNX, with a reference batch";

    type Params = ExportOnnxParams;
    type Inputs = ExportOnnxInputs;
    type Outputs = ExportOnnxOutputs;

    fn check(&self, params: &Self::Params) -> Result<(), String> {
        match params.reference_pictures {
            0 => Err("`reference_pictures` must be at least 1".to_owned()),
            _ => Ok(()),
        }
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: Self::Inputs,
        context: &mut Context<'_>,
    ) -> Result<Self::Outputs, StageError> {
        let valid = inputs.dataset.valid()?;
        let count = valid.len().min(params.reference_pictures);
        let pictures = valid.select(&(0..count).collect::<Vec<_>>());
        let (graph, weights, form) = network(&inputs)?;
        let logits = reference_logits(&inputs, (&graph, &weights, form), &pictures, context)?;
        let bytes = export(&graph, &weights, &metadata(&inputs), form);
        let bytes = bytes.map_err(|error| StageError::caused("the network has no ONNX form", error))?;
        context.headline("form", form.name(), "");
        context.headline("file_bytes", bytes.len(), "B");
        let batch = pictures.batch(&(0..count).collect::<Vec<_>>(), &inputs.dataset.description.normalization);
        let rows = |values: &[f32]| values.chunks(values.len() / count).map(<[f32]>::to_vec).collect();
        let reference = ReferenceBatch { inputs: rows(&batch.pixels), logits: rows(&logits) };
        Ok(ExportOnnxOutputs { model: OnnxModel { bytes }, reference })
    }
}

fn network(inputs: &ExportOnnxInputs) -> Result<(Graph, Weights, Form), StageError> {
    let graph = inputs.subnet.architecture.graph();
    let weights = &inputs.subnet.weights;
    let Some(eight_bit) = inputs.eight_bit.get() else { return Ok((graph, weights.clone(), Form::Float)) };
    if eight_bit.architecture != inputs.subnet.architecture {
        let (float, bytes) = (inputs.subnet.architecture.name(), eight_bit.architecture.name());
        let message = format!("`subnet` is {float} but `eight_bit` is {bytes}; give both of the same network");
        return Err(StageError::usage(message));
    }
    let folded = fold(&graph, weights).map_err(|error| StageError::caused("the weights do not fit", error))?.0;
    Ok((folded, eight_bit.weights.clone(), Form::Int8))
}

fn reference_logits(
    inputs: &ExportOnnxInputs,
    (graph, weights, form): (&Graph, &Weights, Form),
    pictures: &Pictures,
    context: &Context<'_>,
) -> Result<Vec<f32>, StageError> {
    let device = training_run::device(context)?;
    let pixels = &inputs.dataset.description.normalization;
    let broken = |error| StageError::caused("the weights do not fit the architecture", error);
    Ok(match form {
        Form::Float => {
            Inference::of_weights(graph, weights, &device).map_err(broken)?.logits(pictures, pixels, pictures.len())
        }
        Form::Int8 => {
            let inference = QuantizedInference::new(graph, weights, &device).map_err(broken)?;
            inference.logits(pictures, pixels, pictures.len())
        }
    })
}

fn metadata(inputs: &ExportOnnxInputs) -> Metadata {
    let description = &inputs.dataset.description;
    let mut lineage = BTreeMap::from([
        ("dataset".to_owned(), inputs.dataset.digest().to_string()),
        ("subnet".to_owned(), inputs.subnet.digest().to_string()),
    ]);
    if let Some(eight_bit) = &inputs.eight_bit.0 {
        lineage.insert("eight_bit_subnet".to_owned(), eight_bit.digest().to_string());
    }
    Metadata {
        name: inputs.subnet.architecture.name(),
        architecture: Some(inputs.subnet.architecture.clone()),
        class_names: description.classes.clone(),
        normalization: Some(exports::Normalization {
            mean: description.normalization.mean.clone(),
            std: description.normalization.std.clone(),
        }),
        lineage,
    }
}
