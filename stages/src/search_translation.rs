use std::collections::BTreeMap;

use costs::TranslationCost;
use engine::{Context, One, Optional, SourcePath, Stage, StageError, Unmet, Upstream, inputs, outputs};
use schemars::JsonSchema;
use search::{Budget, EvolutionSettings, History, Problem, front};
use serde::{Deserialize, Serialize};
use spaces::{HybridTransformer, SearchSpace};

use crate::artifacts::{
    LatencyPredictorArtifact, Score, ScoreTable, ScoredSpace, SearchHistory, SearchRow, SelectionCorpus,
    TranslationArchitecture, TranslationSupernet,
};
use crate::cost_model::{Bits, HardwareChoice};
use crate::searching::{self, Baseline, SearchPlan};
use crate::train_translation_supernet::TrainTranslationSupernet;
use crate::translation_cost::{PredictedTranslationLatency, TranslationCostBudget, TranslationCostModel, within};
use crate::translation_evaluator::{Objective, TranslationEvaluator};

/// Searches a space of translation networks by evolution, with a random baseline.
pub struct SearchTranslation;

/// How to search and within which limits.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchTranslationParams {
    /// The evolution; by default that of the paper for translation, 30 generations of 125.
    #[serde(default = "EvolutionSettings::translation")]
    evolution: EvolutionSettings,
    /// What candidates are judged by.
    #[serde(default)]
    objective: Objective,
    /// Largest allowed cost by name, in any combination, for one pass over 30 tokens on either side without embeddings
    /// and output projection: `flops_g` as the authors count them, `macs`, `multiply_macs`, `params`, `size_bytes`,
    /// `energy_mj`, `latency_ms`.
    #[serde(default)]
    limits: BTreeMap<TranslationCost, f64>,
    /// The accelerator of `energy_mj` and `latency_ms`.
    #[serde(default)]
    hardware: HardwareChoice,
    /// Bits of weights and activations, 8 or 32, for `size_bytes`, `energy_mj` and `latency_ms`.
    #[serde(default)]
    bits: Bits,
    /// Largest latency in milliseconds that the input `predictor` may expect of a network; absent for no limit.
    #[serde(default)]
    max_predicted_latency_ms: Option<f64>,
    /// The costs of the Pareto front: a candidate is on it if no other beats it in score and all of these.
    #[serde(default = "default_front_costs")]
    front_costs: Vec<TranslationCost>,
    /// Whether a random search of equally many evaluations runs beside it.
    #[serde(default)]
    baseline: Baseline,
}

fn default_front_costs() -> Vec<TranslationCost> {
    vec![TranslationCost::Macs]
}

inputs! {
    /// What candidates inherit and what they are scored on.
    pub struct SearchTranslationInputs {
        /// Pairs of sentences; scored on the valid split.
        pub corpus: One<SelectionCorpus>,
        /// The network that candidates inherit from.
        pub supernet: One<TranslationSupernet>,
        /// Predicts latency from measured rows with HAT's columns; then each candidate has a `predicted_latency_ms`.
        pub predictor: Optional<LatencyPredictorArtifact>,
    }
}

outputs! {
    /// What was found.
    pub struct SearchTranslationOutputs {
        /// Every candidate of the evolution and of the baseline.
        pub history: SearchHistory,
        /// Candidates of the evolution that no other beats in score and `front_costs`, cheapest in the first first.
        pub front: ScoreTable,
        /// The best candidate.
        pub architecture: TranslationArchitecture,
    }
}

impl Stage for SearchTranslation {
    const KIND: &'static str = "search-translation";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Evolves translation networks under limits by inherited loss (Eq. 6, App. E)";

    type Params = SearchTranslationParams;
    type Inputs = SearchTranslationInputs;
    type Outputs = SearchTranslationOutputs;

