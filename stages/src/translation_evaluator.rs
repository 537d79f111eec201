//! Loss of candidates with inherited weights: what score-translation-candidates and search-translation share.

use datasets::{EncodedPairs, TokenBatch, TokenBudget, token_batches};
use engine::{Context, StageError};
use networks::translation::{TranslationInference, TranslationNetwork};
use schemars::JsonSchema;
use search::{Evaluation, Evaluator};
use serde::{Deserialize, Serialize};
use spaces::{Genome, SearchSpace, TransformerArchitecture};

use crate::artifacts::{SelectionCorpus, TranslationSupernet, TranslationSupernetSettings};
use crate::training_run;

/// What a candidate is judged by, on the valid split with teacher forcing; lower is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Objective {
    /// The negative log-likelihood in bits per token, as HAT.
    #[default]
    Loss,
    /// That of the authors' release: the smoothed loss in bits less a reward for operations that it counts with slips.
    Released,
}

/// Label smoothing in the released objective.
const RELEASED_SMOOTHING: f64 = 0.1;

/// Scores candidates of one supernet on the valid split.
pub struct TranslationEvaluator<'a, 'run> {
    settings: &'a TranslationSupernetSettings,
    network: TranslationNetwork,
    valid: Vec<TokenBatch>,
    objective: Objective,
    context: &'a mut Context<'run>,
    /// Candidates scored so far, and in all.
    pub progress: (usize, usize),
}

impl<'a, 'run> TranslationEvaluator<'a, 'run> {
    /// Opens the corpus and builds the network. `candidates` is how many will be scored.
    pub fn new(
        supernet: &'a TranslationSupernet,
        corpus: &SelectionCorpus,
        objective: Objective,
        candidates: usize,
        context: &'a mut Context<'run>,
    ) -> Result<Self, StageError> {
        let (wanted, found) = (supernet.settings.task.vocabulary, corpus.description.vocabulary);
        if wanted != found {
            let message = format!(
                "the supernet was trained with a dictionary of {wanted}, the corpus has {found}; give both one corpus"
            );
            return Err(StageError::usage(message));
        }
        let network = supernet.network(&training_run::device(context)?);
        let network = network.map_err(|error| StageError::caused("the supernet's space is none", error))?;
        let valid = valid_batches(&corpus.valid()?, &TokenBudget::default());
        Ok(Self { settings: &supernet.settings, network, valid, objective, context, progress: (0, candidates) })
    }

    /// Returns the score of one candidate, higher is better: less what it is judged by.
    pub fn score(&mut self, genome: &Genome) -> Result<f64, StageError> {
        self.context.check_interrupt()?;
        let architecture = self.settings.space.decode(genome);
        let inference = TranslationInference::of_path(&self.network, &architecture);
        let score = -self.judged(&inference, &architecture);
        self.progress.0 += 1;
        let name = self.settings.space.format(genome);
        self.context.progress(self.progress.0 as u64, self.progress.1 as u64, &format!("{name} {score:.4}"));
        Ok(score)
    }

    fn judged(&self, inference: &TranslationInference, architecture: &TransformerArchitecture) -> f64 {
        let losses = Losses::of(inference, &self.valid, RELEASED_SMOOTHING);
        match self.objective {
            Objective::Loss => losses.nll_bits,
            Objective::Released => losses.smoothed_bits - costs::released_objective_reward(architecture),
        }
    }
}

impl Evaluator for TranslationEvaluator<'_, '_> {
    type Error = StageError;

    fn evaluate(&mut self, _: usize, candidates: &[Genome]) -> Result<Vec<Evaluation>, StageError> {
        candidates.iter().map(|genome| Ok(Evaluation { score: self.score(genome)? })).collect()
    }
}

/// Losses of a network on a split, in bits per target token.
#[derive(Clone, Copy, Debug)]
pub struct Losses {
    /// Negative log-likelihood.
    pub nll_bits: f64,
    /// With the target spread over the dictionary by label smoothing.
    pub smoothed_bits: f64,
    /// Share of tokens that are the most probable ones.
    pub accuracy: f64,
}

impl Losses {
    /// Measures a network.
    pub fn of(inference: &TranslationInference, batches: &[TokenBatch], smoothing: f64) -> Self {
        let (mut nll, mut smoothed, mut correct, mut tokens) = (0.0, 0.0, 0, 0);
        for batch in batches {
            let loss = inference.loss(batch, smoothing);
            nll += loss.nll_bits;
            smoothed += loss.smoothed_bits;
            correct += loss.correct;
            tokens += loss.tokens;
        }
        let mean = |sum: f64| sum / tokens.max(1) as f64;
        Self { nll_bits: mean(nll), smoothed_bits: mean(smoothed), accuracy: mean(correct as f64) }
    }
}

/// Returns all pairs of a split as batches of similar lengths.
pub fn valid_batches(pairs: &EncodedPairs, budget: &TokenBudget) -> Vec<TokenBatch> {
    token_batches(&pairs.lengths(), budget, 0, 0).iter().map(|positions| pairs.batch(positions)).collect()
}
