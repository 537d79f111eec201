use std::collections::{BTreeMap, BTreeSet};

use tract_onnx::pb::tensor_shape_proto::dimension::Value as Dimension;
use tract_onnx::pb::type_proto::Value as Type;
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, ValueInfoProto};
use tract_onnx::prelude::Framework;

use super::call::{Call, Outcome, Part, Values, name};
use super::layer::{Draft, OnnxWork, Owned};
use super::value::Value;
use super::{LayersError, OnnxLayer, distances, elementwise, operators, tensor};
use crate::onnx::builder::PRODUCER;
use crate::onnx::metadata::PREFIX;
use crate::onnx::seal::is_intact;

/// Operator sets whose operators are known.
const OPSETS: std::ops::RangeInclusive<i64> = 9..=18;

/// Most axes of a value: tensors have five or six, and many small nodes must not need much memory.
const MOST_AXES: usize = 32;

/// Returns the layers of an ONNX file in the order of its nodes, for one picture or sentence.
///
/// The first axis of the first input is the batch; where its size is free it is taken for 1, where it is fixed the
/// costs are divided by it. All other sizes must follow from the file. Convolutions, matrices, products and add layers
/// are read off nodes and tensors alone, what a file says about itself is not asked:
///
/// - a layer shifts if all its weights are 0 or ±2^p: weights as floats, or 8-bit codes whose zero point is 0, since
///   their scale is a factor of whole sums. Only where every weight is 0 the text that the lowering gives shift layers
///   decides;
/// - an add layer is the Scan with Sub, Abs and ReduceSum that the lowering writes; such distances outside a Scan are
///   refused, so that they do not pass for free;
/// - a constant vector added to what a layer wrote is its bias. Constant factors and summands of more than one value
///   elsewhere, as a folded normalisation leaves them, are weights and biases of layers that compute nothing counted;
/// - scales and zero points of 8-bit codes are no weights. A tensor that several layers read counts with the first.
///
/// Convolutions in this crate's files hold the normalisation that stood behind them: C scales and C offsets became a
/// bias of C values.
///
/// # Errors
/// If the bytes are no ONNX model or one of this crate that was changed; if an opset is not of 9 to 18; if an operator's
/// cost is not known, a node contradicts its operator, a window is not square, a size is not known or exceeds 64 bits,
/// or a tensor has not all of its values in the file. Nodes and tensors are named.
pub fn layers(bytes: &[u8]) -> Result<Vec<OnnxLayer>, LayersError> {
    let proto = tract_onnx::onnx().proto_model_for_read(&mut &*bytes);
    let proto = proto.map_err(|error| LayersError::NotOnnx(error.into()))?;
    let Some(graph) = &proto.graph else { return Err(structure("file", "an ONNX graph", "none")) };
    if is_ours(&proto) && !is_intact(bytes) {
        return Err(LayersError::Damaged);
    }
    opset(&proto)?;
    Reader::new(graph)?.read()
}

fn is_ours(proto: &ModelProto) -> bool {
    let ours = proto.metadata_props.iter().any(|entry| entry.key.starts_with(PREFIX));
    ours || proto.producer_name == PRODUCER
}

fn opset(proto: &ModelProto) -> Result<(), LayersError> {
    let standard = proto.opset_import.iter().filter(|opset| matches!(opset.domain.as_str(), "" | "ai.onnx"));
    let versions: Vec<i64> = standard.map(|opset| opset.version).collect();
    match versions.as_slice() {
        [version] if OPSETS.contains(version) => Ok(()),
        versions => Err(LayersError::Opset {
            wanted: format!("{} to {}", OPSETS.start(), OPSETS.end()),
            found: format!("{versions:?}"),
        }),
    }
}

fn structure(part: &str, wanted: &str, found: &str) -> LayersError {
    LayersError::Structure { part: part.to_owned(), wanted: wanted.to_owned(), found: found.to_owned() }
}

/// Goes through a graph node by node.
struct Reader<'a> {
    graph: &'a GraphProto,
    values: Values<'a>,
    writers: BTreeMap<&'a str, &'a NodeProto>,
    /// Pictures or sentences per run.
    batch: u64,
    /// Tensors that a layer has counted.
    counted: BTreeSet<usize>,
    names: BTreeSet<String>,
    layers: Vec<OnnxLayer>,
}

impl<'a> Reader<'a> {
    fn new(graph: &'a GraphProto) -> Result<Self, LayersError> {
        if !graph.sparse_initializer.is_empty() {
            return Err(structure("graph", "dense tensors", "sparse ones"));
        }
        let mut values = Values::new();
        for (index, tensor) in graph.initializer.iter().enumerate() {
            if values.insert(&tensor.name, tensor::constant(tensor, index)?).is_some() {
                return Err(structure("graph", "each value once", &format!("`{}` twice", tensor.name)));
            }
        }
        let mut batch = None;
        for input in &graph.input {
            if !values.contains_key(input.name.as_str()) {
                let shape = sizes(input)?;
                batch = batch.or(shape.first().copied());
                values.insert(&input.name, Value::of_shape(shape));
            }
        }
        let writers = graph.node.iter().flat_map(|node| node.output.iter().map(move |output| (output.as_str(), node)));
        let batch = batch.filter(|&batch| batch > 0);
        let batch = batch.ok_or_else(|| structure("graph", "an input with a batch", "none"))?;
        let (counted, names, layers) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        Ok(Self { graph, values, writers: writers.collect(), batch, counted, names, layers })
    }

