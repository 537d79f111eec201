use std::collections::BTreeSet;

use onnx_protobuf::{
    AttributeProto, GraphProto, Message, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto,
    TensorProto, TensorShapeProto, TypeProto, ValueInfoProto, attribute_proto::AttributeType, tensor_proto::DataType,
    tensor_shape_proto, tensor_shape_proto::dimension::Value as Dimension, type_proto,
};
use spaces::FeatureMap;

use super::Metadata;
use super::check::{IR_VERSION, OPSET};
use super::seal::sealed;
use crate::{Form, LoweringError};

/// Name of the model's input, `[N, C, H, W]`.
pub(crate) const IMAGES: &str = "images";
/// Name of the model's output, `[N, classes]`.
pub(crate) const LOGITS: &str = "logits";
/// Name of the producer in every file.
pub(super) const PRODUCER: &str = "shiftaddnas";
/// Name of the batch dimension.
const BATCH: &str = "N";

/// An attribute of a node.
pub(crate) enum Attribute {
    /// One integer.
    Int(&'static str, i64),
    /// A list of integers.
    Ints(&'static str, Vec<i64>),
    /// The graph that a Scan repeats.
    Body(&'static str, Body),
}

/// The body of a Scan with one input and one output; it may read values of the graph around it.
pub(crate) struct Body(Box<GraphProto>);

impl Body {
    /// Returns a body without nodes that reads `input`, floats of the given shape, and writes `output`.
    pub(crate) fn new(name: &str, input: &str, shape: &[usize], output: &str) -> Self {
        let shape = shape.iter().map(|&size| Dimension::DimValue(size as i64));
        Self(Box::new(GraphProto {
            name: name.to_owned(),
            input: vec![value(input, Some(shape.collect()))],
            output: vec![value(output, None)],
            ..GraphProto::new()
        }))
    }

    /// Adds a node that writes the value `output`.
    pub(crate) fn node(&mut self, operator: &str, inputs: &[&str], output: &str, attributes: Vec<Attribute>) {
        self.0.node.push(node(output, operator, inputs, output, attributes));
    }
}

/// An ONNX graph under construction: nodes in execution order and constant tensors.
#[derive(Default)]
pub(crate) struct Builder {
    nodes: Vec<NodeProto>,
    initializers: Vec<TensorProto>,
    names: BTreeSet<String>,
    /// First name that was given twice.
    duplicate: Option<String>,
}

impl Builder {
    /// Adds a node that writes the value `output`.
    pub(crate) fn node(
        &mut self,
        name: &str,
        operator: &str,
        inputs: &[&str],
        output: &str,
        attributes: Vec<Attribute>,
    ) {
        self.claim(output);
        self.nodes.push(node(name, operator, inputs, output, attributes));
    }

    /// Says about the last node what its operators alone do not tell.
    pub(crate) fn describe(&mut self, text: &str) {
        if let Some(node) = self.nodes.last_mut() {
            node.doc_string = text.to_owned();
        }
    }

    /// Adds a constant of floats.
    pub(crate) fn floats(&mut self, name: &str, shape: &[usize], values: &[f32]) {
        self.initializer(name, DataType::FLOAT, shape, values.iter().flat_map(|value| value.to_le_bytes()).collect());
    }

    /// Adds a constant of signed bytes.
    pub(crate) fn signed_bytes(&mut self, name: &str, shape: &[usize], values: &[i8]) {
        self.initializer(name, DataType::INT8, shape, values.iter().map(|value| value.cast_unsigned()).collect());
    }

    /// Adds a constant of unsigned bytes.
    pub(crate) fn unsigned_bytes(&mut self, name: &str, shape: &[usize], values: &[u8]) {
        self.initializer(name, DataType::UINT8, shape, values.to_vec());
    }

    /// Adds a constant list of integers: a shape, axes or limits of a slice.
    pub(crate) fn integers(&mut self, name: &str, values: &[i64]) {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.initializer(name, DataType::INT64, &[values.len()], bytes);
    }

    fn initializer(&mut self, name: &str, kind: DataType, shape: &[usize], bytes: Vec<u8>) {
        self.claim(name);
        self.initializers.push(TensorProto {
            name: name.to_owned(),
            data_type: kind as i32,
            dims: shape.iter().map(|&size| size as i64).collect(),
            raw_data: bytes,
            ..TensorProto::new()
        });
    }

    fn claim(&mut self, name: &str) {
        if (name == IMAGES || !self.names.insert(name.to_owned())) && self.duplicate.is_none() {
            self.duplicate = Some(name.to_owned());
        }
    }

    /// Returns the bytes of the finished model.
    pub(crate) fn finish(
        self,
        metadata: &Metadata,
        form: Form,
        input: FeatureMap,
        classes: usize,
    ) -> Result<Vec<u8>, LoweringError> {
        if let Some(name) = self.duplicate {
            return Err(LoweringError::DuplicateName { name });
        }
        let graph = GraphProto {
            name: if metadata.name.is_empty() { "network".to_owned() } else { metadata.name.clone() },
            node: self.nodes,
            initializer: self.initializers,
            input: vec![value(IMAGES, batch_of(&[input.channels, input.height, input.width]))],
            output: vec![value(LOGITS, batch_of(&[classes]))],
            ..GraphProto::new()
        };
        let model = ModelProto {
            ir_version: IR_VERSION,
            opset_import: vec![OperatorSetIdProto { version: OPSET, ..OperatorSetIdProto::new() }],
            producer_name: PRODUCER.to_owned(),
            producer_version: env!("CARGO_PKG_VERSION").to_owned(),
            doc_string: form.description().to_owned(),
            graph: Some(graph).into(),
            metadata_props: metadata.entries(form)?.into_iter().map(entry).collect(),
            ..ModelProto::new()
        };
        sealed(model.write_to_bytes().map_err(|error| LoweringError::Encode(error.into()))?)
    }
}

fn node(name: &str, operator: &str, inputs: &[&str], output: &str, attributes: Vec<Attribute>) -> NodeProto {
    NodeProto {
        name: name.to_owned(),
        op_type: operator.to_owned(),
        input: inputs.iter().map(|&input| input.to_owned()).collect(),
        output: vec![output.to_owned()],
        attribute: attributes.into_iter().map(attribute).collect(),
        ..NodeProto::new()
    }
}

fn attribute(attribute: Attribute) -> AttributeProto {
    let new = |name: &str, kind: AttributeType| AttributeProto {
        name: name.to_owned(),
        type_: kind.into(),
        ..AttributeProto::new()
    };
    match attribute {
        Attribute::Int(name, i) => AttributeProto { i, ..new(name, AttributeType::INT) },
        Attribute::Ints(name, ints) => AttributeProto { ints, ..new(name, AttributeType::INTS) },
        Attribute::Body(name, Body(g)) => AttributeProto { g: Some(*g).into(), ..new(name, AttributeType::GRAPH) },
    }
}

fn entry((key, value): (String, String)) -> StringStringEntryProto {
    StringStringEntryProto { key, value, ..StringStringEntryProto::new() }
}

/// Returns the shape of a value with a free batch dimension before `sizes`.
fn batch_of(sizes: &[usize]) -> Option<Vec<Dimension>> {
    let batch = Dimension::DimParam(BATCH.to_owned());
    let sizes = sizes.iter().map(|&size| Dimension::DimValue(size as i64));
    Some(std::iter::once(batch).chain(sizes).collect())
}

/// Returns the declaration of a float value, of whatever shape if none is given.
fn value(name: &str, shape: Option<Vec<Dimension>>) -> ValueInfoProto {
    use tensor_shape_proto::Dimension as Wrapped;
    let wrapped = |value| Wrapped { value: Some(value), ..Wrapped::new() };
    let shape = shape
        .map(|shape| TensorShapeProto { dim: shape.into_iter().map(wrapped).collect(), ..TensorShapeProto::new() });
    let tensor =
        type_proto::Tensor { elem_type: DataType::FLOAT as i32, shape: shape.into(), ..type_proto::Tensor::new() };
    let kind = TypeProto { value: Some(type_proto::Value::TensorType(tensor)), ..TypeProto::new() };
    ValueInfoProto { name: name.to_owned(), type_: Some(kind).into(), ..ValueInfoProto::new() }
}
