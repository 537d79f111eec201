use engine::{Context, One, Stage, StageError, inputs, outputs};
use networks::training::{Trainer, TrainingSettings};
use networks::{Network, Prior, Sharing, SharingMode, ShiftForm};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spaces::{SearchSpace, Space};

use crate::artifacts::{SelectionData, Supernet, SupernetSettings, TrainingLog, WeightStatistics};
use crate::training_run::{self, Checkpoints};

/// Trains one network that holds all paths of a space.
pub struct TrainSupernet;

/// The space and how its supernet is trained.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainSupernetParams {
    /// The search space.
    pub space: Space,
    /// How operators share weights.
    #[serde(default)]
    sharing: Sharing,
    /// How shift layers are trained.
    #[serde(default)]
    shift: ShiftForm,
    /// Weights of the prior loss; only taken under heterogeneous weight sharing.
    #[serde(default)]
    prior: Prior,
    /// How the network is trained.
    training: TrainingSettings,
}

inputs! {
    /// What the supernet learns from.
    pub struct TrainSupernetInputs {
        /// Pictures; only the train split is opened.
        pub dataset: One<SelectionData>,
    }
}

outputs! {
    /// The supernet and what was seen of its training.
    pub struct TrainSupernetOutputs {
        /// The network.
        pub supernet: Supernet,
        /// Its epochs.
        pub log: TrainingLog,
        /// The distributions of its tensors.
        pub statistics: WeightStatistics,
    }
}

impl Stage for TrainSupernet {
    const KIND: &'static str = "train-supernet";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Trains a supernet, one random path per step (Eq. 5, 7 and 8)";

    type Params = TrainSupernetParams;
    type Inputs = TrainSupernetInputs;
    type Outputs = TrainSupernetOutputs;

    fn check(&self, params: &Self::Params) -> Result<(), String> {
        params.space.check().map_err(|error| format!("`space`: {error}"))?;
        params.sharing.validate(params.shift).map_err(|error| error.to_string())?;
        training_run::check(&params.training)
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: Self::Inputs,
        context: &mut Context<'_>,
    ) -> Result<Self::Outputs, StageError> {
        let settings = settings(params, &inputs)?;
        let device = training_run::device(context)?;
        let (space, task, seed) = (&settings.space, settings.task, context.seed());
        let network = Network::supernet(&space.supernet(task), params.sharing.clone(), params.shift, seed, &device);
        context.headline("subnets", space.size() as f64, "");
        context.headline("supernet_params", network.parameters.scalars(), "");
        let prior = (params.sharing.mode == SharingMode::Hws).then_some(params.prior);
        let mut trainer = Trainer::new(network, &params.training, prior, seed);
        let train = inputs.dataset.train()?;
        let mut paths = context.rng("paths");
        let log = training_run::train(
            &mut trainer,
            params.training.epochs,
            (&train, &inputs.dataset.description.normalization),
            Checkpoints::EveryEpoch,
            context,
            |step| {
                paths.set_stream(step as u64);
                paths.set_word_pos(0);
                space.graph(&space.sample(&mut paths), task)
            },
        )?;
        report(context, &log);
        let tensors = trainer.snapshot().tensors;
        let statistics = WeightStatistics::measure(&tensors);
        Ok(TrainSupernetOutputs {
            supernet: Supernet { settings, tensors },
            log: TrainingLog { epochs: log },
            statistics,
        })
    }
}

fn settings(params: &TrainSupernetParams, inputs: &TrainSupernetInputs) -> Result<SupernetSettings, StageError> {
    let task = training_run::task(&inputs.dataset.description);
    params.space.validate(task).map_err(|error| StageError::usage(format!("`space`: {error}")))?;
    let (space, sharing, shift) = (params.space.clone(), params.sharing.clone(), params.shift);
    Ok(SupernetSettings { space, task, sharing, shift })
}

fn report(context: &mut Context<'_>, log: &[networks::training::EpochSummary]) {
    if let Some(last) = log.last() {
        context.headline("loss", last.loss, "");
        context.headline("prior_loss", last.prior, "");
        context.headline("train_accuracy", last.accuracy, "");
    }
}
