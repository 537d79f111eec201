use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Operator;

/// ε of every batch normalisation: y = γ (x − μ) / √(σ² + ε) + β.
pub const BATCH_NORM_EPSILON: f32 = 1e-5;

/// The size of one activation: channels, height, width. A vector has height and width 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FeatureMap {
    /// Channels.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl FeatureMap {
    /// Returns a vector of `channels` values.
    pub const fn vector(channels: usize) -> Self {
        Self { channels, height: 1, width: 1 }
    }

    /// Returns the number of values.
    pub const fn values(self) -> usize {
        self.channels * self.height * self.width
    }

    /// Returns the number of positions (height times width).
    pub const fn positions(self) -> usize {
        self.height * self.width
    }

    /// Returns the same map with another number of channels.
    pub const fn with_channels(self, channels: usize) -> Self {
        Self { channels, ..self }
    }

    /// Returns the map after a window of `kernel`, `stride` and `padding`, rounding down as convolutions do.
    pub const fn windowed(self, kernel: usize, stride: usize, padding: usize) -> Self {
        let height = (self.height + 2 * padding - kernel) / stride + 1;
        let width = (self.width + 2 * padding - kernel) / stride + 1;
        Self { height, width, ..self }
    }
}

impl fmt::Display for FeatureMap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}x{}x{}", self.channels, self.height, self.width)
    }
}

/// How weights and inputs of a linear layer meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arithmetic {
    /// Y = Σ x·w.
    Multiply,
    /// Y = Σ x·s·2^p, the weight rounded to a signed power of two.
    Shift,
    /// Y = −Σ |x − w|; taps on the padding contribute −|0 − w|.
    Add,
}

impl Arithmetic {
    /// Returns its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Arithmetic::Multiply => "multiply",
            Arithmetic::Shift => "shift",
            Arithmetic::Add => "add",
        }
    }
}

/// A layer with weights of shape `[out, in / groups, kernel, kernel]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Linear {
    /// How weights and inputs meet.
    pub arithmetic: Arithmetic,
    /// Edge of the square window.
    pub kernel: usize,
    /// Step of the window.
    pub stride: usize,
    /// Zero rows and columns added on every side.
    pub padding: usize,
    /// Channel groups; equal to the channels for a depth-wise layer.
    pub groups: usize,
    /// Whether a bias per output channel is added.
    pub bias: bool,
}

/// Which axis of the attention map sums to one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AttentionForm {
    /// Softmax over the keys of each query (Eq. 1 of the paper).
    #[default]
    Standard,
    /// Softmax over the queries of each key, as the authors' release computes it.
    Transposed,
}

/// What a node computes from its inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compute {
    /// The network's input.
    Input,
    /// A convolution, shift or add layer.
    Linear(Linear),
    /// Batch normalisation per channel.
    BatchNorm,
    /// y = scale · x + offset per channel: a batch normalisation after [`crate::fold`].
    Affine,
    /// max(x, 0).
    Relu,
    /// Multi-head self-attention over the positions; the input holds q, k, v stacked along the channels.
    SelfAttention {
        /// Number of heads; the head width is channels / 3 / heads.
        heads: usize,
        /// Which axis is normalised.
        form: AttentionForm,
    },
    /// The sum of two maps.
    Sum,
    /// The largest value of each window.
    MaxPool {
        /// Edge of the window.
        kernel: usize,
        /// Step of the window.
        stride: usize,
        /// Rows and columns of −∞ on every side.
        padding: usize,
    },
    /// The mean over all positions.
    GlobalAveragePool,
    /// A matrix product with bias to one value per class; weights `[classes, in]`.
    Classifier,
}

impl Compute {
    /// Returns how weights and inputs meet, for nodes that have a weight: linear layers and the classifier.
    pub const fn arithmetic(self) -> Option<Arithmetic> {
        match self {
            Compute::Linear(linear) => Some(linear.arithmetic),
            Compute::Classifier => Some(Arithmetic::Multiply),
            Compute::Input
            | Compute::BatchNorm
            | Compute::Affine
            | Compute::Relu
            | Compute::SelfAttention { .. }
            | Compute::Sum
            | Compute::MaxPool { .. }
            | Compute::GlobalAveragePool => None,
        }
    }
}

/// Where in a supernet the weights of a node live.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Site {
    /// The operator of the block that owns the node.
    pub operator: Operator,
    /// The searchable layer and level, `layers.LAYER.level LEVEL`, as a key prefix.
    pub cell: String,
    /// The part of the block, for example `down.shortcut`.
    pub part: &'static str,
}

