use std::collections::{BTreeMap, BTreeSet};

use spaces::FeatureMap;
use tract_onnx::pb::tensor_proto::{DataLocation, DataType};
use tract_onnx::pb::tensor_shape_proto::dimension::Value as Dimension;
use tract_onnx::pb::type_proto::Value as Type;
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto};
use tract_onnx::prelude::Framework;

use super::seal::is_intact;
use super::{IMAGES, LOGITS, Metadata};
use crate::{Form, RunError};

/// Version of the file format (`ModelProto.ir_version`), of 2021.
pub(super) const IR_VERSION: i64 = 8;
/// Version of the operator set; tract is tested with 9 to 18.
pub const OPSET: i64 = 17;

/// The operators that exported models are made of, in alphabetical order.
const OPERATORS: [&str; 32] = [
    "Abs",
    "Add",
    "Cast",
    "Concat",
    "Conv",
    "DequantizeLinear",
    "Flatten",
    "Gather",
    "Gemm",
    "GlobalAveragePool",
    "LayerNormalization",
    "Less",
    "LogSoftmax",
    "MatMul",
    "MatMulInteger",
    "MaxPool",
    "Mul",
    "Neg",
    "Pad",
    "Pow",
    "QuantizeLinear",
    "ReduceSum",
    "Relu",
    "Reshape",
    "Scan",
    "Shape",
    "Sign",
    "Slice",
    "Softmax",
    "Sub",
    "Transpose",
    "Unsqueeze",
];

/// What a model file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// What the model says about itself.
    pub metadata: Metadata,
    /// How its numbers are stored.
    pub form: Form,
    /// Size of one picture.
    pub input: FeatureMap,
    /// Number of classes.
    pub classes: usize,
    /// How often each operator is used.
    pub operators: BTreeMap<String, usize>,
    /// Number of constant values: weights, biases, scales.
    pub constants: usize,
    /// Size of the constants in bytes.
    pub constant_bytes: usize,
}

/// A model that has passed [`check_model`].
pub(crate) struct Checked {
    pub(crate) proto: ModelProto,
    pub(crate) summary: Summary,
}

/// Returns what the bytes of a model hold, read by tract's parser.
///
/// # Errors
/// If they are no ONNX model, or one that this crate would not write: another opset, other operators, values
/// that no node writes, tensors outside the file, missing metadata; or if a bit of it was changed since.
pub fn check(bytes: &[u8]) -> Result<Summary, RunError> {
    check_model(bytes, "bytes").map(|checked| checked.summary)
}

/// Returns the parsed model named `model` (its path) after looking at all that tract takes for granted.
pub(crate) fn check_model(bytes: &[u8], model: &str) -> Result<Checked, RunError> {
    let proto = parsed(bytes, model)?;
    let summary = Reader { model }.summary(&proto)?;
    if !is_intact(bytes) {
        return Err(RunError::Damaged { model: model.to_owned() });
    }
    Ok(Checked { proto, summary })
}

/// Returns the model that the bytes encode.
pub(super) fn parsed(bytes: &[u8], model: &str) -> Result<ModelProto, RunError> {
    let parsed = tract_onnx::onnx().proto_model_for_read(&mut &*bytes);
    parsed.map_err(|error| RunError::NotOnnx { model: model.to_owned(), source: error.into() })
}

/// Looks through one model; the name is for messages.
pub(super) struct Reader<'a> {
    pub(super) model: &'a str,
}

