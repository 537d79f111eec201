use std::collections::BTreeSet;

use engine::{Context, One, Stage, StageError, inputs, outputs};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spaces::SearchSpace;

use crate::artifacts::{Score, ScoreTable, ScoredSpace, SelectionCorpus, TranslationSupernet};
use crate::translation_evaluator::{Objective, TranslationEvaluator};

/// Scores random translation networks with inherited weights.
pub struct ScoreTranslationCandidates;

/// How many candidates and what they are judged by.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoreTranslationCandidatesParams {
    /// Number of distinct random candidates; fewer if the space is smaller.
    candidates: usize,
    /// What they are judged by.
    #[serde(default)]
    objective: Objective,
}

inputs! {
    /// What candidates inherit and what they are scored on.
    pub struct ScoreTranslationCandidatesInputs {
        /// Pairs of sentences; scored on the valid split.
        pub corpus: One<SelectionCorpus>,
        /// The network that candidates inherit from.
        pub supernet: One<TranslationSupernet>,
    }
}

outputs! {
    /// The scores.
    pub struct ScoreTranslationCandidatesOutputs {
        /// Candidates with their scores: less bits per token of the valid split.
        pub scores: ScoreTable,
    }
}

impl Stage for ScoreTranslationCandidates {
    const KIND: &'static str = "score-translation-candidates";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Scores random translation networks with weights inherited from a supernet";

    type Params = ScoreTranslationCandidatesParams;
    type Inputs = ScoreTranslationCandidatesInputs;
    type Outputs = ScoreTranslationCandidatesOutputs;

    fn run(
        &self,
        params: &Self::Params,
        inputs: Self::Inputs,
        context: &mut Context<'_>,
    ) -> Result<Self::Outputs, StageError> {
        let space = &inputs.supernet.settings.space;
        let wanted = (params.candidates as u128).min(SearchSpace::size(space)) as usize;
        let mut rng = context.rng("candidates");
        let mut seen = BTreeSet::new();
        let mut genomes = Vec::new();
        while genomes.len() < wanted {
            let genome = space.sample(&mut rng);
            if seen.insert(genome.clone()) {
                genomes.push(genome);
            }
        }
        let mut evaluator =
            TranslationEvaluator::new(&inputs.supernet, &inputs.corpus, params.objective, wanted, context)?;
        let scores: Result<Vec<Score>, StageError> =
            genomes.into_iter().map(|genome| evaluator.score(&genome).map(|score| Score { genome, score })).collect();
        let scores = scores?;
        let best = scores.iter().map(|score| score.score).fold(f64::NEG_INFINITY, f64::max);
        context.headline("candidates", scores.len(), "");
        context.headline("best_inherited_score", best, "bit");
        let space = ScoredSpace::Translation { space: Box::new(space.clone()) };
        Ok(ScoreTranslationCandidatesOutputs { scores: ScoreTable { space, scores } })
    }
}