    fn sources<'a>(&self, params: &'a Self::Params) -> Vec<&'a SourcePath> {
        params.hardware.source().into_iter().collect()
    }

    fn check(&self, params: &Self::Params) -> Result<(), String> {
        if let Some((cost, limit)) = params.limits.iter().find(|(_, limit)| limit.is_nan() || **limit <= 0.0) {
            return Err(format!("`limits.{}` wants a positive number, found {limit}", cost.name()));
        }
        if let Some(limit) = params.max_predicted_latency_ms.filter(|limit| limit.is_nan() || *limit <= 0.0) {
            return Err(format!("`max_predicted_latency_ms` wants a positive number, found {limit}"));
        }
        if params.front_costs.is_empty() {
            return Err("`front_costs` wants at least one cost".to_owned());
        }
        let missing = params.hardware.source().is_some_and(|source| !source.path().exists());
        match missing {
            true => Ok(()),
            false => params.hardware.read().map(|_| ()).map_err(|error| format!("`hardware`: {error}")),
        }
    }

    fn foresee(&self, params: &Self::Params, upstream: &Upstream<'_>) -> Result<(), Unmet> {
        let supernet = upstream.of("supernet").and_then(|supernet| supernet.params::<TrainTranslationSupernet>());
        let (Some(supernet), Ok(model)) = (supernet, model(params)) else { return Ok(()) };
        let space = supernet.space.choices();
        match space.check() {
            Ok(()) => within(&model, &params.limits, &space),
            Err(_) => Ok(()),
        }
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: Self::Inputs,
        context: &mut Context<'_>,
    ) -> Result<Self::Outputs, StageError> {
        let space = &inputs.supernet.settings.space;
        let model = model(params)?;
        within(&model, &params.limits, space).map_err(|unmet| StageError::unmet(unmet.message))?;
        let limit = |cost| params.limits.get(&cost).copied().unwrap_or(f64::INFINITY);
        let budgets =
            TranslationCost::ALL.map(|cost| TranslationCostBudget { model: &model, space, cost, limit: limit(cost) });
        let predicted = predicted_latency(params, &inputs)?;
        let predicted = predicted.iter().map(|budget| budget as &dyn Budget);
        let budgets: Vec<&dyn Budget> = budgets.iter().map(|budget| budget as &dyn Budget).chain(predicted).collect();
        let problem = Problem { space, budgets: &budgets, seed: context.seed() };
        let plan = SearchPlan { evolution: &params.evolution, baseline: params.baseline, problem: &problem };
        let searches = searching::searches(plan, context, |(done, all), context, search| {
            let (supernet, corpus) = (&inputs.supernet, &inputs.corpus);
            let mut evaluator = TranslationEvaluator::new(supernet, corpus, params.objective, all, context)?;
            evaluator.progress.0 = done;
            search.run(&mut evaluator)
        })?;
        let winner = searching::best(&searches[0].history)?.clone();
        report(context, params, space, &searches);
        for (name, value) in &winner.costs {
            context.headline(name, *value, "");
        }
        let architecture = space.decode(&winner.genome);
        crate::counting::report_translation(context, &architecture);
        let front = pareto(&searches[0].history, &params.front_costs, space)?;
        let history = SearchHistory { space: scored(space), searches };
        Ok(SearchTranslationOutputs { history, front, architecture: TranslationArchitecture { architecture } })
    }
}

fn model(params: &SearchTranslationParams) -> Result<TranslationCostModel, StageError> {
    let hardware = params.hardware.read().map_err(|error| StageError::usage(format!("`hardware`: {error}")))?;
    Ok(TranslationCostModel::new(hardware, params.bits))
}

fn scored(space: &HybridTransformer) -> ScoredSpace {
    ScoredSpace::Translation { space: Box::new(space.clone()) }
}

fn report(
    context: &mut Context<'_>,
    params: &SearchTranslationParams,
    space: &HybridTransformer,
    searches: &[SearchRow],
) {
    for (cost, limit) in &params.limits {
        context.headline(&format!("limit_{}", cost.name()), *limit, "");
    }
    for search in searches {
        let top = search.history.top(1);
        let score = top.first().map_or(f64::NAN, |candidate| candidate.score);
        if let (Some(winner), "evolution") = (top.first(), search.method) {
            context.headline("winner", space.format(&winner.genome), "");
        }
        context.headline(&format!("{}_best", search.method), score, "bit");
        context.headline(&format!("{}_evaluations", search.method), search.history.candidates.len(), "");
    }
}

/// Returns the budget of the predictor, if one is given.
fn predicted_latency<'a>(
    params: &SearchTranslationParams,
    inputs: &'a SearchTranslationInputs,
) -> Result<Option<PredictedTranslationLatency<'a>>, StageError> {
    let limit = params.max_predicted_latency_ms;
    match inputs.predictor.get() {
        Some(artifact) => Ok(Some(PredictedTranslationLatency {
            predictor: &artifact.predictor,
            space: &inputs.supernet.settings.space,
            limit_ms: limit.unwrap_or(f64::INFINITY),
        })),
        None if limit.is_some() => Err(StageError::usage(
            "`max_predicted_latency_ms` wants the input `predictor`, found none; join it to a `fit-latency`",
        )),
        None => Ok(None),
    }
}

fn pareto(history: &History, costs: &[TranslationCost], space: &HybridTransformer) -> Result<ScoreTable, StageError> {
    let costs: Vec<&str> = costs.iter().map(|cost| cost.name()).collect();
    let front = front(&history.candidates, &costs).map_err(|error| StageError::caused("no front", error))?;
    let scores = front.iter().map(|found| Score { genome: found.genome.clone(), score: found.score }).collect();
    Ok(ScoreTable { space: scored(space), scores })
}
