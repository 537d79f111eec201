use tract_onnx::pb::{AttributeProto, GraphProto, NodeProto, TensorProto};

/// Returns the attribute of that name.
fn named<'a>(node: &'a NodeProto, name: &str) -> Option<&'a AttributeProto> {
    node.attribute.iter().find(|attribute| attribute.name == name)
}

/// Returns an attribute of one integer.
pub(super) fn integer(node: &NodeProto, name: &str) -> Option<i64> {
    named(node, name).map(|attribute| attribute.i)
}

/// Returns an attribute of a list of integers.
pub(super) fn integers<'a>(node: &'a NodeProto, name: &str) -> Option<&'a [i64]> {
    named(node, name).map(|attribute| attribute.ints.as_slice())
}

/// Returns an attribute of text.
pub(super) fn text<'a>(node: &'a NodeProto, name: &str) -> Option<&'a str> {
    named(node, name).and_then(|attribute| str::from_utf8(&attribute.s).ok())
}

/// Returns an attribute of a tensor.
pub(super) fn tensor<'a>(node: &'a NodeProto, name: &str) -> Option<&'a TensorProto> {
    named(node, name).and_then(|attribute| attribute.t.as_ref())
}

/// Returns whether a constant is a float, `value_float`.
pub(super) fn is_single_float(node: &NodeProto) -> bool {
    named(node, "value_float").is_some()
}

/// Returns an attribute of a graph.
pub(super) fn graph<'a>(node: &'a NodeProto, name: &str) -> Option<&'a GraphProto> {
    named(node, name).and_then(|attribute| attribute.g.as_ref())
}

/// Returns whether a node has graphs of its own.
pub(super) fn has_graph(node: &NodeProto) -> bool {
    node.attribute.iter().any(|attribute| attribute.g.is_some() || !attribute.graphs.is_empty())
}
