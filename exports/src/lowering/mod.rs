//! Layers and weights become ONNX nodes: one file per kind of layer.

mod add;
mod attention;
mod classifier;
mod convolution;
mod layer;
mod pointwise;
mod pool;
mod sizes;
pub(crate) mod translation;

use spaces::{Arithmetic, Compute, Graph, Weights};

use crate::LoweringError;
use crate::onnx::{Builder, IMAGES, LOGITS, Metadata};
use layer::Layer;

/// How the numbers of a model are stored and computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// 32-bit floats; weights of shift layers are exact powers of two.
    Float,
    /// 8-bit weights and inputs of linear layers as QuantizeLinear/DequantizeLinear pairs (QDQ).
    Int8,
}

impl Form {
    /// Returns the name stored in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Form::Float => "float",
            Form::Int8 => "int8",
        }
    }

    /// Returns the form of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Form::Float, Form::Int8].into_iter().find(|form| form.name() == name)
    }

    pub(crate) const fn description(self) -> &'static str {
        match self {
            Form::Float => "multiplication-reduced network, 32-bit floats; shift layers hold weights 0 or ±2^p",
            Form::Int8 => {
                "multiplication-reduced network, 8-bit weights and activations as QDQ pairs; \
                 shift layers hold bytes 0 or ±2^k and scales 2^p"
            }
        }
    }
}

impl Form {
    pub(crate) const fn translation(self) -> &'static str {
        match self {
            Form::Float => "translation network, 32-bit floats; shift layers hold weights 0 or ±2^p",
            Form::Int8 => {
                "translation network, linear layers of 8-bit weights and inputs with integer sums; \
                 shift layers hold bytes 0 or ±2^k and scales 2^p"
            }
        }
    }
}

/// Returns the ONNX file of a network: IR 8, opset 17, standard operators only, a free batch dimension `N`,
/// input `images` `[N, C, H, W]` and output `logits` `[N, classes]`. Equal inputs give equal bytes.
///
/// Batch normalisations of a [`Form::Float`] network are folded (`spaces::fold`). A [`Form::Int8`] network
/// must be folded already and bring the quantized tensors that `spaces::Weights` documents.
///
/// # Errors
/// If the graph contradicts itself, does not end with its classifier, or the weights do not fit it; if a
/// weight of a shift layer is neither 0 nor ±2^p; if metadata counts other classes or channels.
pub fn export(graph: &Graph, weights: &Weights, metadata: &Metadata, form: Form) -> Result<Vec<u8>, LoweringError> {
    sizes::check(graph)?;
    let normalization = graph.nodes.iter().find(|node| node.compute == Compute::BatchNorm);
    match (form, normalization) {
        (_, None) => lower(graph, weights, metadata, form),
        (Form::Float, Some(_)) => {
            let (graph, weights) = spaces::fold(graph, weights)?;
            lower(&graph, &weights, metadata, form)
        }
        (Form::Int8, Some(node)) => Err(LoweringError::NotFolded { node: node.name.clone() }),
    }
}

fn lower(graph: &Graph, weights: &Weights, metadata: &Metadata, form: Form) -> Result<Vec<u8>, LoweringError> {
    let (input, last) = (graph.input(), graph.nodes.len() - 1);
    let classes = graph.nodes[last].output.channels;
    metadata.fit(input, classes)?;
    let mut builder = Builder::default();
    let mut values = vec![IMAGES.to_owned()];
    for (index, node) in graph.nodes.iter().enumerate().skip(1) {
        let output = if index == last { LOGITS } else { &node.name };
        values.push(output.to_owned());
        let inputs = node.inputs.iter().map(|&input| values[input].as_str()).collect();
        let parameters = graph.parameters_of(index);
        let from = graph.input_of(index);
        let mut layer = Layer { node, inputs, output, from, parameters, weights, form, builder: &mut builder };
        lower_layer(&mut layer)?;
    }
    builder.finish(metadata, form, input, classes)
}

fn lower_layer(layer: &mut Layer<'_>) -> Result<(), LoweringError> {
    match layer.node.compute {
        Compute::Linear(linear) => match linear.arithmetic {
            Arithmetic::Multiply | Arithmetic::Shift => convolution::lower(layer, linear)?,
            Arithmetic::Add => add::lower(layer, linear)?,
        },
        Compute::Classifier => classifier::lower(layer)?,
        Compute::Affine => pointwise::affine(layer)?,
        Compute::Relu => pointwise::relu(layer),
        Compute::Sum => pointwise::sum(layer),
        Compute::SelfAttention { heads, form } => attention::lower(layer, heads, form),
        Compute::MaxPool { kernel, stride, padding } => pool::max(layer, kernel, stride, padding),
        Compute::GlobalAveragePool => pool::global_average(layer),
        Compute::BatchNorm => return Err(LoweringError::NotFolded { node: layer.node.name.clone() }),
        Compute::Input => {
            let found = format!("`{}` as a further input", layer.node.name);
            return Err(LoweringError::Ends { wanted: "its input as the first node only", found });
        }
    }
    Ok(())
}
