use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spaces::{Genome, SearchSpace};

use crate::generations::run;
use crate::proposals::Proposals;
use crate::{Candidate, Evaluator, History, Observer, Origin, Problem, SearchError};

/// How [`evolve`] searches. The defaults are those of ShiftAddNAS (arXiv 2205.08119, Appendix E, computer
/// vision) and, where the paper is silent, of the authors' release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EvolutionSettings {
    /// Candidates per generation; 50 in the paper. Fewer once random drawing finds nothing new.
    pub population: usize,
    /// Generations after the initial random one; 20 in the paper.
    pub generations: usize,
    /// How many of the best candidates of all generations may be parents; 10 in the release.
    pub parents: usize,
    /// Mutants per generation; 25 in the paper.
    pub mutants: usize,
    /// Crossovers per generation; 25 in the paper.
    pub crossovers: usize,
    /// Probability that a mutation redraws a choice; 0.2 in the paper.
    pub mutation_probability: f64,
    /// Probability that a mutation takes a random genome in place of a parent; 0.2 in the release.
    pub fresh_probability: f64,
    /// Attempts per mutant and per crossover; what is still missing then is filled with random genomes. The
    /// release allows 10 times as many attempts as mutants, in total.
    pub attempts: usize,
    /// Attempts per random genome; the release never gives up.
    pub random_attempts: usize,
}

impl Default for EvolutionSettings {
    fn default() -> Self {
        Self {
            population: 50,
            generations: 20,
            parents: 10,
            mutants: 25,
            crossovers: 25,
            mutation_probability: 0.2,
            fresh_probability: 0.2,
            attempts: 10,
            random_attempts: 10_000,
        }
    }
}

impl EvolutionSettings {
    /// Returns the settings of ShiftAddNAS for translation: 30 populations, mutation probability 0.3, no fresh genomes.
    ///
    /// A population of the authors' release is 125 networks: the 25 parents, which it evaluates again each time, 50
    /// mutants and 50 crossovers. Here parents stay parents without another evaluation, so a generation is the 100 new
    /// ones: 3000 evaluations stand for the release's 3750, of which 3025 are of different networks, since its first
    /// population is 125 random ones. The release draws a child until it is within the budgets; here 1000 times.
    pub fn translation() -> Self {
        Self {
            population: 100,
            generations: 29,
            parents: 25,
            mutants: 50,
            crossovers: 50,
            mutation_probability: 0.3,
            fresh_probability: 0.0,
            attempts: 1000,
            ..Self::default()
        }
    }

    /// Returns the number of candidates that a search evaluates unless it runs out of new ones.
    pub const fn evaluations(&self) -> usize {
        self.population * (self.generations + 1)
    }

    fn validate<E: std::error::Error>(&self) -> Result<(), SearchError<E>> {
        let positive = [
            ("population", self.population),
            ("parents", self.parents),
            ("attempts", self.attempts),
            ("random_attempts", self.random_attempts),
        ];
        for (setting, value) in positive {
            if value == 0 {
                return Err(SearchError::Setting { setting, found: "0".to_owned(), wanted: "at least 1" });
            }
        }
        let children = self.mutants.saturating_add(self.crossovers);
        if children > self.population {
            let wanted = "at most `population`";
            return Err(SearchError::Setting { setting: "mutants + crossovers", found: children.to_string(), wanted });
        }
        let probabilities =
            [("mutation_probability", self.mutation_probability), ("fresh_probability", self.fresh_probability)];
        for (setting, value) in probabilities {
            if !(0.0..=1.0).contains(&value) {
                return Err(SearchError::Setting { setting, found: value.to_string(), wanted: "0 to 1" });
            }
        }
        Ok(())
    }
}

/// Returns the history of an evolutionary search, Appendix E of ShiftAddNAS (arXiv 2205.08119).
///
/// Generation 0 is random. Each later one consists of mutants and crossovers of the best candidates so far, filled
/// up with random genomes. No genome is evaluated twice and none above a budget. Unlike the authors' release the
/// last generation is ranked like every other, and a random genome in place of a mutation's parent is taken as it
/// is. A search that `observer` stopped, or that found nothing new ([`History::exhausted`]), has fewer
/// generations. Given the history of such a search, or of any checkpoint, it goes on to the same result.
///
/// # Errors
/// If a setting makes no sense, no genome is within the budgets, `resume` belongs to another search, or the
/// evaluator fails.
pub fn evolve<V: Evaluator>(
    problem: &Problem<'_>,
    settings: &EvolutionSettings,
    resume: Option<History>,
    evaluator: &mut V,
    observer: Observer<'_>,
) -> Result<History, SearchError<V::Error>> {
    settings.validate()?;
    run(problem, settings.generations + 1, resume, evaluator, observer, |history, proposals| {
        propose(problem.space, settings, history, proposals);
    })
}

fn propose(space: &dyn SearchSpace, settings: &EvolutionSettings, history: &History, proposals: &mut Proposals<'_>) {
    let parents = history.top(settings.parents);
    let children = if parents.is_empty() { 0 } else { settings.mutants + settings.crossovers };
    // A slot that finds nothing is made up for by `fill`.
    for slot in 0..children {
        proposals.draw(slot, settings.attempts, |rng| {
            if slot < settings.mutants {
                mutant(space, settings, &parents, rng)
            } else {
                crossover(space, &parents, rng)
            }
        });
    }
    proposals.fill(settings.population, children, settings.random_attempts);
}

fn mutant(
    space: &dyn SearchSpace,
    settings: &EvolutionSettings,
    parents: &[&Candidate],
    rng: &mut ChaCha8Rng,
) -> Option<(Genome, Origin)> {
    if rng.random_bool(settings.fresh_probability) {
        return Some((space.sample(rng), Origin::Random));
    }
    let parent = pick(parents, rng);
    let genome = space.mutate(&parent.genome, settings.mutation_probability, rng)?;
    Some((genome, Origin::Mutation { parent: parent.index }))
}

fn crossover(space: &dyn SearchSpace, parents: &[&Candidate], rng: &mut ChaCha8Rng) -> Option<(Genome, Origin)> {
    let (left, right) = (pick(parents, rng), pick(parents, rng));
    let genome = space.cross(&left.genome, &right.genome, rng)?;
    Some((genome, Origin::Crossover { left: left.index, right: right.index }))
}

fn pick<'a>(parents: &[&'a Candidate], rng: &mut ChaCha8Rng) -> &'a Candidate {
    parents[rng.random_range(0..parents.len())]
}

#[cfg(test)]
mod tests;
