use std::collections::{BTreeMap, HashSet};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use spaces::Genome;

use crate::{Costs, History, Origin, Problem, Rejection, Rejections, SearchError, SmallestCost};

/// A genome that is new, within the budgets and not yet evaluated.
pub(crate) struct Proposal {
    pub genome: Genome,
    pub costs: Costs,
    pub origin: Origin,
}

/// The proposals of one generation: what is neither repeated nor over budget.
pub(crate) struct Proposals<'a> {
    problem: &'a Problem<'a>,
    seen: HashSet<Genome>,
    over_budget: BTreeMap<String, SmallestCost>,
    pub generation: usize,
    pub accepted: Vec<Proposal>,
    pub rejections: Rejections,
}

impl<'a> Proposals<'a> {
    pub fn new(problem: &'a Problem<'a>, history: &History) -> Self {
        Self {
            problem,
            generation: history.generations.len(),
            seen: history.candidates.iter().map(|candidate| candidate.genome.clone()).collect(),
            accepted: Vec::new(),
            rejections: Rejections::default(),
            over_budget: BTreeMap::new(),
        }
    }

    /// Draws for `slot` until a draw is accepted; returns whether one of `attempts` was.
    ///
    /// A draw returns `None` where variation left the space. It sees nothing of other slots and attempts but
    /// which genomes they have taken.
    pub fn draw(
        &mut self,
        slot: usize,
        attempts: usize,
        mut draw: impl FnMut(&mut ChaCha8Rng) -> Option<(Genome, Origin)>,
    ) -> bool {
        for attempt in 0..attempts {
            let mut rng = generator(self.problem.seed, self.generation, slot, attempt);
            match self.consider(draw(&mut rng)) {
                Ok(proposal) => {
                    self.seen.insert(proposal.genome.clone());
                    self.accepted.push(proposal);
                    return true;
                }
                Err(rejection) => self.reject(rejection),
            }
        }
        false
    }

    /// Draws random genomes until the generation has `size` candidates; slots are numbered from `first_slot`.
    ///
    /// Gives up at the first slot that finds nothing in `attempts`: the later ones would find nothing either.
    pub fn fill(&mut self, size: usize, first_slot: usize, attempts: usize) {
        let space = self.problem.space;
        let origin = if self.generation == 0 { Origin::Initial } else { Origin::Random };
        let mut slot = first_slot;
        while self.accepted.len() < size && self.draw(slot, attempts, |rng| Some((space.sample(rng), origin))) {
            slot += 1;
        }
    }

    fn consider(&self, drawn: Option<(Genome, Origin)>) -> Result<Proposal, Rejection> {
        let (genome, origin) = drawn.ok_or(Rejection::OutsideSpace)?;
        if self.seen.contains(&genome) {
            return Err(Rejection::Repeated);
        }
        let costs = self.problem.costs(&genome)?;
        Ok(Proposal { genome, costs, origin })
    }

    fn reject(&mut self, rejection: Rejection) {
        self.rejections.record(&rejection);
        if let Rejection::OverBudget { cost, limit, found } = rejection {
            let first = SmallestCost { cost: cost.clone(), limit, found };
            let smallest = self.over_budget.entry(cost).or_insert(first);
            smallest.found = smallest.found.min(found);
        }
    }

    /// The error of a search whose first random genomes were all over budget.
    pub fn infeasible<E: std::error::Error>(self) -> SearchError<E> {
        SearchError::Infeasible {
            attempts: self.rejections.over_budget,
            smallest: self.over_budget.into_values().collect(),
        }
    }
}

/// The four numbers fill the seed of the generator exactly, so no two draws of a search share a stream.
fn generator(seed: u64, generation: usize, slot: usize, attempt: usize) -> ChaCha8Rng {
    let mut bytes = [0; 32];
    for (part, number) in bytes.chunks_exact_mut(8).zip([seed, generation as u64, slot as u64, attempt as u64]) {
        part.copy_from_slice(&number.to_le_bytes());
    }
    ChaCha8Rng::from_seed(bytes)
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;

    #[test]
    fn every_draw_has_a_generator_of_its_own() {
        let places = [(1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (0, 0, 0, 0)];
        let first: HashSet<u64> = places.map(|(s, g, i, a)| generator(s, g, i, a).next_u64()).into();
        assert_eq!(first.len(), places.len());
    }
}
