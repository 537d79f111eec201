use std::collections::BTreeMap;

use engine::{Context, One, Optional, SourcePath, Stage, StageError, Unmet, Upstream, inputs, outputs};
use schemars::JsonSchema;
use search::{Budget, Candidate, EvolutionSettings, History, Problem, front};
use serde::{Deserialize, Serialize};
use spaces::{Architecture, SearchSpace, Space, Task};

use crate::artifacts::{
    ArchitectureArtifact, LatencyPredictorArtifact, Score, ScoreTable, ScoredSpace, SearchHistory, SearchRow,
    SelectionData, Supernet, SupernetSettings,
};
use crate::cost::Cost;
use crate::cost_model::{Bits, CostBudget, CostModel, HardwareChoice, HardwareChoiceError};
use crate::feasibility::{self, Least};
use crate::latency_features::{PredictedLatency, estimate};
use crate::prepare_dataset::PrepareDataset;
use crate::searching::{self, Baseline, SearchPlan};
use crate::supernet_evaluator::{Recalibration, SupernetEvaluator};
use crate::train_supernet::TrainSupernet;

/// Searches a space by evolution, with a random baseline.
pub struct SearchArchitecture;

/// How to search and within which limits.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchArchitectureParams {
    /// The evolution.
    #[serde(default)]
    evolution: EvolutionSettings,
    /// Largest allowed cost by name: `macs`, `multiply_macs`, `params`, `size_bytes`, `energy_mj`, `latency_ms`, in any
    /// combination. A limit that no architecture of the space keeps is refused before anything runs.
    #[serde(default)]
    limits: BTreeMap<Cost, f64>,
    /// The accelerator of `energy_mj` and `latency_ms`: `{ preset = "NAME" }` with `corrected` (the default, without
    /// omissions) or one of the paper's release for comparison with its tables, `shiftaddnas-pe168`,
    /// `shiftaddnas-pe192`, `shiftaddnas-nlp`; or `{ file = "PATH" }` with a description of one's own.
    #[serde(default)]
    hardware: HardwareChoice,
    /// Bits of weights and activations, 8 or 32, for `size_bytes`, `energy_mj` and `latency_ms`.
    #[serde(default)]
    bits: Bits,
    /// Largest latency in milliseconds that the input `predictor` may expect of an architecture; absent for no limit.
    #[serde(default)]
    max_predicted_latency_ms: Option<f64>,
    /// The costs of the Pareto front: a candidate is on it if no other beats it in score and all of these.
    #[serde(default = "default_front_costs")]
    front_costs: Vec<Cost>,
    /// Whether a random search of equally many evaluations runs beside it.
    #[serde(default)]
    baseline: Baseline,
    /// Measuring batch normalisations anew for each candidate.
    #[serde(default)]
    recalibration: Recalibration,
}

fn default_front_costs() -> Vec<Cost> {
    vec![Cost::Macs]
}

inputs! {
    /// What candidates inherit and what they are scored on.
    pub struct SearchArchitectureInputs {
        /// Pictures; scored on the valid split.
        pub dataset: One<SelectionData>,
        /// The network that candidates inherit from.
        pub supernet: One<Supernet>,
        /// Predicts latency from rows of `measure-latency`; then each candidate has a `predicted_latency_ms`.
        pub predictor: Optional<LatencyPredictorArtifact>,
    }
}

outputs! {
    /// What was found.
    pub struct SearchArchitectureOutputs {
        /// Every candidate of the evolution and of the baseline.
        pub history: SearchHistory,
        /// Candidates of the evolution that no other beats in score and `front_costs`, cheapest in the first first.
        pub front: ScoreTable,
        /// The best candidate.
        pub architecture: ArchitectureArtifact,
    }
}

impl Stage for SearchArchitecture {
    const KIND: &'static str = "search-architecture";
    const VERSION: u32 = 2;
    const SUMMARY: &'static str = "Evolves architectures under limits by inherited accuracy (Eq. 6, App. E)";

