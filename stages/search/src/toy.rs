//! A space small enough to reason about: a row of genes, each with the same number of choices.

use std::convert::Infallible;

use rand::{Rng, RngExt};
use spaces::{Genome, GenomeError, SearchSpace};

use crate::{Budget, Candidate, Costs, Evaluation, Evaluator, Origin};

/// A genome is any row of `genes` choices.
pub(crate) struct Toy {
    pub genes: usize,
    pub choices: u16,
}

impl Default for Toy {
    fn default() -> Self {
        Self { genes: 16, choices: 8 }
    }
}

impl SearchSpace for Toy {
    fn size(&self) -> u128 {
        u128::from(self.choices).pow(self.genes as u32)
    }

    fn sample(&self, rng: &mut dyn Rng) -> Genome {
        Genome((0..self.genes).map(|_| rng.random_range(0..self.choices)).collect())
    }

    fn mutate(&self, parent: &Genome, probability: f64, rng: &mut dyn Rng) -> Option<Genome> {
        let redraw = |&gene| if rng.random_bool(probability) { rng.random_range(0..self.choices) } else { gene };
        Some(Genome(parent.0.iter().map(redraw).collect()))
    }

    /// Gives up one time in eight, as a space with rules would.
    fn cross(&self, left: &Genome, right: &Genome, rng: &mut dyn Rng) -> Option<Genome> {
        let pairs = left.0.iter().zip(&right.0);
        let mixed = pairs.map(|(&left, &right)| if rng.random_bool(0.5) { left } else { right }).collect();
        rng.random_bool(0.875).then_some(Genome(mixed))
    }

    fn contains(&self, genome: &Genome) -> Result<(), GenomeError> {
        let (wanted, found) = (self.genes, genome.0.len());
        if wanted == found { Ok(()) } else { Err(GenomeError::Length { wanted, found }) }
    }

    fn format(&self, genome: &Genome) -> String {
        genome.0.iter().map(|gene| char::from(b'0' + *gene as u8)).collect()
    }

    fn parse(&self, text: &str) -> Result<Genome, GenomeError> {
        let genome = Genome(text.bytes().map(|digit| u16::from(digit - b'0')).collect());
        self.contains(&genome).map(|()| genome)
    }
}

/// The sum of the choices.
pub(crate) struct GeneSum {
    pub name: &'static str,
    pub limit: f64,
}

impl Budget for GeneSum {
    fn cost_name(&self) -> &str {
        self.name
    }

    fn limit(&self) -> f64 {
        self.limit
    }

    fn cost(&self, genome: &Genome) -> f64 {
        genome.0.iter().copied().map(f64::from).sum()
    }
}

/// Scores how many genes agree with a fixed target.
pub(crate) struct Matches;

impl Evaluator for Matches {
    type Error = Infallible;

    fn evaluate(&mut self, _: usize, candidates: &[Genome]) -> Result<Vec<Evaluation>, Infallible> {
        let agrees = |(place, gene): &(usize, &u16)| **gene as usize == place * 5 % 7;
        let score = |genome: &Genome| genome.0.iter().enumerate().filter(agrees).count() as f64;
        Ok(candidates.iter().map(|genome| Evaluation { score: score(genome) }).collect())
    }
}

/// Returns an evaluated candidate with one cost, named `cost`.
pub(crate) fn candidate(index: usize, score: f64, cost: f64) -> Candidate {
    let costs = Costs::from([("cost".to_owned(), cost)]);
    Candidate { genome: Genome(vec![index as u16]), score, costs, generation: 0, index, origin: Origin::Initial }
}
