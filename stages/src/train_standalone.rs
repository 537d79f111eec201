use datasets::Pictures;
use engine::{Context, One, Stage, StageError, inputs, open_at, outputs, publish_at};
use networks::training::{Trainer, TrainingSettings};
use networks::{Device, Inference, Network, ShiftForm};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spaces::{Genome, SearchSpace, Space, Task};

use crate::artifacts::{Score, ScoreTable, ScoredSpace, SelectionData};
use crate::training_run::{self, Checkpoints};

/// Trains candidates alone: the ground truth of a ranking.
pub struct TrainStandalone;

/// How each candidate is trained.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainStandaloneParams {
    /// How shift layers are trained.
    #[serde(default)]
    shift: ShiftForm,
    /// How each candidate is trained, from scratch.
    training: TrainingSettings,
}

inputs! {
    /// Which candidates, and what they learn from.
    pub struct TrainStandaloneInputs {
        /// Pictures; trained on the train split, scored on the valid split.
        pub dataset: One<SelectionData>,
        /// The candidates to train; their scores are not looked at.
        pub scores: One<ScoreTable>,
    }
}

outputs! {
    /// The scores.
    pub struct TrainStandaloneOutputs {
        /// The same candidates with the accuracy they reach alone.
        pub scores: ScoreTable,
    }
}

impl Stage for TrainStandalone {
    const KIND: &'static str = "train-standalone";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Trains every scored candidate alone, from scratch: the ground truth of a ranking";

    type Params = TrainStandaloneParams;
    type Inputs = TrainStandaloneInputs;
    type Outputs = TrainStandaloneOutputs;

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
        let (train, valid) = (inputs.dataset.train()?, inputs.dataset.valid()?);
        let (space, task) = inputs.scores.space.pictures()?;
        let mut alone = Alone { params, inputs: &inputs, space, task, train, valid, device };
        let mut scores = alone.resume(context)?;
        for candidate in &inputs.scores.scores[scores.len()..] {
            let score = alone.score(&candidate.genome, context)?;
            let (done, all) = (scores.len() + 1, inputs.scores.scores.len());
            context.note(&format!("candidate {done} of {all}: {} {score:.4}", space.format(&candidate.genome)));
            scores.push(Score { genome: candidate.genome.clone(), score });
            let saved = alone.table(scores.clone());
            context.checkpoint().save(|folder| Ok(publish_at(folder.join(SCORES), saved).map(|_| ())?))?;
        }
        let best = scores.iter().map(|score| score.score).fold(0.0, f64::max);
        context.headline("best_standalone_accuracy", best, "");
        Ok(TrainStandaloneOutputs { scores: alone.table(scores) })
    }
}

/// Name of the scores so far inside a checkpoint.
const SCORES: &str = "scores";

struct Alone<'a> {
    params: &'a TrainStandaloneParams,
    inputs: &'a TrainStandaloneInputs,
    space: &'a Space,
    task: Task,
    train: Pictures,
    valid: Pictures,
    device: Device,
}

impl Alone<'_> {
    fn resume(&self, context: &mut Context<'_>) -> Result<Vec<Score>, StageError> {
        let Some(folder) = context.checkpoint().load() else { return Ok(Vec::new()) };
        let saved: ScoreTable = open_at(folder.join(SCORES))?;
        context.note(&format!("resumed after {} candidates", saved.scores.len()));
        Ok(saved.scores)
    }

    fn score(&mut self, genome: &Genome, context: &mut Context<'_>) -> Result<f64, StageError> {
        let graph = self.space.graph(genome, self.task);
        let network = Network::subnet(&graph, self.params.shift, context.seed(), &self.device);
        let mut trainer = Trainer::new(network, &self.params.training, None, context.seed());
        let pixels = &self.inputs.dataset.description.normalization;
        let data = (&self.train, pixels);
        let epochs = self.params.training.epochs;
        training_run::train(&mut trainer, epochs, data, Checkpoints::Never, context, |_| graph.clone())?;
        let inference = Inference::of_path(&trainer.network, &graph, trainer.statistics.clone());
        Ok(inference.accuracy(&self.valid, pixels, self.params.training.batch_size))
    }

    fn table(&self, scores: Vec<Score>) -> ScoreTable {
        let space = ScoredSpace::Pictures { space: self.space.clone(), task: self.task };
        ScoreTable { space, scores }
    }
}
