use datasets::{EncodedPairs, TokenBatch, TokenBudget};
use engine::{Context, One, Stage, StageError, inputs, open_at, outputs, publish_at};
use networks::Device;
use networks::translation::{
    NetworkSettings, TranslationInference, TranslationNetwork, TranslationTrainer, TranslationTraining,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spaces::{Conventions, Genome, HybridTransformer, SearchSpace, TranslationTask};

use crate::artifacts::{Score, ScoreTable, ScoredSpace, SelectionCorpus};
use crate::training_run;
use crate::translation_evaluator::{Losses, valid_batches};
use crate::translation_run::{self, Checkpoints, Feed, Look, Pace};

/// Trains candidate translation networks alone: the ground truth of a ranking.
pub struct TrainTranslationStandalone;

/// How each candidate is trained.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainTranslationStandaloneParams {
    /// What the network computes that neither sizes nor weights say.
    #[serde(default)]
    conventions: Conventions,
    /// What layers compute in training where paper and release differ.
    #[serde(default)]
    network: NetworkSettings,
    /// How many sentences make a batch.
    #[serde(default)]
    batch: TokenBudget,
    /// How each candidate is trained, from scratch.
    training: TranslationTraining,
}

inputs! {
    /// Which candidates, and what they learn from.
    pub struct TrainTranslationStandaloneInputs {
        /// Pairs of sentences; trained on the train split, scored on the valid split.
        pub corpus: One<SelectionCorpus>,
        /// The candidates to train; their scores are not looked at.
        pub scores: One<ScoreTable>,
    }
}

outputs! {
    /// The scores.
    pub struct TrainTranslationStandaloneOutputs {
        /// The same candidates with the scores they reach alone: less bits per token of the valid split.
        pub scores: ScoreTable,
    }
}

impl Stage for TrainTranslationStandalone {
    const KIND: &'static str = "train-translation-standalone";
    const VERSION: u32 = 2;
    const SUMMARY: &'static str = "Trains every scored translation network alone: the ground truth of a ranking";

    type Params = TrainTranslationStandaloneParams;
    type Inputs = TrainTranslationStandaloneInputs;
    type Outputs = TrainTranslationStandaloneOutputs;

    fn check(&self, params: &Self::Params) -> Result<(), String> {
        translation_run::check(&params.network, &params.training, &params.batch)
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: Self::Inputs,
        context: &mut Context<'_>,
    ) -> Result<Self::Outputs, StageError> {
        let space = inputs.scores.space.translation()?;
        let alone = Alone {
            params,
            space,
            task: inputs.corpus.description.task(params.conventions),
            train: inputs.corpus.train()?,
            valid: valid_batches(&inputs.corpus.valid()?, &TokenBudget::default()),
            device: training_run::device(context)?,
        };
        let mut scores = resume(context)?;
        for candidate in &inputs.scores.scores[scores.len()..] {
            let score = alone.score(&candidate.genome, context)?;
            let (done, all) = (scores.len() + 1, inputs.scores.scores.len());
            context.note(&format!("candidate {done} of {all}: {} {score:.4}", space.format(&candidate.genome)));
            scores.push(Score { genome: candidate.genome.clone(), score });
            let saved = table(space, scores.clone());
            context.checkpoint().save(|folder| Ok(publish_at(folder.join(SCORES), saved).map(|_| ())?))?;
        }
        let best = scores.iter().map(|score| score.score).fold(f64::NEG_INFINITY, f64::max);
        context.headline("best_standalone_score", best, "bit");
        Ok(TrainTranslationStandaloneOutputs { scores: table(space, scores) })
    }
}

/// Name of the scores so far inside a checkpoint.
const SCORES: &str = "scores";

fn resume(context: &mut Context<'_>) -> Result<Vec<Score>, StageError> {
    let Some(folder) = context.checkpoint().load() else { return Ok(Vec::new()) };
    let saved: ScoreTable = open_at(folder.join(SCORES))?;
    context.note(&format!("resumed after {} candidates", saved.scores.len()));
    Ok(saved.scores)
}

fn table(space: &HybridTransformer, scores: Vec<Score>) -> ScoreTable {
    ScoreTable { space: ScoredSpace::Translation { space: Box::new(space.clone()) }, scores }
}

struct Alone<'a> {
    params: &'a TrainTranslationStandaloneParams,
    space: &'a HybridTransformer,
    task: TranslationTask,
    train: EncodedPairs,
    valid: Vec<TokenBatch>,
    device: Device,
}

impl Alone<'_> {
    fn score(&self, genome: &Genome, context: &mut Context<'_>) -> Result<f64, StageError> {
        let TrainTranslationStandaloneParams { network, batch, training, .. } = self.params;
        let architecture = self.space.decode(genome);
        let subnet = TranslationNetwork::subnet(&architecture, &self.task, network, context.seed(), &self.device);
        let mut trainer = TranslationTrainer::new(subnet, training, context.seed());
        let feed = Feed::new(&self.train, *batch, training, context.seed());
        let pace = Pace { updates: training.updates, look_every: None, checkpoints: Checkpoints::Never };
        let path = |_| architecture.clone();
        translation_run::train(&mut trainer, &feed, pace, context, path, |_, _, _| Ok(Look::default()))?;
        let inference = TranslationInference::of_path(&trainer.network, &architecture);
        Ok(-Losses::of(&inference, &self.valid, training.label_smoothing).nll_bits)
    }
}
