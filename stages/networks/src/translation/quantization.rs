//! Translation networks on bytes, made after training.

use std::cell::RefCell;
use std::collections::BTreeMap;

use burn::Tensor;
use burn::tensor::Device;
use datasets::TokenBatch;
use spaces::{
    Arithmetic, LinearForm, Parameter, ParameterKind, TransformerArchitecture, TranslationTask, Weights, WeightsError,
};

use super::error::TranslationError;
use super::forward::Forward;
use super::inference::TranslationInference;
use super::piece::{Piece, PieceKind, pieces};
use super::tap::LayerTap;
use super::trainer::target_values;
use super::translate::check;
use crate::parameters::host_values;
use crate::quantization::{dequantized, quantize_layer, rounded_to_bytes};

mod eight_bit;
mod inputs;

pub use eight_bit::{EightBitTraining, LargestInput};
pub(crate) use eight_bit::{EightBits, RoundedBatch};
pub(crate) use inputs::RoundedInputs;

/// Why a translation network has no 8-bit form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TranslationQuantizationError {
    /// The weights are not those of the architecture.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A sentence that the network cannot read.
    #[error("a sentence to measure ranges with does not fit the network")]
    Sentence(#[source] TranslationError),
    /// No sentence to measure ranges with.
    #[error(
        "8-bit ranges are measured on sentences, wanted at least one pair, found none; give some of the training set"
    )]
    NoSentences,
}

/// Returns the 8-bit weights of an exported float network (layout: [`Weights`], with the names of
/// [`TransformerArchitecture::parameters`] for nodes).
///
/// Post-training: inputs of linear layers become unsigned bytes with the range seen on the calibration sentences, weights
/// become signed bytes with one symmetric scale per output. Shift layers keep powers of two: bytes 0 or ±2^k times a
/// power of two per output. Add layers share one scale between input and weights. Local kernels are rounded to 255 steps
/// each and stay floats, as do biases, norms, the embedding and the products inside of attentions.
///
/// # Errors
/// If a tensor is missing, has another shape, or a shift weight is no power of two; if there is no sentence to measure
/// ranges with, or one that does not fit the network.
pub fn quantize_translation(
    architecture: &TransformerArchitecture,
    task: &TranslationTask,
    weights: &Weights,
    calibration: &[TokenBatch],
    device: &Device,
) -> Result<Weights, TranslationQuantizationError> {
    let inference = TranslationInference::of_weights(architecture, task, weights, device)?;
    quantize_translation_within(architecture, task, weights, &observe(&inference, calibration)?)
}

/// As [`quantize_translation`], with given ranges of the inputs of linear layers, such as those of training with 8 bits.
///
/// # Errors
/// If a tensor or a range is missing, a tensor has another shape, or a shift weight is no power of two.
pub fn quantize_translation_within(
    architecture: &TransformerArchitecture,
    task: &TranslationTask,
    weights: &Weights,
    ranges: &InputRanges,
) -> Result<Weights, TranslationQuantizationError> {
    let mut quantized = Weights::default();
    for piece in pieces(architecture, task) {
        match piece.kind {
            PieceKind::Linear { form, .. } => {
                let (low, high) = *ranges.get(&piece.name).ok_or(TranslationQuantizationError::NoSentences)?;
                // A zero is exact, whatever the range.
                let range = (low.min(0.0), high.max(0.0));
                quantize_layer(&mut quantized, weights, &piece.weight(), arithmetic(form), range)?;
                piece.keep_vectors(weights, &mut quantized)?;
            }
            PieceKind::Kernel { shape, .. } => {
                let kernels = weights.floats(&piece.name, &shape)?.chunks_exact(shape[1]);
                let values = kernels.flat_map(rounded_to_bytes).collect();
                quantized.insert(piece.name, shape.to_vec(), values);
            }
            PieceKind::Embedding { .. } | PieceKind::Norm { .. } => piece.keep_vectors(weights, &mut quantized)?,
        }
    }
    Ok(quantized)
}

/// Returns the float weights that 8-bit weights stand for.
///
/// # Errors
/// If a tensor is missing or has another type or shape.
pub(crate) fn float_weights(
    architecture: &TransformerArchitecture,
    task: &TranslationTask,
    quantized: &Weights,
) -> Result<Weights, WeightsError> {
    let mut floats = Weights::default();
    for piece in pieces(architecture, task) {
        match piece.kind {
            PieceKind::Linear { form, .. } => {
                let weight = piece.weight();
                let scales = format!("{}.weight_scale", piece.name);
                let values = dequantized(quantized, &weight, arithmetic(form), &scales)?;
                floats.insert(weight.name, weight.shape, values);
                piece.keep_vectors(quantized, &mut floats)?;
            }
            PieceKind::Embedding { .. } | PieceKind::Kernel { .. } | PieceKind::Norm { .. } => {
                piece.keep_vectors(quantized, &mut floats)?;
            }
        }
    }
    Ok(floats)
}