    fn read(mut self) -> Result<Vec<OnnxLayer>, LayersError> {
        for (index, node) in self.graph.node.iter().enumerate() {
            let constant = self.graph.initializer.len() + index;
            let (values, writers) = (&self.values, &self.writers);
            let outcome = operators::outcome(&Call { node, values, writers, batch: self.batch, constant })?;
            self.take(node, outcome)?;
        }
        match self.graph.output.iter().find(|output| !self.values.contains_key(output.name.as_str())) {
            Some(output) => Err(structure("output", "a node that writes it", &format!("no `{}`", output.name))),
            None if self.graph.output.is_empty() => Err(structure("graph", "an output", "none")),
            None => Ok(self.layers),
        }
    }

    fn take(&mut self, node: &'a NodeProto, outcome: Outcome) -> Result<(), LayersError> {
        let layer = match outcome.part {
            Part::Movement => None,
            Part::Layer(draft) => Some(self.add(node, draft)?),
            Part::Bias(layer, biases) if self.wants(layer, biases) => {
                self.layers[layer].biases = self.count(Some(biases));
                None
            }
            Part::Bias(_, biases) => {
                let draft = Draft { biases: Some(biases), ..Draft::bare(OnnxWork::Free) };
                self.add(node, draft)?;
                None
            }
        };
        for (output, mut value) in node.output.iter().zip(outcome.outputs) {
            if value.shape.len() > MOST_AXES {
                let (wanted, found) = (format!("at most {MOST_AXES} axes"), value.shape.len().to_string());
                return Err(structure(&format!("value `{output}`"), &wanted, &found));
            }
            value.layer = layer.or(value.layer);
            if !output.is_empty() && self.values.insert(output, value).is_some() {
                return Err(structure("graph", "each value once", &format!("`{output}` twice")));
            }
        }
        Ok(())
    }

    /// Returns whether a layer has no bias yet and the tensor has one value for each of its outputs.
    fn wants(&self, layer: usize, biases: Owned) -> bool {
        let layer = &self.layers[layer];
        layer.biases == 0 && elementwise::biased(&layer.work) == Some(biases.values)
    }

    fn add(&mut self, node: &NodeProto, draft: Draft) -> Result<usize, LayersError> {
        let (weights, biases) = (self.count(draft.weights), self.count(draft.biases));
        let name = self.name(node)?;
        self.layers.push(OnnxLayer { name, operator: node.op_type.clone(), work: draft.work, weights, biases });
        Ok(self.layers.len() - 1)
    }

    /// Returns the values of a tensor that no layer before has counted.
    fn count(&mut self, owned: Option<Owned>) -> u64 {
        owned.filter(|owned| self.counted.insert(owned.tensor)).map_or(0, |owned| owned.values)
    }

    fn name(&mut self, node: &NodeProto) -> Result<String, LayersError> {
        let own = name(node);
        let own = if node.op_type == "Scan" { own.strip_suffix(distances::SUFFIX).unwrap_or(own) } else { own };
        let output = node.output.first().map_or("", String::as_str);
        let free = [own, output].into_iter().find(|name| !name.is_empty() && !self.names.contains(*name));
        let Some(free) = free else { return Err(structure("graph", "nodes of different names", own)) };
        self.names.insert(free.to_owned());
        Ok(free.to_owned())
    }
}

/// Returns the sizes of an input; the first may be free and is 1 then.
fn sizes(input: &ValueInfoProto) -> Result<Vec<u64>, LayersError> {
    let error = |found: &str| structure(&format!("input `{}`", input.name), "sizes, all but the first fixed", found);
    let Some(Type::TensorType(tensor)) = input.r#type.as_ref().and_then(|kind| kind.value.as_ref()) else {
        return Err(error("no tensor"));
    };
    let Some(shape) = &tensor.shape else { return Err(error("none")) };
    let size = |(axis, dimension): (usize, &Option<Dimension>)| match dimension {
        Some(Dimension::DimValue(size)) => u64::try_from(*size).map_err(|_| error(&size.to_string())),
        Some(Dimension::DimParam(_)) | None if axis == 0 => Ok(1),
        Some(Dimension::DimParam(name)) => Err(error(&format!("`{name}` as size {axis}"))),
        None => Err(error(&format!("no size {axis}"))),
    };
    let dimensions: Vec<_> = shape.dim.iter().map(|dimension| dimension.value.clone()).collect();
    dimensions.iter().enumerate().map(size).collect()
}
