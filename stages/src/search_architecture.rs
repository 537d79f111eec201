use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;

use engine::{Context, One, Stage, StageError, inputs, outputs};
use schemars::JsonSchema;
use search::{
    Budget, Candidate, EvolutionSettings, History, Problem, RandomSearchSettings, SearchError, evolve, front,
    random_search,
};
use serde::{Deserialize, Serialize};
use spaces::{Architecture, SearchSpace};

use crate::artifacts::{ArchitectureArtifact, Score, ScoreTable, SearchHistory, SearchRow, SelectionData, Supernet};
use crate::counting::{Cost, CountBudget};
use crate::supernet_evaluator::{Recalibration, SupernetEvaluator};

/// Searches a space by evolution, with a random baseline.
pub struct SearchArchitecture;

/// How to search and within which limits.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchArchitectureParams {
    /// The evolution.
    #[serde(default)]
    evolution: EvolutionSettings,
    /// Largest allowed cost by name.
    #[serde(default)]
    limits: BTreeMap<Cost, f64>,
    /// Whether a random search of equally many evaluations runs beside it.
    #[serde(default)]
    baseline: Baseline,
    /// Measuring batch normalisations anew for each candidate.
    #[serde(default)]
    recalibration: Recalibration,
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
    }
}

outputs! {
    /// What was found.
    pub struct SearchArchitectureOutputs {
        /// Every candidate of the evolution and of the baseline.
        pub history: SearchHistory,
        /// Candidates that no other beats in score and MACs.
        pub front: ScoreTable,
        /// The best candidate.
        pub architecture: ArchitectureArtifact,
    }
}

impl Stage for SearchArchitecture {
    const KIND: &'static str = "search-architecture";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Evolves architectures under limits by inherited accuracy (Eq. 6, App. E)";

    type Params = SearchArchitectureParams;
    type Inputs = SearchArchitectureInputs;
    type Outputs = SearchArchitectureOutputs;

    fn check(&self, params: &Self::Params) -> Result<(), String> {
        if let Some((cost, limit)) = params.limits.iter().find(|(_, limit)| limit.is_nan() || **limit <= 0.0) {
            return Err(format!("`limits.{}` wants a positive number, found {limit}", cost.name()));
        }
        params.recalibration.check()
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: Self::Inputs,
        context: &mut Context<'_>,
    ) -> Result<Self::Outputs, StageError> {
        let settings = &inputs.supernet.settings;
        let limit = |cost| params.limits.get(&cost).copied().unwrap_or(f64::INFINITY);
        let budgets =
            Cost::ALL.map(|cost| CountBudget { space: &settings.space, task: settings.task, cost, limit: limit(cost) });
        let budgets: Vec<&dyn Budget> = budgets.iter().map(|budget| budget as &dyn Budget).collect();
        let problem = Problem { space: &settings.space, budgets: &budgets, seed: context.seed() };
        let searches = searches(params, &inputs, &problem, context)?;
        let winner = best(&searches[0].history)?.clone();
        report(context, params, &inputs, &searches, &winner);
        let architecture = Architecture::new(settings.space.clone(), winner.genome, settings.task);
        let architecture =
            architecture.map_err(|error| StageError::caused("the winner is outside the space", error))?;
        let front = pareto(&searches[0].history, &inputs)?;
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

fn report(
    context: &mut Context<'_>,
    params: &SearchArchitectureParams,
    inputs: &SearchArchitectureInputs,
    searches: &[SearchRow],
    winner: &Candidate,
) {
    let settings = &inputs.supernet.settings;
    context.headline("winner", settings.space.format(&winner.genome), "");
    context.headline("winner_inherited_accuracy", winner.score, "");
    for search in searches {
        let top = search.history.top(1).first().map_or(f64::NAN, |candidate| candidate.score);
        context.headline(&format!("{}_best", search.method), top, "");
        context.headline(&format!("{}_evaluations", search.method), search.history.candidates.len(), "");
    }
    for (cost, limit) in &params.limits {
        context.headline(&format!("limit_{}", cost.name()), *limit, "");
    }
    crate::counting::report(context, &settings.space.graph(&winner.genome, settings.task));
}

fn pareto(history: &History, inputs: &SearchArchitectureInputs) -> Result<ScoreTable, StageError> {
    let settings = &inputs.supernet.settings;
    let front = front(&history.candidates, Cost::Macs.name());
    let front = front.map_err(|error| StageError::caused("no front", error))?;
    let score = |candidate: &&Candidate| Score { genome: candidate.genome.clone(), score: candidate.score };
    let scores = front.iter().map(score).collect();
    Ok(ScoreTable { space: settings.space.clone(), task: settings.task, scores })
}
