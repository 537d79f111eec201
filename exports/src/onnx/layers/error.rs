use std::error::Error;

/// Why the layers of an ONNX file are not known.
#[derive(Debug, thiserror::Error)]
pub enum LayersError {
    /// The bytes are no ONNX model.
    #[error("no ONNX model, or damaged")]
    NotOnnx(#[source] Box<dyn Error + Send + Sync>),
    /// A file of this crate whose bytes are not those that were exported.
    #[error("the model is damaged, or was changed by another program; export it again")]
    Damaged,
    /// A set of operators whose meaning is not known.
    #[error("the model wants operators of opset {wanted}, found {found}")]
    Opset {
        /// What is known.
        wanted: String,
        /// What the file imports.
        found: String,
    },
    /// A part of the file, other than a node or a tensor, that is not as it must be.
    #[error("{part} wants {wanted}, found {found}")]
    Structure {
        /// Which part.
        part: String,
        /// What must stand there.
        wanted: String,
        /// What stands there.
        found: String,
    },
    /// An operator whose cost is not known.
    #[error("node `{node}` wants an operator of known cost, found `{operator}`")]
    Operator {
        /// Name of the node.
        node: String,
        /// Domain and name of the operator.
        operator: String,
    },
    /// A node that contradicts its operator, or whose sizes are not known.
    #[error("node `{node}` ({operator}) wants {wanted}, found {found}")]
    Node {
        /// Name of the node.
        node: String,
        /// Its operator.
        operator: String,
        /// What it must have.
        wanted: String,
        /// What it has.
        found: String,
    },
    /// A constant without all of its values.
    #[error("tensor `{tensor}` wants {wanted}, found {found}")]
    Tensor {
        /// Name of the tensor.
        tensor: String,
        /// What it must hold.
        wanted: String,
        /// What it holds.
        found: String,
    },
    /// A size that exceeds 64 bits.
    #[error("the sizes of node `{node}` ({operator}) exceed 64 bits")]
    Overflow {
        /// Name of the node.
        node: String,
        /// Its operator.
        operator: String,
    },
}
