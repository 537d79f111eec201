use std::sync::Arc;

use tract_onnx::pb::tensor_shape_proto::dimension::Value as Dimension;
use tract_onnx::pb::type_proto::Value as Type;
use tract_onnx::pb::{ModelProto, ValueInfoProto};
use tract_onnx::prelude::{
    Framework, InferenceModelExt, IntoRunnable, TValue, TVec, TractError, TractResult, TypedRunnableModel,
};

use super::super::decode;
use super::{attention, distances};
use crate::RunError;

/// One of the two files, ready to run. The plan is made once: its sizes are symbols.
pub(super) struct Part {
    /// Path of the file, for messages.
    model: String,
    plan: Arc<TypedRunnableModel>,
    /// In the order in which the plan wants them.
    pub(super) inputs: Vec<Input>,
    /// In the order in which the plan gives them.
    pub(super) outputs: Vec<String>,
}

/// One input of a file.
pub(super) struct Input {
    pub(super) name: String,
    /// Sizes behind the first axis, where they are fixed.
    pub(super) sizes: Vec<Option<usize>>,
}

impl Part {
    /// Prepares a checked file named `model`.
    pub(super) fn new(proto: &ModelProto, model: &str) -> Result<Self, RunError> {
        let graph = proto.graph.as_ref();
        let (inputs, outputs) = graph.map_or((&[][..], &[][..]), |graph| (&graph.input, &graph.output));
        let inputs = inputs.iter().map(|input| Input { name: input.name.clone(), sizes: sizes(input) }).collect();
        let outputs = outputs.iter().map(|output| output.name.clone()).collect();
        let plan = plan(proto).map_err(|error| RunError::NotOnnx { model: model.to_owned(), source: error.into() })?;
        Ok(Self { model: model.to_owned(), plan, inputs, outputs })
    }

    /// Runs the file on `rows` rows.
    pub(super) fn run(&self, inputs: TVec<TValue>, rows: usize) -> Result<TVec<TValue>, RunError> {
        self.plan.run(inputs).map_err(|error| self.error(rows, error))
    }

    /// Returns what an error of tract with `rows` rows means.
    pub(super) fn error(&self, rows: usize, error: TractError) -> RunError {
        RunError::Tract { model: self.model.clone(), batch: rows, source: error.into() }
    }
}

fn plan(proto: &ModelProto) -> TractResult<Arc<TypedRunnableModel>> {
    let mut network = tract_onnx::onnx().model_for_proto_model(proto)?.into_typed()?;
    attention::fuse(&mut network)?;
    distances::fuse(&mut network)?;
    decode::constants(&mut network)?;
    let mut network = network.into_optimized()?;
    // The embedding is looked up in and multiplied with; tract would pack it for the product at every step.
    decode::constants(&mut network)?;
    network.into_runnable()
}

fn sizes(input: &ValueInfoProto) -> Vec<Option<usize>> {
    let kind = input.r#type.as_ref().and_then(|kind| kind.value.as_ref());
    let Some(Type::TensorType(tensor)) = kind else { return Vec::new() };
    let Some(shape) = &tensor.shape else { return Vec::new() };
    let size = |dimension: &Option<Dimension>| match dimension {
        Some(Dimension::DimValue(size)) => usize::try_from(*size).ok(),
        Some(Dimension::DimParam(_)) | None => None,
    };
    shape.dim.iter().skip(1).map(|dimension| size(&dimension.value)).collect()
}
