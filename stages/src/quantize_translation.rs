use std::num::NonZeroUsize;

use datasets::TokenBudget;
use engine::{Context, One, Stage, StageError, inputs, outputs};
use networks::Device;
use networks::translation::{TranslationInference, quantize_translation, quantize_translation_within};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spaces::Weights;
use translation::BeamSettings;

use crate::artifacts::{EightBitTranslationSubnet, SelectionCorpus, TranslationSubnet};
use crate::training_run;
use crate::translating::{Scores, decode, translate};
use crate::translation_evaluator::valid_batches;

/// Quantizes a trained translation network.
pub struct QuantizeTranslation;

/// How ranges are found and what may be lost.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuantizeTranslationParams {
    /// Where the ranges of activations come from.
    #[serde(default)]
    ranges: Ranges,
    /// Train pairs from which they are measured.
    #[serde(default = "default_pairs")]
    calibration_pairs: NonZeroUsize,
    /// The beam search of the two BLEU of the valid split.
    #[serde(default)]
    beam: BeamSettings,
    /// Largest loss of BLEU on the valid split for the gate to pass; absent for no gate.
    #[serde(default)]
    max_bleu_drop: Option<f64>,
}

/// Where the ranges of activations come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Ranges {
    /// From training for 8 bits; those of a network that was not trained so are measured.
    #[default]
    Kept,
    /// Measured on train pairs.
    Measured,
}

const fn default_pairs() -> NonZeroUsize {
    NonZeroUsize::new(512).expect("not zero")
}

inputs! {
    /// The network and what its ranges are measured on.
    pub struct QuantizeTranslationInputs {
        /// Pairs of sentences: train pairs for ranges, valid pairs for BLEU.
        pub corpus: One<SelectionCorpus>,
        /// The float network.
        pub subnet: One<TranslationSubnet>,
    }
}

outputs! {
    /// The network in bytes.
    pub struct QuantizeTranslationOutputs {
        /// 8-bit weights with their scales.
        pub subnet: EightBitTranslationSubnet,
    }
}

impl Stage for QuantizeTranslation {
    const KIND: &'static str = "quantize-translation";
    const VERSION: u32 = 2;
    const SUMMARY: &'static str = "Quantizes a trained translation network to 8 bits, calibrated on train pairs";

    type Params = QuantizeTranslationParams;
    type Inputs = QuantizeTranslationInputs;
    type Outputs = QuantizeTranslationOutputs;

    fn check(&self, params: &Self::Params) -> Result<(), String> {
        params.beam.check().map_err(|error| format!("`beam`: {error}"))
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: Self::Inputs,
        context: &mut Context<'_>,
    ) -> Result<Self::Outputs, StageError> {
        let device = training_run::device(context)?;
        let broken = |error| StageError::caused("the weights do not fit the architecture", error);
        let TranslationSubnet { description, weights, .. } = &*inputs.subnet;
        let (architecture, task) = (&description.architecture, &description.task);
        let quantized = quantized(params, &inputs, &device, context)?;
        let text = inputs.corpus.valid_text()?;
        let codec = &inputs.corpus.text;
        let float = TranslationInference::of_weights(architecture, task, weights, &device).map_err(broken)?;
        let eight_bit = TranslationInference::of_quantized(architecture, task, &quantized, &device).map_err(broken)?;
        let translated = translate(codec, &text.sources, context, |sources| decode(&float, sources, &params.beam))?;
        let float = Scores::of(codec, &translated, &text.references)?;
        let translated = translate(codec, &text.sources, context, |sources| decode(&eight_bit, sources, &params.beam))?;
        let eight_bit = Scores::of(codec, &translated, &text.references)?;
        float.report("float_valid", context);
        eight_bit.report("eight_bit_valid", context);
        let drop = float.tokenized.score - eight_bit.tokenized.score;
        if let Some(most) = params.max_bleu_drop {
            context.gate("bleu_drop", drop <= most, drop, format!("at most {most}"));
        }
        let description = description.clone();
        Ok(QuantizeTranslationOutputs { subnet: EightBitTranslationSubnet { description, weights: quantized } })
    }
}

/// Returns the network in bytes.
fn quantized(
    params: &QuantizeTranslationParams,
    inputs: &QuantizeTranslationInputs,
    device: &Device,
    context: &mut Context<'_>,
) -> Result<Weights, StageError> {
    let TranslationSubnet { description, weights, ranges } = &*inputs.subnet;
    let (architecture, task) = (&description.architecture, &description.task);
    let quantized = if params.ranges == Ranges::Kept && !ranges.is_empty() {
        context.headline("ranges", "kept", "");
        quantize_translation_within(architecture, task, weights, ranges)
    } else {
        context.headline("ranges", "measured", "");
        let train = inputs.corpus.train()?;
        let first: Vec<usize> = (0..train.len().min(params.calibration_pairs.get())).collect();
        let calibration = valid_batches(&train.select(&first), &TokenBudget::default());
        quantize_translation(architecture, task, weights, &calibration, device)
    };
    quantized.map_err(|error| StageError::caused("the network has no 8-bit form", error))
}
