use rand::{Rng, RngExt};

use super::{HybridCnn, PathWeighting};
use crate::{Genome, GenomeError, Operator, SearchSpace};

impl HybridCnn {
    /// Returns the first choice index of a level.
    pub(super) fn offset(&self, level: usize) -> usize {
        self.levels[..level].iter().map(|level| level.operators.len()).sum()
    }

    fn choice(&self, level: usize, operator: Operator) -> Option<u16> {
        let at = self.levels[level].operators.iter().position(|&offered| offered == operator)?;
        u16::try_from(self.offset(level) + at).ok()
    }

    fn random_choice(&self, level: usize, rng: &mut dyn Rng) -> u16 {
        let operators = self.levels[level].operators.len();
        (self.offset(level) + rng.random_range(0..operators)) as u16
    }

    /// Returns whether some architecture has its first layer at `level`.
    pub(super) fn may_start_at(&self, level: usize) -> bool {
        self.allocations().iter().any(|allocation| allocation[..level].iter().all(|&layers| layers == 0))
    }

    fn operator_strings(&self, allocation: &[usize]) -> u128 {
        let strings = self.levels.iter().zip(allocation);
        let powers = strings.map(|(level, &layers)| (level.operators.len() as u128).saturating_pow(layers as u32));
        powers.fold(1, u128::saturating_mul)
    }

    fn random_allocation(&self, rng: &mut dyn Rng) -> Vec<usize> {
        let allocations = self.allocations();
        let weight = |allocation: &Vec<usize>| match self.path_weighting {
            PathWeighting::Subnets => self.operator_strings(allocation) as f64,
            PathWeighting::Allocations => 1.0,
        };
        let total: f64 = allocations.iter().map(weight).sum();
        let mut left = rng.random_range(0.0..total);
        for allocation in &allocations {
            left -= weight(allocation);
            if left < 0.0 {
                return allocation.clone();
            }
        }
        allocations.last().cloned().expect("a validated space has an allocation")
    }

    fn levels_of(&self, genome: &Genome) -> Vec<usize> {
        genome.0.iter().map(|&choice| self.decode(choice).0).collect()
    }

    fn allocation_of(&self, genome: &Genome) -> Vec<usize> {
        let mut allocation = vec![0; self.levels.len()];
        for level in self.levels_of(genome) {
            allocation[level] += 1;
        }
        allocation
    }

    fn checked(&self, choices: Vec<u16>) -> Option<Genome> {
        let genome = Genome(choices);
        self.contains(&genome).is_ok().then_some(genome)
    }
}

/// Which parent's level wins a crossover.
#[derive(Clone, Copy)]
enum Winner {
    Coarser,
    Finer,
}

impl SearchSpace for HybridCnn {
    fn size(&self) -> u128 {
        let sizes = self.allocations();
        sizes.iter().map(|allocation| self.operator_strings(allocation)).fold(0, u128::saturating_add)
    }

    fn sample(&self, rng: &mut dyn Rng) -> Genome {
        let allocation = self.random_allocation(rng);
        let levels = allocation.iter().enumerate().flat_map(|(level, &layers)| vec![level; layers]);
        Genome(levels.map(|level| self.random_choice(level, rng)).collect())
    }

    /// Redraws operators within their level; the allocation of layers to levels stays.
    fn mutate(&self, parent: &Genome, probability: f64, rng: &mut dyn Rng) -> Option<Genome> {
        let redraw = |&choice: &u16| match rng.random_bool(probability) {
            true => self.random_choice(self.decode(choice).0, rng),
            false => choice,
        };
        self.checked(parent.0.iter().map(redraw).collect())
    }

    /// Takes, layer by layer, the choice with the coarser level (or, by coin flip for the whole genome, the
    /// finer one), and either parent's where the levels agree.
    fn cross(&self, left: &Genome, right: &Genome, rng: &mut dyn Rng) -> Option<Genome> {
        let winner = if rng.random_bool(0.5) { Winner::Coarser } else { Winner::Finer };
        let mut pick = |(&left, &right): (&u16, &u16)| {
            let (left_level, right_level) = (self.decode(left).0, self.decode(right).0);
            let left_wins = match winner {
                _ if left_level == right_level => rng.random_bool(0.5),
                Winner::Coarser => left_level > right_level,
                Winner::Finer => left_level < right_level,
            };
            if left_wins { left } else { right }
        };
        self.checked(left.0.iter().zip(&right.0).map(&mut pick).collect())
    }

    fn contains(&self, genome: &Genome) -> Result<(), GenomeError> {
        if genome.0.len() != self.layers {
            return Err(GenomeError::Length { wanted: self.layers, found: genome.0.len() });
        }
        let choices = self.offset(self.levels.len());
        if let Some(layer) = genome.0.iter().position(|&choice| usize::from(choice) >= choices) {
            return Err(GenomeError::Choice { layer, choice: genome.0[layer], choices });
        }
        let levels = self.levels_of(genome);
        if let Some(before) = levels.windows(2).position(|pair| pair[1] < pair[0] || pair[1] > pair[0] + 1) {
            return Err(GenomeError::Step { layer: before + 1, from: levels[before], to: levels[before + 1] });
        }
        for (level, found) in self.allocation_of(genome).into_iter().enumerate() {
            let range = self.levels[level].layers;
            if found < range.min || found > range.max {
                return Err(GenomeError::Allocation { level, min: range.min, max: range.max, found });
            }
        }
        Ok(())
    }

    /// One letter per layer (A attention, C conv, S shift, D add), levels separated by `.`, finest first.
    fn format(&self, genome: &Genome) -> String {
        let mut text = String::new();
        let mut level = 0;
        for &choice in &genome.0 {
            let (next, operator) = self.decode(choice);
            (level..next).for_each(|_| text.push('.'));
            level = next;
            text.push(operator.letter());
        }
        (level + 1..self.levels.len()).for_each(|_| text.push('.'));
        text
    }

    fn parse(&self, text: &str) -> Result<Genome, GenomeError> {
        let groups: Vec<&str> = text.trim().split('.').collect();
        if groups.len() != self.levels.len() {
            let (wanted, found) = (self.levels.len(), groups.len());
            return Err(GenomeError::Levels { text: text.to_owned(), wanted, found });
        }
        let letters = groups.iter().enumerate();
        let letters = letters.flat_map(|(level, group)| group.chars().map(move |letter| (level, letter)));
        let choice = |(level, letter): (usize, char)| {
            let operator = Operator::ALL.into_iter().find(|operator| operator.letter() == letter);
            operator.and_then(|operator| self.choice(level, operator)).ok_or_else(|| GenomeError::NotOffered {
                letter,
                level,
                offered: self.levels[level].operators.iter().map(|operator| operator.letter()).collect(),
            })
        };
        let genome = Genome(letters.map(choice).collect::<Result<_, _>>()?);
        self.contains(&genome).map(|()| genome)
    }
}
