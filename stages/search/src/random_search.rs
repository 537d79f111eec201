use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::generations::run;
use crate::{Evaluator, EvolutionSettings, History, Observer, Problem, SearchError};

/// How [`random_search`] searches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RandomSearchSettings {
    /// Candidates per batch; a batch takes the place of a generation.
    pub batch_size: usize,
    /// Number of batches.
    pub batches: usize,
    /// Attempts per candidate.
    pub random_attempts: usize,
}

impl Default for RandomSearchSettings {
    /// Returns what costs as many evaluations as the default evolution.
    fn default() -> Self {
        Self::matching(&EvolutionSettings::default())
    }
}

impl RandomSearchSettings {
    /// Returns the settings that evaluate as many candidates in as many batches as an evolution does.
    pub const fn matching(evolution: &EvolutionSettings) -> Self {
        Self {
            batch_size: evolution.population,
            batches: evolution.generations + 1,
            random_attempts: evolution.random_attempts,
        }
    }
}

/// Returns the history of a search that draws distinct random genomes within the budgets: the baseline that an
/// evolution has to beat. With the same seed its first batch is the first generation of [`crate::evolve`].
///
/// # Errors
/// If a setting is zero, no genome is within the budgets, `resume` belongs to another search, or the evaluator fails.
pub fn random_search<V: Evaluator>(
    problem: &Problem<'_>,
    settings: &RandomSearchSettings,
    resume: Option<History>,
    evaluator: &mut V,
    observer: Observer<'_>,
) -> Result<History, SearchError<V::Error>> {
    let counts = [
        ("batch_size", settings.batch_size),
        ("batches", settings.batches),
        ("random_attempts", settings.random_attempts),
    ];
    for (setting, value) in counts {
        if value == 0 {
            return Err(SearchError::Setting { setting, found: "0".to_owned(), wanted: "at least 1" });
        }
    }
    run(problem, settings.batches, resume, evaluator, observer, |_, proposals| {
        proposals.fill(settings.batch_size, 0, settings.random_attempts);
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::ops::ControlFlow;

    use super::*;
    use crate::evolve;
    use crate::toy::{GeneSum, Matches, Toy};

    fn go_on(_: &History) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    #[test]
    fn it_evaluates_as_many_distinct_candidates_as_an_evolution() {
        let space = Toy::default();
        let budget = GeneSum { name: "macs", limit: 45.0 };
        let problem = Problem { space: &space, budgets: &[&budget], seed: 5 };
        let evolution = EvolutionSettings { generations: 4, ..EvolutionSettings::default() };
        let settings = RandomSearchSettings::matching(&evolution);
        let history = random_search(&problem, &settings, None, &mut Matches, &mut go_on).unwrap();
        assert_eq!(history.candidates.len(), evolution.evaluations());
        let genomes: HashSet<_> = history.candidates.iter().map(|candidate| &candidate.genome).collect();
        assert_eq!(genomes.len(), evolution.evaluations());
        assert!(history.candidates.iter().all(|candidate| candidate.costs["macs"] <= 45.0));

        let evolved = evolve(&problem, &evolution, None, &mut Matches, &mut go_on).unwrap();
        assert_eq!(history.candidates[..50], evolved.candidates[..50]);
        assert_ne!(history.candidates[50..], evolved.candidates[50..]);
    }

    #[test]
    fn a_resumed_search_ends_like_one_that_never_stopped() {
        let space = Toy::default();
        let problem = Problem { space: &space, budgets: &[], seed: 6 };
        let settings = RandomSearchSettings { batch_size: 7, batches: 5, ..RandomSearchSettings::default() };
        let whole = random_search(&problem, &settings, None, &mut Matches, &mut go_on).unwrap();
        let mut stop = |history: &History| {
            if history.generations.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let part = random_search(&problem, &settings, None, &mut Matches, &mut stop).unwrap();
        assert_eq!(part.candidates.len(), 14);
        let resumed = random_search(&problem, &settings, Some(part), &mut Matches, &mut go_on).unwrap();
        assert_eq!(resumed, whole);
    }

    #[test]
    fn a_search_of_no_batches_is_refused() {
        let space = Toy::default();
        let problem = Problem { space: &space, budgets: &[], seed: 0 };
        let settings = RandomSearchSettings { batches: 0, ..RandomSearchSettings::default() };
        let error = random_search(&problem, &settings, None, &mut Matches, &mut go_on).unwrap_err();
        assert_eq!(error.to_string(), "search setting `batches` is 0, wanted at least 1");
    }
}
