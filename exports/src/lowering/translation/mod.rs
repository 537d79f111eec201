//! A translation network becomes two graphs: the encoder, and one step of the decoder.

mod attention;
mod decoder;
mod embedding;
mod encoder;
mod layer;
mod linear;
mod local;
pub(crate) mod names;
mod part;

use spaces::{TransformerArchitecture, TranslationTask, Weights};

use crate::onnx::{TranslationMetadata, TranslationPart, digest};
use crate::{Form, LoweringError};
use part::Part;

/// The two files of an exported translation network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranslationModel {
    /// Sentences to the keys and values that the decoder reads.
    pub encoder: Vec<u8>,
    /// One token of every row to the log-probabilities of the next.
    pub decoder: Vec<u8>,
}

/// Returns the ONNX files of a translation network: IR 8, opset 17, standard operators only. Equal inputs give equal
/// bytes.
///
/// # Shapes
/// N sentences of S tokens, padded on the right; B rows per sentence in the decoder; P tokens decoded so far; R rows
/// of the step before; H heads of width q / H; s sources of a decoder layer L; K taps of its kernel on width w.
///
/// | file | reads | writes |
/// |---|---|---|
/// | encoder | `tokens` `[N, S]`, `lengths` `[N]` | `padding` `[N, S]`, `cross.L.keys` `[N, H, q/H, s·S]`, `cross.L.values` `[N, H, s·S, q/H]` |
/// | decoder | `tokens`, `parents` `[N, B]`, `position` `[1]`, what the encoder wrote, and of the step before `past.L.keys`, `past.L.values` `[R, H, P, q/H]`, `past.L.window` `[R, K−1, w]` | `log_probabilities` `[N·B, vocabulary]`, `present.L.keys`, `present.L.values` `[N·B, H, P+1, q/H]`, `present.L.window` `[N·B, K−1, w]` |
///
/// Before the first step there is no position (P = 0) and windows are zeros; a decoder begins with the end of sentence.
///
/// # Errors
/// If the weights do not fit the architecture, or a weight of a shift layer is neither 0 nor ±2^p.
pub fn export_translation(
    architecture: &TransformerArchitecture,
    task: &TranslationTask,
    weights: &Weights,
    form: Form,
    metadata: &TranslationMetadata,
) -> Result<TranslationModel, LoweringError> {
    let mut decoder = Part::new(weights, form, task.conventions);
    decoder::lower(&mut decoder, architecture, task)?;
    let entries = metadata.entries(architecture, task, form, &TranslationPart::Decoder)?;
    let decoder = decoder.builder.encoded("decoder", form.translation(), entries)?;
    let mut encoder = Part::new(weights, form, task.conventions);
    encoder::lower(&mut encoder, architecture, task)?;
    let part = TranslationPart::Encoder { decoder: digest(&decoder) };
    let entries = metadata.entries(architecture, task, form, &part)?;
    let encoder = encoder.builder.encoded("encoder", form.translation(), entries)?;
    Ok(TranslationModel { encoder, decoder })
}
