use engine::{Context, One, Stage, StageError, inputs, outputs};
use networks::training::{Trainer, TrainingSettings};
use networks::{Inference, Network, ShiftForm};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spaces::{Architecture, Operator, SearchSpace};

use crate::artifacts::{ArchitectureArtifact, SelectionData, Subnet, TrainingLog};
use crate::training_run::{self, Checkpoints};

/// Trains one architecture from scratch.
pub struct RetrainSubnet;

/// How the architecture is trained.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetrainSubnetParams {
    /// How shift layers are trained.
    #[serde(default)]
    shift: ShiftForm,
    /// Replaces every operator by this one: a baseline with the same layers per level.
    #[serde(default)]
    replace_operators: Option<Operator>,
    /// How it is trained.
    training: TrainingSettings,
}

inputs! {
    /// Which architecture, and what it learns from.
    pub struct RetrainSubnetInputs {
        /// Pictures; the valid split is only measured.
        pub dataset: One<SelectionData>,
        /// The architecture.
        pub architecture: One<ArchitectureArtifact>,
    }
}

outputs! {
    /// The trained network.
    pub struct RetrainSubnetOutputs {
        /// The network after the last epoch.
        pub subnet: Subnet,
        /// Its epochs.
        pub log: TrainingLog,
    }
}

impl Stage for RetrainSubnet {
    const KIND: &'static str = "retrain-subnet";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Trains one architecture from scratch (Sec. 4.1)";

    type Params = RetrainSubnetParams;
    type Inputs = RetrainSubnetInputs;
    type Outputs = RetrainSubnetOutputs;

    fn check(&self, params: &Self::Params) -> Result<(), String> {
        training_run::check(&params.training)
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: Self::Inputs,
        context: &mut Context<'_>,
    ) -> Result<Self::Outputs, StageError> {
        let device = training_run::device(context)?;
        let architecture = architecture(params, &inputs)?;
        let graph = architecture.graph();
        let network = Network::subnet(&graph, params.shift, context.seed(), &device);
        let mut trainer = Trainer::new(network, &params.training, None, context.seed());
        let (train, pixels) = (inputs.dataset.train()?, &inputs.dataset.description.normalization);
        let epochs = params.training.epochs;
        let data = (&train, pixels);
        let log = training_run::train(&mut trainer, epochs, data, Checkpoints::EveryEpoch, context, |_| graph.clone())?;
        let valid = inputs.dataset.valid()?;
        let inference = Inference::of_path(&trainer.network, &graph, trainer.statistics.clone());
        context.headline("architecture", architecture.name(), "");
        context.headline("valid_accuracy", inference.accuracy(&valid, pixels, params.training.batch_size), "");
        if let Some(last) = log.last() {
            context.headline("train_accuracy", last.accuracy, "");
        }
        crate::counting::report(context, &graph);
        let weights = trainer.network.export(&graph, &trainer.statistics);
        let weights = weights.map_err(|error| StageError::caused("the network was trained for 0 epochs", error))?;
        Ok(RetrainSubnetOutputs { subnet: Subnet { architecture, weights }, log: TrainingLog { epochs: log } })
    }
}

fn architecture(params: &RetrainSubnetParams, inputs: &RetrainSubnetInputs) -> Result<Architecture, StageError> {
    let given = inputs.architecture.architecture.clone();
    let task = training_run::task(&inputs.dataset.description);
    if given.task != task {
        let (wanted, found) = (given.task, task);
        return Err(StageError::usage(format!(
            "the architecture is for {} and {} classes, the data set has {} and {}; search on this data set first",
            wanted.input, wanted.classes, found.input, found.classes
        )));
    }
    let Some(operator) = params.replace_operators else { return Ok(given) };
    let letter = |letter: char| if letter == '.' { '.' } else { operator.letter() };
    let name: String = given.name().chars().map(letter).collect();
    let genome = given.space.parse(&name);
    let genome = genome.map_err(|error| StageError::usage(format!("`replace_operators = \"{operator}\"`: {error}")))?;
    Architecture::new(given.space, genome, task).map_err(|error| StageError::caused("the baseline", error))
}
