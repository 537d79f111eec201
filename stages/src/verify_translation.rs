use std::num::NonZeroUsize;
use std::time::Instant;

use engine::{Context, One, Stage, StageError, inputs, outputs};
use exports::{Batching, TranslationError, TranslationRunner};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use translation::BeamSettings;

use crate::artifacts::{ReferenceTranslations, TestingCorpus, TranslationModel, Translations, Verification};
use crate::translating::{SACRE, Scores, translate};

/// Runs an exported translation network in tract.
pub struct VerifyTranslation;

/// What is measured and what is wanted.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyTranslationParams {
    /// Smallest share of reference sentences that must come out token by token for the gate to pass.
    #[serde(default = "all")]
    min_same: f64,
    /// How the test split is decoded.
    #[serde(default)]
    beam: BeamSettings,
}

const fn all() -> f64 {
    1.0
}

inputs! {
    /// The model, what it must compute, and test sentences.
    pub struct VerifyTranslationInputs {
        /// The files.
        pub model: One<TranslationModel>,
        /// Sources and translations of the training side.
        pub reference: One<ReferenceTranslations>,
        /// Pairs of sentences; BLEU is measured on the test split.
        pub corpus: One<TestingCorpus>,
    }
}

outputs! {
    /// The measures and the translations.
    pub struct VerifyTranslationOutputs {
        /// Parity, BLEU and speed.
        pub verification: Verification,
        /// The test split, translated.
        pub translations: Translations,
    }
}

impl Stage for VerifyTranslation {
    const KIND: &'static str = "verify-translation";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Translates the test split in tract: parity with training, BLEU, chrF, speed";

    type Params = VerifyTranslationParams;
    type Inputs = VerifyTranslationInputs;
    type Outputs = VerifyTranslationOutputs;

    fn check(&self, params: &Self::Params) -> Result<(), String> {
        if !(0.0..=1.0).contains(&params.min_same) {
            return Err(format!("`min_same` wants 0 to 1, found {}", params.min_same));
        }
        params.beam.check().map_err(|error| format!("`beam`: {error}"))
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: Self::Inputs,
        context: &mut Context<'_>,
    ) -> Result<Self::Outputs, StageError> {
        let translator = inputs.model.translator().map_err(broken)?;
        let runner = translator.runner();
        let batching = Batching { threads: threads(context), ..Batching::default() };
        let same = same_share(runner, &inputs.reference, &batching, context)?;
        let text = inputs.corpus.test_text()?;
        let codec = &inputs.corpus.text;
        let (started, mut tokens) = (Instant::now(), 0);
        let translated = translate(codec, &text.sources, context, |sources| {
            let found = runner.translate(sources, &params.beam, &batching, &|_| ()).map_err(broken)?;
            tokens += found
                .iter()
                .filter_map(|hypotheses| hypotheses.first())
                .map(|best| best.tokens.len() + 1)
                .sum::<usize>();
            Ok(found)
        })?;
        let seconds = started.elapsed().as_secs_f64();
        let scores = Scores::of(codec, &translated, &text.references)?;
        let rows = vec![
            ("test_bleu_tokenized", scores.tokenized.score, ""),
            ("test_sacrebleu", scores.sacre.score, ""),
            ("test_chrf", scores.chrf, ""),
            ("same_translations", same, ""),
            ("sentences_per_second", translated.len() as f64 / seconds, "1/s"),
            ("tokens_per_second", tokens as f64 / seconds, "1/s"),
        ];
        for (name, value, unit) in &rows {
            context.headline(name, *value, unit);
        }
        context.headline("bleu_line", scores.tokenized.to_string(), "");
        context.headline("sacrebleu_signature", SACRE.signature(), "");
        context.gate("parity", same >= params.min_same, same, format!("at least {}", params.min_same));
        let (texts, values) = translated.into_iter().map(|sentence| (sentence.text, sentence.score)).unzip();
        let translations =
            Translations { sources: text.sources, references: text.references, translations: texts, scores: values };
        Ok(VerifyTranslationOutputs { verification: Verification { rows }, translations })
    }
}

/// Returns the threads of the step; their number changes no translation.
fn threads(context: &Context<'_>) -> NonZeroUsize {
    NonZeroUsize::new(context.threads()).unwrap_or(NonZeroUsize::MIN)
}

fn broken(error: TranslationError) -> StageError {
    StageError::caused("the model does not run in tract", error)
}

/// Returns the share of reference sentences that come out as on the training side, token by token.
fn same_share(
    runner: &TranslationRunner,
    reference: &ReferenceTranslations,
    batching: &Batching,
    context: &mut Context<'_>,
) -> Result<f64, StageError> {
    let found = runner.translate(&reference.sources, &reference.beam, batching, &|_| ()).map_err(broken)?;
    let same = |(found, wanted): (&Vec<translation::Hypothesis>, &Vec<u32>)| {
        found.first().is_some_and(|best| best.tokens == *wanted)
    };
    let count = found.iter().zip(&reference.translations).filter(|pair| same(*pair)).count();
    context.headline("reference_sentences", reference.sources.len(), "");
    Ok(count as f64 / reference.sources.len().max(1) as f64)
}
