use std::collections::BTreeSet;

use engine::{Context, One, Stage, StageError, inputs, outputs};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spaces::SearchSpace;

use crate::artifacts::{Score, ScoreTable, ScoredSpace, SelectionData, Supernet};
use crate::supernet_evaluator::{Recalibration, SupernetEvaluator};

/// Scores random candidates with inherited weights.
pub struct ScoreCandidates;

/// How many candidates and how they are scored.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoreCandidatesParams {
    /// Number of distinct random candidates; fewer if the space is smaller.
    candidates: usize,
    /// Measuring batch normalisations anew for each candidate.
    #[serde(default)]
    recalibration: Recalibration,
}

inputs! {
    /// What candidates inherit and what they are scored on.
    pub struct ScoreCandidatesInputs {
        /// Pictures; scored on the valid split.
        pub dataset: One<SelectionData>,
        /// The network that candidates inherit from.
        pub supernet: One<Supernet>,
    }
}

outputs! {
    /// The scores.
    pub struct ScoreCandidatesOutputs {
        /// Candidates with their accuracy.
        pub scores: ScoreTable,
    }
}

impl Stage for ScoreCandidates {
    const KIND: &'static str = "score-candidates";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Scores random candidates with weights inherited from a supernet";

    type Params = ScoreCandidatesParams;
    type Inputs = ScoreCandidatesInputs;
    type Outputs = ScoreCandidatesOutputs;

    fn check(&self, params: &Self::Params) -> Result<(), String> {
        params.recalibration.check()
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: Self::Inputs,
        context: &mut Context<'_>,
    ) -> Result<Self::Outputs, StageError> {
        let settings = &inputs.supernet.settings;
        let wanted = (params.candidates as u128).min(settings.space.size()) as usize;
        let mut rng = context.rng("candidates");
        let mut seen = BTreeSet::new();
        let mut genomes = Vec::new();
        while genomes.len() < wanted {
            let genome = settings.space.sample(&mut rng);
            if seen.insert(genome.clone()) {
                genomes.push(genome);
            }
        }
        let mut evaluator =
            SupernetEvaluator::new(&inputs.supernet, &inputs.dataset, params.recalibration, wanted, context)?;
        let scores: Result<Vec<Score>, StageError> =
            genomes.into_iter().map(|genome| evaluator.score(&genome).map(|score| Score { genome, score })).collect();
        let scores = scores?;
        let best = scores.iter().map(|score| score.score).fold(0.0, f64::max);
        context.headline("candidates", scores.len(), "");
        context.headline("best_inherited_accuracy", best, "");
        let space = ScoredSpace::Pictures { space: settings.space.clone(), task: settings.task };
        Ok(ScoreCandidatesOutputs { scores: ScoreTable { space, scores } })
    }
}
