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

/// Type of the values of an input or output.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// 32-bit floats.
    Float,
    /// 64-bit integers.
    Integer,
    /// 32-bit integers: sums of products of bytes.
    Sum,
}

/// Size of an axis of an input or output.
#[derive(Clone)]
pub(crate) enum Size {
    /// Known when the file is written.
    Fixed(usize),
    /// Known when the model runs: a symbol, or a sum or product of symbols.
    Free(&'static str),
}

/// An attribute of a node.
pub(crate) enum Attribute {
    /// One integer.
    Int(&'static str, i64),
    /// A list of integers.
    Ints(&'static str, Vec<i64>),
    /// The graph that a Scan repeats.
    Body(&'static str, Body),
}

/// The body of a Scan with one output; it may read values of the graph around it.
pub(crate) struct Body(Box<GraphProto>);

impl Body {
    /// Returns a body without nodes that reads `input`, floats of the given shape, and writes floats, `output`.
    pub(crate) fn new(name: &str, input: &str, shape: &[usize], output: &str) -> Self {
        let mut body = Self::writing(name, output, Kind::Float);
        body.read(input, Kind::Float, &shape.iter().map(|&size| Size::Fixed(size)).collect::<Vec<_>>());
        body
    }

    /// Returns a body without nodes that writes `output`.
    pub(crate) fn writing(name: &str, output: &str, kind: Kind) -> Self {
        let output = vec![value(output, kind.data_type(), None)];
        Self(Box::new(GraphProto { name: name.to_owned(), output, ..GraphProto::new() }))
    }

    /// Adds an input.
    pub(crate) fn read(&mut self, input: &str, kind: Kind, sizes: &[Size]) {
        self.0.input.push(value(input, kind.data_type(), Some(sizes.iter().map(Size::dimension).collect())));
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
    inputs: Vec<ValueInfoProto>,
    outputs: Vec<ValueInfoProto>,
    /// First name that was given twice.
    duplicate: Option<String>,
}

impl Kind {
    /// Returns the attribute of a Cast to it.
    pub(crate) fn cast(self) -> Attribute {
        Attribute::Int("to", self.data_type() as i64)
    }

    const fn data_type(self) -> DataType {
        match self {
            Kind::Float => DataType::FLOAT,
            Kind::Integer => DataType::INT64,
            Kind::Sum => DataType::INT32,
        }
    }
}

impl Size {
    fn dimension(&self) -> Dimension {
        match self {
            Size::Fixed(size) => Dimension::DimValue(*size as i64),
            Size::Free(symbol) => Dimension::DimParam((*symbol).to_owned()),
        }
    }
}

impl Builder {
    /// Adds an input of the graph.
    pub(crate) fn input(&mut self, name: &str, kind: Kind, sizes: &[Size]) {
        self.claim(name);
        self.inputs.push(value(name, kind.data_type(), Some(sizes.iter().map(Size::dimension).collect())));
    }

    /// Makes a value that some node writes an output of the graph, floats.
    pub(crate) fn output(&mut self, name: &str, sizes: &[Size]) {
        self.outputs.push(value(name, DataType::FLOAT, Some(sizes.iter().map(Size::dimension).collect())));
    }

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
        mut self,
        metadata: &Metadata,
        form: Form,
        input: FeatureMap,
        classes: usize,
    ) -> Result<Vec<u8>, LoweringError> {
        let name = if metadata.name.is_empty() { "network" } else { metadata.name.as_str() };
        let entries = metadata.entries(form)?;
        self.inputs = vec![value(IMAGES, DataType::FLOAT, batch_of(&[input.channels, input.height, input.width]))];
        self.outputs = vec![value(LOGITS, DataType::FLOAT, batch_of(&[classes]))];
        self.encoded(name, form.description(), entries)
    }

    /// Returns the bytes of a model with the inputs and outputs that were added.
    pub(crate) fn encoded(
        self,
        name: &str,
        description: &str,
        entries: Vec<(String, String)>,
    ) -> Result<Vec<u8>, LoweringError> {
        if let Some(name) = self.duplicate {
            return Err(LoweringError::DuplicateName { name });
        }
        let graph = GraphProto {
            name: name.to_owned(),
            node: self.nodes,
            initializer: self.initializers,
            input: self.inputs,
            output: self.outputs,
            ..GraphProto::new()
        };
        let model = ModelProto {
            ir_version: IR_VERSION,
            opset_import: vec![OperatorSetIdProto { version: OPSET, ..OperatorSetIdProto::new() }],
            producer_name: PRODUCER.to_owned(),
            producer_version: env!("CARGO_PKG_VERSION").to_owned(),
            doc_string: description.to_owned(),
            graph: Some(graph).into(),
            metadata_props: entries.into_iter().map(entry).collect(),
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

/// Returns the declaration of a value, of whatever shape if none is given.
fn value(name: &str, kind: DataType, shape: Option<Vec<Dimension>>) -> ValueInfoProto {
    use tensor_shape_proto::Dimension as Wrapped;
    let wrapped = |value| Wrapped { value: Some(value), ..Wrapped::new() };
    let shape = shape
        .map(|shape| TensorShapeProto { dim: shape.into_iter().map(wrapped).collect(), ..TensorShapeProto::new() });
    let tensor = type_proto::Tensor { elem_type: kind as i32, shape: shape.into(), ..type_proto::Tensor::new() };
    let kind = TypeProto { value: Some(type_proto::Value::TensorType(tensor)), ..TypeProto::new() };
    ValueInfoProto { name: name.to_owned(), type_: Some(kind).into(), ..ValueInfoProto::new() }
}