/// One step of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Unique name, `layers.3.expand`; parameters are named `NAME.weight` and so on.
    pub name: String,
    /// What is computed.
    pub compute: Compute,
    /// Indices of the nodes whose outputs are read; always smaller than the node's own.
    pub inputs: Vec<usize>,
    /// Size of the output.
    pub output: FeatureMap,
    /// Where a supernet keeps the weights; `None` outside searchable layers.
    pub site: Option<Site>,
}

/// A network as nodes in execution order. Node 0 is the input, the last node is the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// The nodes.
    pub nodes: Vec<Node>,
}

/// What a parameter is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ParameterKind {
    /// Weight of a linear layer or classifier.
    Weight,
    /// Bias of a linear layer or classifier.
    Bias,
    /// Scale of a batch normalisation.
    Gamma,
    /// Offset of a batch normalisation.
    Beta,
    /// Running mean of a batch normalisation; not trained.
    Mean,
    /// Running variance of a batch normalisation; not trained.
    Variance,
    /// Factor of an affine; not trained.
    Scale,
    /// Summand of an affine; not trained.
    Offset,
}

impl ParameterKind {
    /// Returns the last part of the parameter's name.
    pub const fn name(self) -> &'static str {
        match self {
            ParameterKind::Weight => "weight",
            ParameterKind::Bias => "bias",
            ParameterKind::Gamma => "gamma",
            ParameterKind::Beta => "beta",
            ParameterKind::Mean => "mean",
            ParameterKind::Variance => "variance",
            ParameterKind::Scale => "scale",
            ParameterKind::Offset => "offset",
        }
    }

    /// Returns whether training changes it by gradient.
    pub const fn is_trained(self) -> bool {
        match self {
            ParameterKind::Weight | ParameterKind::Bias | ParameterKind::Gamma | ParameterKind::Beta => true,
            ParameterKind::Mean | ParameterKind::Variance | ParameterKind::Scale | ParameterKind::Offset => false,
        }
    }
}

/// A tensor that a node owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// `NODE.KIND`, for example `layers.3.expand.weight`.
    pub name: String,
    /// What it is for.
    pub kind: ParameterKind,
    /// Its shape.
    pub shape: Vec<usize>,
}

impl Graph {
    /// Returns the size of the input.
    pub fn input(&self) -> FeatureMap {
        self.nodes[0].output
    }

    /// Returns the size of the input of node `index` (of the first one, where it reads several).
    ///
    /// # Panics
    /// If the node is the network's input, which reads nothing.
    pub fn input_of(&self, index: usize) -> FeatureMap {
        self.nodes[self.nodes[index].inputs[0]].output
    }

    /// Returns the tensors that node `index` owns, trained ones and running statistics.
    pub fn parameters_of(&self, index: usize) -> Vec<Parameter> {
        use ParameterKind::{Beta, Bias, Gamma, Mean, Offset, Scale, Variance, Weight};
        let node = &self.nodes[index];
        let out = node.output.channels;
        let shapes = match node.compute {
            Compute::Linear(linear) => {
                let inputs = self.input_of(index).channels / linear.groups;
                let weight = (Weight, vec![out, inputs, linear.kernel, linear.kernel]);
                if linear.bias { vec![weight, (Bias, vec![out])] } else { vec![weight] }
            }
            Compute::BatchNorm => [Gamma, Beta, Mean, Variance].map(|kind| (kind, vec![out])).to_vec(),
            Compute::Affine => [Scale, Offset].map(|kind| (kind, vec![out])).to_vec(),
            Compute::Classifier => vec![(Weight, vec![out, self.input_of(index).values()]), (Bias, vec![out])],
            Compute::Input
            | Compute::Relu
            | Compute::SelfAttention { .. }
            | Compute::Sum
            | Compute::MaxPool { .. }
            | Compute::GlobalAveragePool => Vec::new(),
        };
        let named = |(kind, shape): (ParameterKind, Vec<usize>)| Parameter {
            name: format!("{}.{}", node.name, kind.name()),
            kind,
            shape,
        };
        shapes.into_iter().map(named).collect()
    }

    /// Returns the tensors of the whole network in execution order.
    pub fn parameters(&self) -> Vec<Parameter> {
        (0..self.nodes.len()).flat_map(|index| self.parameters_of(index)).collect()
    }

    /// Returns the number of trained scalars.
    pub fn trained_parameters(&self) -> usize {
        let trained = self.parameters().into_iter().filter(|parameter| parameter.kind.is_trained());
        trained.map(|parameter| parameter.shape.iter().product::<usize>()).sum()
    }
}