const fn arithmetic(form: LinearForm) -> Arithmetic {
    match form {
        LinearForm::Dense => Arithmetic::Multiply,
        LinearForm::Shift => Arithmetic::Shift,
        LinearForm::Add => Arithmetic::Add,
    }
}

impl Piece {
    /// Returns the matrix of a linear layer.
    fn weight(&self) -> Parameter {
        let shape = match self.kind {
            PieceKind::Linear { shape, .. } => shape,
            PieceKind::Embedding { .. } | PieceKind::Kernel { .. } | PieceKind::Norm { .. } => {
                unreachable!("`{}` is a linear layer", self.name)
            }
        };
        Parameter { name: format!("{}.weight", self.name), kind: ParameterKind::Weight, shape: shape.to_vec() }
    }

    /// Copies what is no matrix of a linear layer.
    fn keep_vectors(&self, from: &Weights, to: &mut Weights) -> Result<(), WeightsError> {
        let tensors = match self.kind {
            PieceKind::Embedding { shape } => vec![("weight", shape.to_vec())],
            PieceKind::Kernel { shape, .. } => vec![("", shape.to_vec())],
            PieceKind::Norm { width } => vec![("gamma", vec![width]), ("beta", vec![width])],
            PieceKind::Linear { form, shape: [outputs, _], .. } => match form {
                LinearForm::Dense | LinearForm::Shift => vec![("bias", vec![outputs])],
                LinearForm::Add => vec![("gamma", vec![outputs]), ("beta", vec![outputs])],
            },
        };
        for (part, shape) in tensors {
            let name = if part.is_empty() { self.name.clone() } else { format!("{}.{part}", self.name) };
            let values = from.floats(&name, &shape)?.to_vec();
            to.insert(name, shape, values);
        }
        Ok(())
    }
}

/// Smallest and largest input of each linear layer, by its name in [`TransformerArchitecture::parameters`].
pub type InputRanges = BTreeMap<String, (f32, f32)>;

/// Sentences are read one at a time: what stands at padding is no input.
fn observe(
    inference: &TranslationInference,
    calibration: &[TokenBatch],
) -> Result<InputRanges, TranslationQuantizationError> {
    let task = inference.task();
    let watch = Watch::default();
    let forward = Forward { tap: Some(&watch), ..inference.forward() };
    for (index, pair) in calibration.iter().flat_map(pairs).enumerate() {
        let sentences = [&pair.sources, &pair.targets];
        let fits = |sentence: &Vec<u32>| check(task, index, &sentence[..sentence.len() - 1]);
        sentences.into_iter().try_for_each(fits).map_err(TranslationQuantizationError::Sentence)?;
        target_values(&forward, &pair);
    }
    Ok(watch.ranges.into_inner())
}

/// Returns the pairs of a batch, each a batch of its own.
fn pairs(batch: &TokenBatch) -> impl Iterator<Item = TokenBatch> {
    let row = |tokens: &[u32], length: usize, real: usize, pair: usize| tokens[pair * length..][..real].to_vec();
    (0..batch.pairs).map(move |pair| {
        let (source_length, target_length) = (batch.source_lengths[pair], batch.target_lengths[pair]);
        TokenBatch {
            pairs: 1,
            source_length,
            target_length,
            sources: row(&batch.sources, batch.source_length, source_length, pair),
            targets: row(&batch.targets, batch.target_length, target_length, pair),
            source_lengths: vec![source_length],
            target_lengths: vec![target_length],
        }
    })
}

#[derive(Default)]
struct Watch {
    ranges: RefCell<InputRanges>,
}

impl LayerTap for Watch {
    fn input(&self, layer: &str, input: Tensor<2>) -> Tensor<2> {
        let mut ranges = self.ranges.borrow_mut();
        let (low, high) = ranges.entry(layer.to_owned()).or_insert((0.0, 0.0));
        for value in host_values(input.clone()) {
            (*low, *high) = (low.min(value), high.max(value));
        }
        input
    }
}

#[cfg(test)]
mod tests;
