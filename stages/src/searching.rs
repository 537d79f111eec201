//! An evolution with a random search beside it, resumable: what the two searching stages share.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use engine::{Checkpoint, Context, StageError};
use schemars::JsonSchema;
use search::{
    Candidate, Evaluator, EvolutionSettings, History, Problem, RandomSearchSettings, SearchError, evolve, random_search,
};
use serde::{Deserialize, Serialize};

use crate::artifacts::SearchRow;

/// What the evolution is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Baseline {
    /// A random search of equally many evaluations under the same limits.
    #[default]
    Random,
    /// Nothing.
    None,
}

/// What is searched, and how.
#[derive(Clone, Copy)]
pub struct SearchPlan<'a> {
    /// The evolution.
    pub evolution: &'a EvolutionSettings,
    /// What it is compared with.
    pub baseline: Baseline,
    /// Space, limits and seed.
    pub problem: &'a Problem<'a>,
}

/// One search that waits for an evaluator.
pub struct OneSearch<'a> {
    plan: SearchPlan<'a>,
    method: &'static str,
    resume: Option<History>,
    done: &'a [SearchRow],
    checkpoint: Checkpoint,
}

/// Runs the evolution and its baseline. `evaluate` makes an evaluator of what is told to it, the number of candidates
/// evaluated so far and in all, and hands it to [`OneSearch::run`].
pub fn searches(
    plan: SearchPlan<'_>,
    context: &mut Context<'_>,
    mut evaluate: impl FnMut((usize, usize), &mut Context<'_>, OneSearch<'_>) -> Result<History, StageError>,
) -> Result<Vec<SearchRow>, StageError> {
    let methods = match plan.baseline {
        Baseline::Random => vec!["evolution", "random"],
        Baseline::None => vec!["evolution"],
    };
    let mut saved = load(context)?;
    let all = methods.len() * plan.evolution.evaluations();
    let mut rows: Vec<SearchRow> = Vec::new();
    for method in methods {
        let resume = saved.remove(method);
        let evaluated: usize = rows.iter().map(|row| row.history.candidates.len()).sum();
        let evaluated = evaluated + resume.as_ref().map_or(0, |history| history.candidates.len());
        let checkpoint = context.checkpoint();
        let search = OneSearch { plan, method, resume, done: &rows, checkpoint };
        let history = evaluate((evaluated, all), context, search)?;
        rows.push(SearchRow { method, history });
    }
    Ok(rows)
}

impl OneSearch<'_> {
    /// Runs the search, with a checkpoint after every generation.
    ///
    /// # Errors
    /// Those of the evaluator, and whatever makes the search senseless.
    pub fn run<V: Evaluator<Error = StageError>>(self, evaluator: &mut V) -> Result<History, StageError> {
        let Self { plan, method, resume, done, checkpoint } = self;
        let done: Vec<(&str, &History)> = done.iter().map(|row| (row.method, &row.history)).collect();
        let mut failed = None;
        let mut observe = |history: &History| match save(&checkpoint, &done, (method, history)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        };
        let history = match method {
            "evolution" => evolve(plan.problem, plan.evolution, resume, evaluator, &mut observe),
            _ => {
                let settings = RandomSearchSettings::matching(plan.evolution);
                random_search(plan.problem, &settings, resume, evaluator, &mut observe)
            }
        };
        let history = history.map_err(search_error)?;
        match failed {
            Some(error) => Err(error),
            None => Ok(history),
        }
    }
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

fn unreadable(path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> StageError {
    StageError::caused(format!("checkpoint {} does not read; remove it to start over", path.display()), error)
}

fn save(checkpoint: &Checkpoint, done: &[(&str, &History)], current: (&str, &History)) -> Result<(), StageError> {
    let histories: BTreeMap<&str, &History> = done.iter().copied().chain([current]).collect();
    let text = serde_json::to_string(&histories);
    let text = text.map_err(|error| StageError::caused("a history has no JSON form", error))?;
    checkpoint.save(|folder| {
        let path = folder.join(HISTORIES);
        fs::write(&path, text).map_err(|error| StageError::caused(format!("cannot write {}", path.display()), error))
    })
}

/// Returns the best candidate of a search.
///
/// # Errors
/// If it evaluated none.
pub fn best(history: &History) -> Result<&Candidate, StageError> {
    let best = history.top(1).first().copied();
    best.ok_or_else(|| StageError::usage("`evolution` evaluated no candidate; raise `population`"))
}