    type Params = SearchArchitectureParams;
    type Inputs = SearchArchitectureInputs;
    type Outputs = SearchArchitectureOutputs;

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
        if !missing {
            params.hardware.read().map_err(|error| format!("`hardware`: {error}"))?;
        }
        params.recalibration.check()
    }

    fn foresee(&self, params: &Self::Params, upstream: &Upstream<'_>) -> Result<(), Unmet> {
        if params.limits.is_empty() {
            return Ok(());
        }
        let Some((space, task)) = searched(upstream) else { return Ok(()) };
        let Ok(model) = model(params) else { return Ok(()) };
        match feasibility::least(&model, (space, task), &params.limits) {
            Ok(least) => feasibility::within(&params.limits, &least, space),
            Err(_) => Ok(()),
        }
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: Self::Inputs,
        context: &mut Context<'_>,
    ) -> Result<Self::Outputs, StageError> {
        let settings = &inputs.supernet.settings;
        let (space, task) = (&settings.space, settings.task);
        let model = model(params).map_err(|error| StageError::usage(format!("`hardware`: {error}")))?;
        let least = least_costs(params, &model, (space, task))?;
        let limit = |cost| params.limits.get(&cost).copied().unwrap_or(f64::INFINITY);
        let budgets = Cost::ALL.map(|cost| CostBudget { model: &model, space, task, cost, limit: limit(cost) });
        let predicted = predicted_latency(params, &inputs)?;
        let predicted = predicted.iter().map(|budget| budget as &dyn Budget);
        let budgets: Vec<&dyn Budget> = budgets.iter().map(|budget| budget as &dyn Budget).chain(predicted).collect();
        let problem = Problem { space, budgets: &budgets, seed: context.seed() };
        let plan = SearchPlan { evolution: &params.evolution, baseline: params.baseline, problem: &problem };
        let searches = searching::searches(plan, context, |candidates, context, search| {
            let (supernet, dataset) = (&inputs.supernet, &inputs.dataset);
            let mut evaluator = SupernetEvaluator::new(supernet, dataset, params.recalibration, candidates.1, context)?;
            evaluator.progress.0 = candidates.0;
            search.run(&mut evaluator)
        })?;
        let winner = searching::best(&searches[0].history)?.clone();
        report(context, &inputs, &searches, &winner);
        report_costs(context, params, &model, &least, &winner);
        report_prediction(context, &inputs, &winner)?;
        crate::counting::report(context, &space.graph(&winner.genome, task));
        let architecture = Architecture::new(settings.space.clone(), winner.genome, settings.task);
        let architecture =
            architecture.map_err(|error| StageError::caused("the winner is outside the space", error))?;
        let front = pareto(&searches[0].history, &params.front_costs, &inputs)?;
        let history = SearchHistory { space: scored(settings), searches };
        Ok(SearchArchitectureOutputs { history, front, architecture: ArchitectureArtifact { architecture } })
    }
}

fn report(context: &mut Context<'_>, inputs: &SearchArchitectureInputs, searches: &[SearchRow], winner: &Candidate) {
    let settings = &inputs.supernet.settings;
    context.headline("winner", settings.space.format(&winner.genome), "");
    context.headline("winner_inherited_accuracy", winner.score, "");
    for search in searches {
        let top = search.history.top(1).first().map_or(f64::NAN, |candidate| candidate.score);
        context.headline(&format!("{}_best", search.method), top, "");
        context.headline(&format!("{}_evaluations", search.method), search.history.candidates.len(), "");
    }
}

/// Tells the limits, the smallest values they could have had, and the winner's costs.
fn report_costs(
    context: &mut Context<'_>,
    params: &SearchArchitectureParams,
    model: &CostModel,
    least: &[Least],
    winner: &Candidate,
) {
    for (cost, limit) in &params.limits {
        context.headline(&format!("limit_{}", cost.name()), *limit, "");
    }
    for Least { cost, value, .. } in least {
        context.headline(&format!("least_{}", cost.name()), *value, "");
    }
    let accelerator = model.accelerator();
    context.headline("hardware", accelerator.hardware().name().to_owned(), "");
    context.headline("hardware_digest", accelerator.digest().to_string(), "");
    context.headline("bits", u64::from(accelerator.bits().bits()), "");
    for cost in [Cost::SizeBytes, Cost::EnergyMj, Cost::LatencyMs] {
        context.headline(cost.name(), winner.costs[cost.name()], "");
    }
}

