use spaces::Arithmetic;

/// A layer of an ONNX file: what it computes for one picture or sentence, and what it stores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnnxLayer {
    /// Name of its node, or of what the node writes where nodes have no names of their own; unique in a file.
    pub name: String,
    /// The ONNX operator that computes it, for example `Conv`.
    pub operator: String,
    /// What it computes.
    pub work: OnnxWork,
    /// Values of its weight, scales of a normalisation included; 0 if an earlier layer reads the same tensor.
    pub weights: u64,
    /// Values of its bias, offsets of a normalisation included; 0 if an earlier layer reads the same tensor.
    pub biases: u64,
}

/// What a layer of an ONNX file computes for one picture or sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnnxWork {
    /// A convolution, shift or add layer on maps.
    Window(OnnxWindow),
    /// A matrix of weights applied to rows.
    Matrix {
        /// How weights and inputs meet.
        arithmetic: Arithmetic,
        /// Rows.
        rows: u64,
        /// Values of a row.
        inputs: u64,
        /// Values of an output row.
        outputs: u64,
    },
    /// `batch` products of two activations, `[rows, inner]` and `[inner, columns]`.
    Product {
        /// Number of products.
        batch: u64,
        /// Rows of the left factor.
        rows: u64,
        /// What is summed over.
        inner: u64,
        /// Columns of the right factor.
        columns: u64,
    },
    /// A batch normalisation that is not folded into its neighbours.
    BatchNorm {
        /// Channels.
        channels: u64,
        /// Values of a channel.
        positions: u64,
    },
    /// max(x, 0).
    Relu {
        /// Values.
        values: u64,
    },
    /// The largest or the mean value of each square window.
    Pool {
        /// Edge of the window.
        kernel: u64,
        /// Output values.
        outputs: u64,
    },
    /// Other activations and normalisations, sums, softmax: nothing that a strict count counts.
    Free,
}

/// The geometry of a convolution, shift or add layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnnxWindow {
    /// How weights and inputs meet.
    pub arithmetic: Arithmetic,
    /// Input channels.
    pub in_channels: u64,
    /// Output channels.
    pub out_channels: u64,
    /// Input rows.
    pub height: u64,
    /// Input columns.
    pub width: u64,
    /// Output rows.
    pub out_height: u64,
    /// Output columns.
    pub out_width: u64,
    /// Edge of the square window; between its taps lie gaps where the layer is dilated.
    pub kernel: u64,
    /// Step of the window.
    pub stride: u64,
    /// Zeros added above, left, below and right.
    pub padding: [u64; 4],
    /// Channel groups.
    pub groups: u64,
}

/// A constant that a layer owns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owned {
    /// Which constant of the file.
    pub tensor: usize,
    /// Number of its values.
    pub values: u64,
}

/// A layer before it has its name.
#[derive(Debug)]
pub(super) struct Draft {
    pub work: OnnxWork,
    pub weights: Option<Owned>,
    pub biases: Option<Owned>,
}

impl Draft {
    /// Returns a layer without tensors.
    pub fn bare(work: OnnxWork) -> Self {
        Self { work, weights: None, biases: None }
    }
}
