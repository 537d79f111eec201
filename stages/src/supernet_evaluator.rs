//! Accuracy of candidates with inherited weights: what score-candidates and search-architecture share.

use datasets::{Normalization, Pictures};
use engine::{Context, StageError};
use networks::{Inference, Network, Statistics};
use schemars::JsonSchema;
use search::{Evaluation, Evaluator};
use serde::{Deserialize, Serialize};
use spaces::{Genome, SearchSpace};

use crate::artifacts::{SelectionData, Supernet, SupernetSettings};
use crate::training_run;

/// How a candidate is scored with inherited weights.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Recalibration {
    /// Batches of train pictures from which the batch normalisations of each candidate are measured anew.
    pub batches: usize,
    /// Pictures per batch, here and when scoring.
    pub batch_size: usize,
}

impl Default for Recalibration {
    fn default() -> Self {
        Self { batches: 20, batch_size: 100 }
    }
}

impl Recalibration {
    /// Checks the numbers.
    pub fn check(self) -> Result<(), String> {
        if self.batches == 0 || self.batch_size == 0 {
            return Err("`recalibration` wants at least 1 batch of at least 1 picture".to_owned());
        }
        Ok(())
    }
}

/// Scores candidates of one supernet on the valid split.
pub struct SupernetEvaluator<'a, 'run> {
    settings: &'a SupernetSettings,
    network: Network,
    train: Pictures,
    valid: Pictures,
    pixels: &'a Normalization,
    recalibration: Recalibration,
    context: &'a mut Context<'run>,
    /// Candidates scored so far, and in all.
    pub progress: (usize, usize),
}

impl<'a, 'run> SupernetEvaluator<'a, 'run> {
    /// Opens the data and builds the network. `candidates` is how many will be scored.
    pub fn new(
        supernet: &'a Supernet,
        dataset: &'a SelectionData,
        recalibration: Recalibration,
        candidates: usize,
        context: &'a mut Context<'run>,
    ) -> Result<Self, StageError> {
        let task = training_run::task(&dataset.description);
        if task != supernet.settings.task {
            let trained = supernet.settings.task;
            let message = format!(
                "the supernet was trained for {} and {} classes, the data set has {} and {}; give both the same data set",
                trained.input, trained.classes, task.input, task.classes
            );
            return Err(StageError::usage(message));
        }
        Ok(Self {
            settings: &supernet.settings,
            network: supernet.network(&training_run::device(context)?),
            train: dataset.train()?,
            valid: dataset.valid()?,
            pixels: &dataset.description.normalization,
            recalibration,
            context,
            progress: (0, candidates),
        })
    }

    /// Returns the accuracy of one candidate.
    pub fn score(&mut self, genome: &Genome) -> Result<f64, StageError> {
        self.context.check_interrupt()?;
        let graph = self.settings.space.graph(genome, self.settings.task);
        let mut inference = Inference::of_path(&self.network, &graph, Statistics::default());
        let Recalibration { batches, batch_size } = self.recalibration;
        inference.recalibrate(&self.train, self.pixels, batch_size, batches);
        let score = inference.accuracy(&self.valid, self.pixels, batch_size);
        self.progress.0 += 1;
        let name = self.settings.space.format(genome);
        self.context.progress(self.progress.0 as u64, self.progress.1 as u64, &format!("{name} {score:.4}"));
        Ok(score)
    }
}

impl Evaluator for SupernetEvaluator<'_, '_> {
    type Error = StageError;

    fn evaluate(&mut self, _: usize, candidates: &[Genome]) -> Result<Vec<Evaluation>, StageError> {
        candidates.iter().map(|genome| Ok(Evaluation { score: self.score(genome)? })).collect()
    }
}