/// Returns the budget of the predictor, if one is given.
fn predicted_latency<'a>(
    params: &SearchArchitectureParams,
    inputs: &'a SearchArchitectureInputs,
) -> Result<Option<PredictedLatency<'a>>, StageError> {
    let settings = &inputs.supernet.settings;
    let limit = params.max_predicted_latency_ms;
    match inputs.predictor.get() {
        Some(artifact) => Ok(Some(PredictedLatency {
            predictor: &artifact.predictor,
            space: &settings.space,
            task: settings.task,
            limit_ms: limit.unwrap_or(f64::INFINITY),
        })),
        None if limit.is_some() => Err(StageError::usage(
            "`max_predicted_latency_ms` wants the input `predictor`, found none; join it to a `fit-latency`",
        )),
        None => Ok(None),
    }
}

/// Tells what the predictor expects of the winner, and what of it was never measured.
fn report_prediction(
    context: &mut Context<'_>,
    inputs: &SearchArchitectureInputs,
    winner: &Candidate,
) -> Result<(), StageError> {
    let Some(artifact) = inputs.predictor.get() else { return Ok(()) };
    let settings = &inputs.supernet.settings;
    let estimate = estimate(&artifact.predictor, &settings.space.graph(&winner.genome, settings.task));
    let estimate = estimate.map_err(|error| StageError::caused("`predictor` is for other networks", error))?;
    context.headline(PredictedLatency::NAME, estimate.latency_ms, "ms");
    if !estimate.out_of_range.is_empty() {
        context.note(&format!("the winner lies outside of what was measured: {}", estimate.out_of_range.join(", ")));
    }
    Ok(())
}

fn model(params: &SearchArchitectureParams) -> Result<CostModel, HardwareChoiceError> {
    Ok(CostModel::new(params.hardware.read()?, params.bits))
}

/// Returns the space and the task that will be searched, where the steps before tell them.
fn searched<'a>(upstream: &Upstream<'a>) -> Option<(&'a Space, Task)> {
    let supernet = upstream.of("supernet")?;
    let space = &supernet.params::<TrainSupernet>()?.space;
    let task = supernet.upstream().of("dataset")?.params::<PrepareDataset>()?.task()?;
    space.validate(task).ok().map(|()| (space, task))
}

/// Returns the smallest value of each limited cost, all within the limits; afterwards the model knows a cost of every
/// architecture of the space.
fn least_costs(
    params: &SearchArchitectureParams,
    model: &CostModel,
    (space, task): (&Space, Task),
) -> Result<Vec<Least>, StageError> {
    let no_cost = |error| StageError::caused("`hardware` cannot run an architecture of the space", error);
    let least = feasibility::least(model, (space, task), &params.limits).map_err(no_cost)?;
    feasibility::within(&params.limits, &least, space)?;
    model.extremes(Cost::EnergyMj, &space.trellis(task)).map_err(no_cost)?;
    Ok(least)
}

fn scored(settings: &SupernetSettings) -> ScoredSpace {
    ScoredSpace::Pictures { space: settings.space.clone(), task: settings.task }
}

fn pareto(history: &History, costs: &[Cost], inputs: &SearchArchitectureInputs) -> Result<ScoreTable, StageError> {
    let settings = &inputs.supernet.settings;
    let costs: Vec<&str> = costs.iter().map(|cost| cost.name()).collect();
    let front = front(&history.candidates, &costs);
    let front = front.map_err(|error| StageError::caused("no front", error))?;
    let score = |candidate: &&Candidate| Score { genome: candidate.genome.clone(), score: candidate.score };
    let scores = front.iter().map(score).collect();
    Ok(ScoreTable { space: scored(settings), scores })
}
