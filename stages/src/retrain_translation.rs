use datasets::{TokenBatch, TokenBudget};
use engine::{Context, One, Optional, SourcePath, Stage, StageError, inputs, outputs};
use networks::translation::{
    NetworkSettings, TranslationInference, TranslationNetwork, TranslationTrainer, TranslationTraining, average,
};
use networks::{Device, NamedTensor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spaces::{Conventions, LinearForm, Mix, TransformerArchitecture, TranslationTask};
use translation::BeamSettings;

use crate::artifacts::{
    KeptNetwork, RawText, SelectionCorpus, TranslationArchitecture, TranslationLog, TranslationNetworkDescription,
    TranslationState, TranslationSubnet,
};
use crate::training_run;
use crate::translating::{Scores, decode, translate};
use crate::translation_architecture::ArchitectureChoice;
use crate::translation_evaluator::{Losses, valid_batches};
use crate::translation_run::{self, Checkpoints, Feed, Look, Pace};

/// Trains one translation network from scratch.
pub struct RetrainTranslation;

/// How the network is trained and chosen.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetrainTranslationParams {
    /// The architecture, where the input `architecture` is not joined.
    #[serde(default)]
    architecture: Option<ArchitectureChoice>,
    /// Replaces every mix by this one: a baseline with the same widths, heads and layers.
    #[serde(default)]
    replace_mixes: Option<Mix>,
    /// Replaces the arithmetic of all linear layers: a baseline, or a network without multiplications in them.
    #[serde(default)]
    replace_forms: Option<LinearForm>,
    /// What the network computes that neither sizes nor weights say.
    #[serde(default)]
    conventions: Conventions,
    /// What layers compute in training where paper and release differ.
    #[serde(default)]
    network: NetworkSettings,
    /// How many sentences make a batch.
    #[serde(default)]
    batch: TokenBudget,
    /// How the network is trained.
    training: TranslationTraining,
    /// How one of its states is chosen.
    #[serde(default)]
    choice: Choice,
}

/// How the state that is kept is chosen: by the valid split, never by the test split.
///
/// The candidates are the best state at a look, and the mean of the states at the last `training.average` looks.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Choice {
    /// What is compared.
    criterion: Criterion,
    /// Updates between two looks; absent for a look after every epoch.
    look_every: Option<usize>,
    /// The beam search of `bleu`.
    beam: BeamSettings,
}

impl Default for Choice {
    fn default() -> Self {
        Self { criterion: Criterion::Loss, look_every: None, beam: BeamSettings::default() }
    }
}

/// What states of a network are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Criterion {
    /// Negative log-likelihood of the valid split.
    Loss,
    /// Tokenized BLEU of the valid split, decoded at every look.
    Bleu,
}

inputs! {
    /// Which architecture, and what it learns from.
    pub struct RetrainTranslationInputs {
        /// Pairs of sentences; states are chosen on the valid split.
        pub corpus: One<SelectionCorpus>,
        /// The architecture.
        pub architecture: Optional<TranslationArchitecture>,
    }
}

outputs! {
    /// The trained network.
    pub struct RetrainTranslationOutputs {
        /// The chosen state.
        pub subnet: TranslationSubnet,
        /// Its updates.
        pub log: TranslationLog,
    }
}

impl Stage for RetrainTranslation {
    const KIND: &'static str = "retrain-translation";
    const VERSION: u32 = 2;
    const SUMMARY: &'static str = "Trains one translation network from scratch and chooses a state on the valid split";

    type Params = RetrainTranslationParams;
    type Inputs = RetrainTranslationInputs;
    type Outputs = RetrainTranslationOutputs;

