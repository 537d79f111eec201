use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;

use engine::{Context, One, Optional, SourcePath, Stage, StageError, Unmet, Upstream, inputs, outputs};
use schemars::JsonSchema;
use search::{
    Budget, Candidate, EvolutionSettings, History, Problem, RandomSearchSettings, SearchError, evolve, front,
    random_search,
};
use serde::{Deserialize, Serialize};
use spaces::{Architecture, SearchSpace, Space, Task};

use crate::artifacts::{
    ArchitectureArtifact, LatencyPredictorArtifact, Score, ScoreTable, SearchHistory, SearchRow, SelectionData,
    Supernet,
};
use crate::cost::Cost;
use crate::cost_model::{Bits, CostBudget, CostModel, HardwareChoice, HardwareChoiceError};
use crate::feasibility::{self, Least};
use crate::latency_features::{PredictedLatency, estimate};
use crate::prepare_dataset::PrepareDataset;
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

/// What the evolution is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Baseline {
    /// A random search of equally many evaluations under the same limits.
    #[default]
    Random,
    /// Nothing.
    None,
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
        let searches = searches(params, &inputs, &problem, context)?;
        let winner = best(&searches[0].history)?.clone();
        report(context, &inputs, &searches, &winner);
        report_costs(context, params, &model, &least, &winner);
        report_prediction(context, &inputs, &winner)?;
        crate::counting::report(context, &space.graph(&winner.genome, task));
        let architecture = Architecture::new(settings.space.clone(), winner.genome, settings.task);
        let architecture =
            architecture.map_err(|error| StageError::caused("the winner is outside the space", error))?;
        let front = pareto(&searches[0].history, &params.front_costs, &inputs)?;
        let history = SearchHistory { space: settings.space.clone(), searches };
        Ok(SearchArchitectureOutputs { history, front, architecture: ArchitectureArtifact { architecture } })
    }
}

fn searches(
    params: &SearchArchitectureParams,
    inputs: &SearchArchitectureInputs,
    problem: &Problem<'_>,
    context: &mut Context<'_>,
) -> Result<Vec<SearchRow>, StageError> {
    let methods = match params.baseline {
        Baseline::Random => vec!["evolution", "random"],
        Baseline::None => vec!["evolution"],
    };
    let mut saved = load(context)?;
    let evaluations = methods.len() * params.evolution.evaluations();
    let mut rows = Vec::new();
    for method in methods {
        let resume = saved.remove(method);
        let done: Vec<(&str, &History)> = rows.iter().map(|row: &SearchRow| (row.method, &row.history)).collect();
        let checkpoint = context.checkpoint();
        let mut failed = None;
        let mut observe = |history: &History| match save(&checkpoint, &done, (method, history)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        };
        let mut evaluator =
            SupernetEvaluator::new(&inputs.supernet, &inputs.dataset, params.recalibration, evaluations, context)?;
        let evaluated: usize = rows.iter().map(|row: &SearchRow| row.history.candidates.len()).sum();
        evaluator.progress.0 = evaluated + resume.as_ref().map_or(0, |history: &History| history.candidates.len());
        let history = match method {
            "evolution" => evolve(problem, &params.evolution, resume, &mut evaluator, &mut observe),
            _ => {
                let settings = RandomSearchSettings::matching(&params.evolution);
                random_search(problem, &settings, resume, &mut evaluator, &mut observe)
            }
        };
        let history = history.map_err(search_error)?;
        if let Some(error) = failed {
            return Err(error);
        }
        rows.push(SearchRow { method, history });
    }
    Ok(rows)
}

fn search_error(error: SearchError<StageError>) -> StageError {
    match error {
        SearchError::Evaluator { source, .. } => source,
        SearchError::Setting { .. } => StageError::usage(format!("`evolution`: {error}")),
        SearchError::Infeasible { .. } => StageError::unmet(format!("`limits`: {error}")),
        SearchError::EvaluationCount { .. }
        | SearchError::Score { .. }
        | SearchError::ResumeSeed { .. }
        | SearchError::ResumeCandidates { .. } => StageError::caused("the search broke off", error),
    }
}

/// Name of the file of histories inside a checkpoint.
const HISTORIES: &str = "histories.json";

fn load(context: &mut Context<'_>) -> Result<BTreeMap<String, History>, StageError> {
    let Some(folder) = context.checkpoint().load() else { return Ok(BTreeMap::new()) };
    let path = folder.join(HISTORIES);
    let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
    let histories: BTreeMap<String, History> = serde_json::from_str(&text).map_err(|error| unreadable(&path, error))?;
    let candidates: usize = histories.values().map(|history| history.candidates.len()).sum();
    context.note(&format!("resumed after {candidates} candidates"));
    Ok(histories)
}

fn unreadable(path: &std::path::Path, error: impl std::error::Error + Send + Sync + 'static) -> StageError {
    StageError::caused(format!("checkpoint {} does not read; remove it to start over", path.display()), error)
}

fn save(
    checkpoint: &engine::Checkpoint,
    done: &[(&str, &History)],
    current: (&str, &History),
) -> Result<(), StageError> {
    let histories: BTreeMap<&str, &History> = done.iter().copied().chain([current]).collect();
    let text = serde_json::to_string(&histories);
    let text = text.map_err(|error| StageError::caused("a history has no JSON form", error))?;
    checkpoint.save(|folder| {
        let path = folder.join(HISTORIES);
        fs::write(&path, text).map_err(|error| StageError::caused(format!("cannot write {}", path.display()), error))
    })
}

fn best(history: &History) -> Result<&Candidate, StageError> {
    let best = history.top(1).first().copied();
    best.ok_or_else(|| StageError::usage("`evolution` evaluated no candidate; raise `population`"))
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

fn pareto(history: &History, costs: &[Cost], inputs: &SearchArchitectureInputs) -> Result<ScoreTable, StageError> {
    let settings = &inputs.supernet.settings;
    let costs: Vec<&str> = costs.iter().map(|cost| cost.name()).collect();
    let front = front(&history.candidates, &costs);
    let front = front.map_err(|error| StageError::caused("no front", error))?;
    let score = |candidate: &&Candidate| Score { genome: candidate.genome.clone(), score: candidate.score };
    let scores = front.iter().map(score).collect();
    Ok(ScoreTable { space: settings.space.clone(), task: settings.task, scores })
}
