use std::error::Error;
use std::path::PathBuf;

use spaces::WeightsError;

/// Why a network cannot be written as an ONNX file.
#[derive(Debug, thiserror::Error)]
pub enum LoweringError {
    /// A tensor is missing, has another shape, or a shift weight is no power of two.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The graph has no nodes, or does not begin with its input and end with its classifier.
    #[error("graph wants {wanted}, found {found}")]
    Ends {
        /// What stands where in a graph.
        wanted: &'static str,
        /// What stands there instead.
        found: String,
    },
    /// A node reads too few, too many or later nodes.
    #[error("node `{node}` wants {wanted} inputs from nodes before it, found {found:?}")]
    Inputs {
        /// Name of the node.
        node: String,
        /// How many it must read.
        wanted: usize,
        /// Indices that it reads.
        found: Vec<usize>,
    },
    /// The stated size of a node is not what its computation gives.
    #[error("node `{node}` gives {wanted}, the graph says {found}")]
    Size {
        /// Name of the node.
        node: String,
        /// The size that the computation gives, or why it gives none.
        wanted: String,
        /// The size in the graph.
        found: String,
    },
    /// Two nodes or tensors of one name.
    #[error("name `{name}` stands for two values; rename one of the nodes")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// An unfolded graph in a form that knows no batch normalisation.
    #[error(
        "node `{node}` is a batch normalisation, the int8 form wants a folded graph; call `spaces::fold` before quantizing"
    )]
    NotFolded {
        /// Name of the node.
        node: String,
    },
    /// A quantization scale or code without meaning.
    #[error("tensor `{tensor}` wants {wanted}, found {found}")]
    Quantization {
        /// Name of the tensor.
        tensor: String,
        /// What it must hold.
        wanted: &'static str,
        /// What it holds.
        found: String,
    },
    /// Metadata that does not fit the graph.
    #[error("metadata wants {wanted} {what}, found {found}")]
    Metadata {
        /// What is counted.
        what: &'static str,
        /// How many the graph has.
        wanted: usize,
        /// How many the metadata has.
        found: usize,
    },
    /// The model cannot be encoded.
    #[error("cannot encode the model")]
    Encode(#[source] Box<dyn Error + Send + Sync>),
}

/// Why a file is no model of ours or does not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The file cannot be read.
    #[error("cannot read model `{path}`")]
    Read {
        /// Where it was looked for.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The file is too large to be loaded.
    #[error("model `{model}` has {found} bytes, at most {limit} are loaded")]
    TooLarge {
        /// Path of the file.
        model: String,
        /// Its size.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// The bytes are no ONNX model.
    #[error("`{model}` is no ONNX model, or is damaged")]
    NotOnnx {
        /// Path of the file.
        model: String,
        /// What the parser says.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A part of the model that is not as this crate writes it.
    #[error("model `{model}`: {part} wants {wanted}, found {found}")]
    Structure {
        /// Path of the file.
        model: String,
        /// Which part, for example `node stem.conv`.
        part: String,
        /// What must stand there.
        wanted: String,
        /// What stands there.
        found: String,
    },
    /// An operator that no exported model uses.
    #[error("model `{model}`: node `{node}` wants an operator of opset 17 that this crate writes, found `{operator}`")]
    Operator {
        /// Path of the file.
        model: String,
        /// Name of the node.
        node: String,
        /// Domain and name of the operator.
        operator: String,
    },
    /// A metadata entry that is missing or cannot be read.
    #[error("model `{model}`: metadata `{key}` {problem}; export the model again")]
    Metadata {
        /// Path of the file.
        model: String,
        /// Key of the entry.
        key: String,
        /// What is wrong.
        problem: String,
    },
    /// The bytes are not those that were exported.
    #[error("model `{model}` is damaged, or was changed by another program; export it again")]
    Damaged {
        /// Path of the file.
        model: String,
    },
    /// tract cannot prepare or run the model.
    #[error("model `{model}` does not run with a batch of {batch}")]
    Tract {
        /// Path of the file.
        model: String,
        /// Pictures per batch.
        batch: usize,
        /// What tract says; it names the node.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The number of values is not that of the batch.
    #[error("model `{model}` wants {wanted} values for {batch} pictures of {picture}, found {found}")]
    InputLength {
        /// Path of the file.
        model: String,
        /// Pictures per batch.
        batch: usize,
        /// Size of a picture.
        picture: String,
        /// Values wanted.
        wanted: usize,
        /// Values found.
        found: usize,
    },
    /// Two tables of logits that cannot be compared.
    #[error("parity wants as many values as the reference, {wanted} in rows of {classes}, found {found}")]
    Rows {
        /// Values of the reference.
        wanted: usize,
        /// Values per row.
        classes: usize,
        /// Values to compare.
        found: usize,
    },
}