    fn sources<'a>(&self, params: &'a Self::Params) -> Vec<&'a SourcePath> {
        params.architecture.iter().filter_map(ArchitectureChoice::source).collect()
    }

    fn check(&self, params: &Self::Params) -> Result<(), String> {
        if params.choice.look_every == Some(0) {
            return Err("`choice.look_every` wants at least 1, found 0".to_owned());
        }
        params.choice.beam.check().map_err(|error| format!("`choice.beam`: {error}"))?;
        translation_run::check(&params.network, &params.training, &params.batch)
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: Self::Inputs,
        context: &mut Context<'_>,
    ) -> Result<Self::Outputs, StageError> {
        let architecture = architecture(params, &inputs)?;
        let retraining = Retraining {
            params,
            task: inputs.corpus.description.task(params.conventions),
            valid: valid_batches(&inputs.corpus.valid()?, &TokenBudget::default()),
            valid_text: inputs.corpus.valid_text()?,
            corpus: &inputs.corpus,
            architecture,
            device: training_run::device(context)?,
        };
        context.headline("architecture", retraining.architecture.name(), "");
        let state = retraining.train(context)?;
        let KeptNetwork { tensors, ranges, .. } = retraining.chosen(&state, context)?;
        retraining.report(&tensors, context)?;
        let network = retraining.network(&tensors, context.seed());
        let Retraining { task, architecture, .. } = retraining;
        let weights = network.export(&architecture);
        let description = TranslationNetworkDescription { architecture, task };
        let subnet = TranslationSubnet { description, weights, ranges };
        Ok(RetrainTranslationOutputs { subnet, log: TranslationLog { rows: state.log } })
    }
}

struct Retraining<'a> {
    params: &'a RetrainTranslationParams,
    task: TranslationTask,
    valid: Vec<TokenBatch>,
    valid_text: RawText,
    corpus: &'a SelectionCorpus,
    architecture: TransformerArchitecture,
    device: Device,
}

