use datasets::TokenBudget;
use engine::{Context, One, Stage, StageError, inputs, outputs};
use networks::translation::{
    NetworkSettings, TranslationNetwork, TranslationSharing, TranslationTrainer, TranslationTraining,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spaces::{Conventions, SearchSpace, TranslationSpace};

use crate::artifacts::{
    SelectionCorpus, TranslationLog, TranslationSupernet, TranslationSupernetSettings, WeightStatistics,
};
use crate::training_run;
use crate::translation_run::{self, Checkpoints, Feed, Look, Pace};

/// Trains one translation network that holds all paths of a space.
pub struct TrainTranslationSupernet;

/// The space and how its supernet is trained.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainTranslationSupernetParams {
    /// The search space.
    pub space: TranslationSpace,
    /// What the network computes that neither sizes nor weights say.
    #[serde(default)]
    conventions: Conventions,
    /// How operators share weights.
    #[serde(default)]
    sharing: TranslationSharing,
    /// What layers compute in training where paper and release differ.
    #[serde(default)]
    network: NetworkSettings,
    /// How many sentences make a batch.
    #[serde(default)]
    batch: TokenBudget,
    /// How the network is trained.
    training: TranslationTraining,
}

inputs! {
    /// What the supernet learns from.
    pub struct TrainTranslationSupernetInputs {
        /// Pairs of sentences; only the train split is opened.
        pub corpus: One<SelectionCorpus>,
    }
}

outputs! {
    /// The supernet and what was seen of its training.
    pub struct TrainTranslationSupernetOutputs {
        /// The network.
        pub supernet: TranslationSupernet,
        /// Its updates.
        pub log: TranslationLog,
        /// The distributions of its tensors.
        pub statistics: WeightStatistics,
    }
}

impl Stage for TrainTranslationSupernet {
    const KIND: &'static str = "train-translation-supernet";
    const VERSION: u32 = 2;
    const SUMMARY: &'static str = "Trains a translation supernet, one random path per update (Sec. 3.2)";

    type Params = TrainTranslationSupernetParams;
    type Inputs = TrainTranslationSupernetInputs;
    type Outputs = TrainTranslationSupernetOutputs;

    fn check(&self, params: &Self::Params) -> Result<(), String> {
        let space = params.space.choices();
        space.check().map_err(|error| format!("`space`: {error}"))?;
        params.sharing.validate(params.network.shift).map_err(|error| error.to_string())?;
        translation_run::check(&params.network, &params.training, &params.batch)
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: Self::Inputs,
        context: &mut Context<'_>,
    ) -> Result<Self::Outputs, StageError> {
        let device = training_run::device(context)?;
        let settings = settings(params, &inputs.corpus);
        let TranslationSupernetSettings { space, task, sharing, network } = &settings;
        let supernet = TranslationNetwork::supernet(space, task, sharing, network, context.seed(), &device);
        let supernet = supernet.map_err(|error| StageError::usage(format!("`space`: {error}")))?;
        context.headline("subnets", SearchSpace::size(space) as f64, "");
        context.headline("supernet_params", supernet.parameters.scalars(), "");
        let mut trainer = TranslationTrainer::new(supernet, &params.training, context.seed());
        let train = inputs.corpus.train()?;
        let feed = Feed::new(&train, params.batch, &params.training, context.seed());
        let mut paths = context.rng("paths");
        let pace = Pace { updates: params.training.updates, look_every: None, checkpoints: Checkpoints::EveryLook };
        let path = |update: usize| {
            paths.set_stream(update as u64);
            paths.set_word_pos(0);
            space.decode(&space.sample(&mut paths))
        };
        let state = translation_run::train(&mut trainer, &feed, pace, context, path, |_, _, _| Ok(Look::default()))?;
        if let Some(last) = state.log.last() {
            context.headline("train_loss_bits", last.train_loss_bits, "bit");
            context.headline("prior_loss", last.prior, "");
            context.headline("epochs", f64::from(last.epoch), "");
        }
        let tensors = trainer.network.named_tensors();
        let statistics = WeightStatistics::measure(&tensors);
        let supernet = TranslationSupernet { settings, tensors };
        Ok(TrainTranslationSupernetOutputs { supernet, log: TranslationLog { rows: state.log }, statistics })
    }
}

fn settings(params: &TrainTranslationSupernetParams, corpus: &SelectionCorpus) -> TranslationSupernetSettings {
    TranslationSupernetSettings {
        space: params.space.choices(),
        task: corpus.description.task(params.conventions),
        sharing: params.sharing,
        network: params.network,
    }
}
