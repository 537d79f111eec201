use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use engine::{Context, One, Optional, Stage, StageError, inputs, outputs};
use exports::{Form, TranslationMetadata, Translator, export_translation};
use networks::translation::TranslationInference;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use translation::BeamSettings;

use crate::artifacts::{
    EightBitTranslationSubnet, ReferenceTranslations, SelectionCorpus, TranslationModel, TranslationSubnet,
};
use crate::training_run;
use crate::translating::untranslatable;

/// Writes a translation network as two ONNX files with the text files they need.
pub struct ExportTranslation;

/// What goes beside the files.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportTranslationParams {
    /// Valid sentences that the training side translates for comparison; fewer where there are fewer.
    #[serde(default = "default_sentences")]
    reference_sentences: NonZeroUsize,
    /// How they are decoded.
    #[serde(default)]
    beam: BeamSettings,
}

const fn default_sentences() -> NonZeroUsize {
    NonZeroUsize::new(200).expect("not zero")
}

inputs! {
    /// The network.
    pub struct ExportTranslationInputs {
        /// Pairs of sentences, and how text becomes tokens.
        pub corpus: One<SelectionCorpus>,
        /// The float network.
        pub subnet: One<TranslationSubnet>,
        /// Its 8-bit form; if given, that is what is exported.
        pub eight_bit: Optional<EightBitTranslationSubnet>,
    }
}

outputs! {
    /// The files and what they must compute.
    pub struct ExportTranslationOutputs {
        /// The files.
        pub model: TranslationModel,
        /// Sources, and what the training side translates them to.
        pub reference: ReferenceTranslations,
    }
}

impl Stage for ExportTranslation {
    const KIND: &'static str = "export-translation";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Writes encoder and decoder step as ONNX, with reference translations";

    type Params = ExportTranslationParams;
    type Inputs = ExportTranslationInputs;
    type Outputs = ExportTranslationOutputs;

    fn check(&self, params: &Self::Params) -> Result<(), String> {
        params.beam.check().map_err(|error| format!("`beam`: {error}"))
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: Self::Inputs,
        context: &mut Context<'_>,
    ) -> Result<Self::Outputs, StageError> {
        let valid = inputs.corpus.valid()?;
        let count = valid.len().min(params.reference_sentences.get());
        let sources: Vec<Vec<u32>> = (0..count).map(|at| valid.source(at).to_vec()).collect();
        let reference = reference(params, &inputs, sources, context)?;
        let description = &inputs.subnet.description;
        let (weights, form) = match inputs.eight_bit.get() {
            None => (&inputs.subnet.weights, Form::Float),
            Some(eight_bit) if eight_bit.description == *description => (&eight_bit.weights, Form::Int8),
            Some(_) => {
                return Err(StageError::usage("`subnet` and `eight_bit` are different networks; give both of one"));
            }
        };
        let (architecture, task) = (&description.architecture, &description.task);
        let model = export_translation(architecture, task, weights, form, &metadata(&inputs));
        let model = model.map_err(|error| StageError::caused("the network has no ONNX form", error))?;
        context.headline("form", form.name(), "");
        context.headline("encoder_bytes", model.encoder.len(), "B");
        context.headline("decoder_bytes", model.decoder.len(), "B");
        let text = &inputs.corpus.text;
        let files = Translator::files(model, &text.source, &text.target);
        let files = files.map_err(|error| StageError::caused("the model and its text do not fit", error))?;
        context.headline("files_bytes", files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>(), "B");
        Ok(ExportTranslationOutputs { model: TranslationModel { files }, reference })
    }
}

fn reference(
    params: &ExportTranslationParams,
    inputs: &ExportTranslationInputs,
    sources: Vec<Vec<u32>>,
    context: &Context<'_>,
) -> Result<ReferenceTranslations, StageError> {
    let device = training_run::device(context)?;
    let broken = |error| StageError::caused("the weights do not fit the architecture", error);
    let TranslationSubnet { description, weights, .. } = &*inputs.subnet;
    let (architecture, task) = (&description.architecture, &description.task);
    let tokens: Vec<&[u32]> = sources.iter().map(Vec::as_slice).collect();
    let inference = match inputs.eight_bit.get() {
        None => TranslationInference::of_weights(architecture, task, weights, &device),
        Some(eight_bit) => TranslationInference::of_quantized(architecture, task, &eight_bit.weights, &device),
    };
    let translated = inference.map_err(broken)?.translate(&tokens, &params.beam).map_err(untranslatable)?;
    let (mut translations, mut scores) = (Vec::new(), Vec::new());
    for hypotheses in translated {
        let best = hypotheses.into_iter().next();
        scores.push(best.as_ref().map_or(0.0, |best| best.score));
        translations.push(best.map_or_else(Vec::new, |best| best.tokens));
    }
    Ok(ReferenceTranslations { sources, translations, scores, beam: params.beam })
}

fn metadata(inputs: &ExportTranslationInputs) -> TranslationMetadata {
    let mut lineage = BTreeMap::from([
        ("corpus".to_owned(), inputs.corpus.digest().to_string()),
        ("subnet".to_owned(), inputs.subnet.digest().to_string()),
    ]);
    if let Some(eight_bit) = &inputs.eight_bit.0 {
        lineage.insert("eight_bit_subnet".to_owned(), eight_bit.digest().to_string());
    }
    let [source_language, target_language] = inputs.corpus.description.languages.clone();
    let name = inputs.subnet.description.architecture.name();
    TranslationMetadata { name, source_language, target_language, lineage }
}