impl Retraining<'_> {
    fn train(&self, context: &mut Context<'_>) -> Result<TranslationState, StageError> {
        let RetrainTranslationParams { network, batch, training, choice, .. } = self.params;
        let subnet = TranslationNetwork::subnet(&self.architecture, &self.task, network, context.seed(), &self.device);
        let mut trainer = TranslationTrainer::new(subnet, training, context.seed());
        let train = self.corpus.train()?;
        let feed = Feed::new(&train, *batch, training, context.seed());
        let (updates, look_every) = (training.updates, choice.look_every);
        let pace = Pace { updates, look_every, checkpoints: Checkpoints::EveryLook };
        let path = |_| self.architecture.clone();
        translation_run::train(&mut trainer, &feed, pace, context, path, |trainer, state, context| {
            let (look, score) = self.look(&trainer.network, context)?;
            let (tensors, ranges) = (trainer.network.named_tensors(), trainer.input_ranges());
            let kept = KeptNetwork { score, tensors, ranges };
            if state.best.as_ref().is_none_or(|best| score > best.score) {
                state.best = Some(kept.clone());
            }
            state.recent.push_back(kept);
            while state.recent.len() > training.average {
                state.recent.pop_front();
            }
            Ok(look)
        })
    }

    /// Returns what the valid split says of a network, and that as a score.
    fn look(&self, network: &TranslationNetwork, context: &mut Context<'_>) -> Result<(Look, f64), StageError> {
        let inference = TranslationInference::of_path(network, &self.architecture);
        let nll_bits = Losses::of(&inference, &self.valid, 0.0).nll_bits;
        match self.params.choice.criterion {
            Criterion::Loss => {
                context.note(&format!("valid split: {nll_bits:.4} bits per token"));
                Ok((Look { nll_bits: Some(nll_bits), bleu: None }, -nll_bits))
            }
            Criterion::Bleu => {
                let bleu = self.scores(&inference, context)?.tokenized.score;
                context.note(&format!("valid split: {nll_bits:.4} bits per token, BLEU {bleu:.2}"));
                Ok((Look { nll_bits: Some(nll_bits), bleu: Some(bleu) }, bleu))
            }
        }
    }

    fn scores(&self, inference: &TranslationInference, context: &mut Context<'_>) -> Result<Scores, StageError> {
        let text = &self.corpus.text;
        let hypotheses = translate(text, &self.valid_text.sources, context, |sources| {
            decode(inference, sources, &self.params.choice.beam)
        })?;
        Scores::of(text, &hypotheses, &self.valid_text.references)
    }

    fn network(&self, tensors: &[NamedTensor], seed: u64) -> TranslationNetwork {
        let settings = &self.params.network;
        let mut network = TranslationNetwork::subnet(&self.architecture, &self.task, settings, seed, &self.device);
        for (key, shape, values) in tensors {
            network.parameters.insert(key.clone(), shape.clone(), values.clone());
        }
        network
    }

    /// Returns the best state at a look or the mean of the last ones, with the ranges of the very last, whichever the valid
    /// split likes better.
    fn chosen(&self, state: &TranslationState, context: &mut Context<'_>) -> Result<KeptNetwork, StageError> {
        let best = state.best.as_ref().ok_or_else(|| StageError::usage("`training.updates` wants at least 1"))?;
        context.headline("best_state_score", best.score, "");
        if state.recent.len() < 2 {
            return Ok(best.clone());
        }
        let recent: Vec<Vec<NamedTensor>> = state.recent.iter().map(|kept| kept.tensors.clone()).collect();
        let mean = average(&recent).map_err(|error| StageError::caused("states differ", error))?;
        let score = self.look(&self.network(&mean, context.seed()), context)?.1;
        context.headline("averaged_state_score", score, "");
        let ranges = state.recent.back().map(|last| last.ranges.clone()).unwrap_or_default();
        Ok(if score > best.score { KeptNetwork { score, tensors: mean, ranges } } else { best.clone() })
    }

    fn report(&self, tensors: &[NamedTensor], context: &mut Context<'_>) -> Result<(), StageError> {
        let network = self.network(tensors, context.seed());
        let inference = TranslationInference::of_path(&network, &self.architecture);
        let losses = Losses::of(&inference, &self.valid, self.params.training.label_smoothing);
        context.headline("valid_nll_bits", losses.nll_bits, "bit");
        context.headline("valid_smoothed_bits", losses.smoothed_bits, "bit");
        context.headline("valid_token_accuracy", losses.accuracy, "");
        self.scores(&inference, context)?.report("valid", context);
        context.headline("params", network.parameters.scalars(), "");
        crate::counting::report_translation(context, &self.architecture);
        Ok(())
    }
}

fn architecture(
    params: &RetrainTranslationParams,
    inputs: &RetrainTranslationInputs,
) -> Result<TransformerArchitecture, StageError> {
    let given = match (inputs.architecture.get(), &params.architecture) {
        (Some(found), None) => found.architecture.clone(),
        (None, Some(choice)) => choice.read()?,
        (Some(_), Some(_)) => {
            return Err(StageError::usage("both the input and the parameter `architecture` are given; give one"));
        }
        (None, None) => {
            return Err(StageError::usage(
                "wanted an architecture; join the input or give the parameter `architecture`",
            ));
        }
    };
    let mut sizes = given.sizes().clone();
    let (mix, form) = (params.replace_mixes, params.replace_forms);
    for layer in &mut sizes.encoder.layers {
        layer.mix = mix.unwrap_or(layer.mix);
        (layer.mlp_form, layer.projection_form) =
            (form.unwrap_or(layer.mlp_form), form.unwrap_or(layer.projection_form));
    }
    for layer in &mut sizes.decoder.layers {
        layer.mix = mix.unwrap_or(layer.mix);
        (layer.mlp_form, layer.projection_form) =
            (form.unwrap_or(layer.mlp_form), form.unwrap_or(layer.projection_form));
    }
    TransformerArchitecture::new(sizes)
        .map_err(|error| StageError::usage(format!("`replace_mixes` and `replace_forms` make no network: {error}")))
}