impl Reader<'_> {
    fn summary(&self, proto: &ModelProto) -> Result<Summary, RunError> {
        let graph = self.graph(proto)?;
        let mut operators = BTreeMap::new();
        self.operators(graph, &mut operators)?;
        let (input, classes) = self.ends(graph)?;
        let (constants, constant_bytes) = self.constants(graph)?;
        self.values(graph, BTreeSet::from([IMAGES]))?;
        let entries = proto.metadata_props.iter().map(|entry| (entry.key.as_str(), entry.value.as_str())).collect();
        let (metadata, form) = Metadata::read(self.model, &entries)?;
        if let Err(error) = metadata.fit(input, classes) {
            return Err(self.error("metadata", &format!("to fit {input} and {classes} classes"), &error.to_string()));
        }
        Ok(Summary { metadata, form, input, classes, operators, constants, constant_bytes })
    }

    /// Returns the graph of a file of the right versions.
    pub(super) fn graph<'p>(&self, proto: &'p ModelProto) -> Result<&'p GraphProto, RunError> {
        let Some(graph) = &proto.graph else {
            return Err(self.error("file", "an ONNX graph", "none"));
        };
        self.versions(proto)?;
        Ok(graph)
    }

    fn versions(&self, proto: &ModelProto) -> Result<(), RunError> {
        let opsets: Vec<_> = proto.opset_import.iter().map(|opset| (opset.domain.as_str(), opset.version)).collect();
        if opsets != [("", OPSET)] {
            return Err(self.error("file", &format!("opset {OPSET} of the standard domain"), &format!("{opsets:?}")));
        }
        if proto.ir_version != IR_VERSION {
            return Err(self.error("file", &format!("IR version {IR_VERSION}"), &proto.ir_version.to_string()));
        }
        Ok(())
    }

    fn ends(&self, graph: &GraphProto) -> Result<(FeatureMap, usize), RunError> {
        let ([input], [output]) = (graph.input.as_slice(), graph.output.as_slice()) else {
            let found = format!("{} and {}", graph.input.len(), graph.output.len());
            return Err(self.error("graph", "one input and one output", &found));
        };
        let input_map = match sizes(input, IMAGES).as_deref() {
            Some(&[channels, height, width]) => FeatureMap { channels, height, width },
            _ => return Err(self.error("input", "`images` of f32 [N, C, H, W]", &format!("`{}`", input.name))),
        };
        match sizes(output, LOGITS).as_deref() {
            Some(&[classes]) => Ok((input_map, classes)),
            _ => Err(self.error("output", "`logits` of f32 [N, classes]", &format!("`{}`", output.name))),
        }
    }

    pub(super) fn constants(&self, graph: &GraphProto) -> Result<(usize, usize), RunError> {
        let (mut values, mut bytes) = (0, 0);
        for tensor in &graph.initializer {
            let Some(count) = complete(tensor) else {
                let found = format!("{} bytes for {:?}", tensor.raw_data.len(), tensor.dims);
                return Err(self.error(&format!("tensor {}", tensor.name), "all of its values in the file", &found));
            };
            values += count;
            bytes += tensor.raw_data.len();
        }
        Ok((values, bytes))
    }

    /// Returns an error unless every value is written once, before it is read. `written` holds the values that
    /// are there before the graph begins.
    pub(super) fn values<'g>(&self, graph: &'g GraphProto, mut written: BTreeSet<&'g str>) -> Result<(), RunError> {
        for tensor in &graph.initializer {
            if !written.insert(&tensor.name) {
                return Err(self.error("graph", "each value once", &format!("`{}` twice", tensor.name)));
            }
        }
        for node in &graph.node {
            let part = format!("node {}", node.name);
            if let Some(input) = node.input.iter().find(|input| !written.contains(input.as_str())) {
                return Err(self.error(&part, "inputs written before it", &format!("`{input}`")));
            }
            if let Some(body) = body(node) {
                let inputs = body.input.iter().map(|input| input.name.as_str());
                self.values(body, written.iter().copied().chain(inputs).collect())?;
            }
            match node.output.as_slice() {
                [output] if written.insert(output) => {}
                outputs => return Err(self.error(&part, "one output of a new name", &format!("{outputs:?}"))),
            }
        }
        match graph.output.iter().find(|output| !written.contains(output.name.as_str())) {
            Some(output) => Err(self.error("output", "a node that writes it", &format!("no `{}`", output.name))),
            None => Ok(()),
        }
    }

    /// Counts the operators of a graph and of the bodies in it.
    pub(super) fn operators(&self, graph: &GraphProto, counts: &mut BTreeMap<String, usize>) -> Result<(), RunError> {
        for node in &graph.node {
            if !node.domain.is_empty() || !OPERATORS.contains(&node.op_type.as_str()) {
                return Err(self.operator(node));
            }
            *counts.entry(node.op_type.clone()).or_default() += 1;
            if let Some(body) = body(node) {
                self.operators(body, counts)?;
            }
        }
        Ok(())
    }

    fn operator(&self, node: &NodeProto) -> RunError {
        let separator = if node.domain.is_empty() { "" } else { "::" };
        RunError::Operator {
            model: self.model.to_owned(),
            node: node.name.clone(),
            operator: format!("{}{separator}{}", node.domain, node.op_type),
        }
    }

    pub(super) fn error(&self, part: &str, wanted: &str, found: &str) -> RunError {
        RunError::Structure {
            model: self.model.to_owned(),
            part: part.to_owned(),
            wanted: wanted.to_owned(),
            found: found.to_owned(),
        }
    }
}

/// Returns the graph that a node repeats.
fn body(node: &NodeProto) -> Option<&GraphProto> {
    node.attribute.iter().find_map(|attribute| attribute.g.as_ref())
}

/// Returns the sizes behind the free batch dimension if the value is named `name` and holds floats.
fn sizes(value: &ValueInfoProto, name: &str) -> Option<Vec<usize>> {
    let Type::TensorType(tensor) = value.r#type.as_ref()?.value.as_ref()?;
    if value.name != name || tensor.elem_type != DataType::Float as i32 {
        return None;
    }
    let mut dimensions = tensor.shape.as_ref()?.dim.iter().map(|dimension| dimension.value.as_ref());
    let Some(Some(Dimension::DimParam(_))) = dimensions.next() else { return None };
    let size = |dimension: Option<&Dimension>| match dimension? {
        Dimension::DimValue(size) => usize::try_from(*size).ok().filter(|&size| size > 0),
        Dimension::DimParam(_) => None,
    };
    dimensions.map(size).collect()
}

/// Returns the number of values of a tensor if its raw data holds all of them.
fn complete(tensor: &TensorProto) -> Option<usize> {
    let size = match DataType::try_from(tensor.data_type).ok()? {
        DataType::Float => size_of::<f32>(),
        DataType::Int64 => size_of::<i64>(),
        DataType::Int8 | DataType::Uint8 => 1,
        _ => return None,
    };
    let inside = tensor.data_location.is_none_or(|location| location == DataLocation::Default as i32);
    let mut sizes = tensor.dims.iter().map(|&dimension| usize::try_from(dimension).ok());
    let count = sizes.try_fold(1_usize, |product, size| product.checked_mul(size?))?;
    (inside && count.checked_mul(size)? == tensor.raw_data.len()).then_some(count)
}
