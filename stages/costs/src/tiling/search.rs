//! The exhaustive search, pruned: energy is a sum over the loops and every capacity grows with every factor.

use super::factors::smallest_prime;
use super::{Tiling, strip_words};
use crate::hardware::{BitWidth, Limits, SingleRows};
use crate::{AcceleratorError, Hardware, Problem};

mod splits;

use splits::{Batch, Channels, Filters, FiltersInArray, Rows, Splits};

/// Returns the tiling that minimises (E − Emin)/Emax + (L − Lmin)/Lmax over all feasible ones, E energy and L latency.
///
/// The least of a sum does not depend on what is subtracted, so that E·Lmax + L·Emax is compared, in integers. Of
/// equal ones the first wins, with loops over N, M, C and E from outside in and the factors in the released order.
///
/// # Errors
/// [`AcceleratorError::NoTiling`] if nothing is feasible, [`AcceleratorError::Extent`] and
/// [`AcceleratorError::TooLarge`] if the problem is not searched.
pub(crate) fn best_tiling(problem: &Problem, hardware: &Hardware, bits: BitWidth) -> Result<Tiling, AcceleratorError> {
    problem.check()?;
    let limits = &hardware.width(bits).limits;
    let single_rows = problem.out_height == 1 || hardware.assumptions().single_rows == SingleRows::Allowed;
    check_feasible(problem, limits, single_rows)?;
    let search = Search { problem, limits, splits: Splits::of(problem, hardware, bits, single_rows) };
    let worst = search.worst();
    if worst.energy.checked_mul(worst.latency).is_none_or(|product| product > u128::MAX / 2) {
        return Err(AcceleratorError::TooLarge { problem: *problem });
    }
    Ok(search.best(worst))
}

/// The tiling with the least factors needs least of every capacity: if it does not fit, none does.
fn check_feasible(problem: &Problem, limits: &Limits, single_rows: bool) -> Result<(), AcceleratorError> {
    let e1 = if single_rows { 1 } else { smallest_prime(problem.out_height) };
    let least = Tiling {
        n0: 1,
        n3: problem.batch,
        m0: 1,
        m1: 1,
        m2: 1,
        m3: problem.out_channels,
        c0: 1,
        c1: 1,
        c2: problem.in_channels,
        e1,
        e3: problem.out_height / e1,
    };
    for (capacity, needed, limit) in least.needs(problem, limits) {
        if needed >= limit {
            return Err(AcceleratorError::NoTiling { capacity, needed, limit, problem: *problem });
        }
    }
    Ok(())
}

struct Search<'a> {
    problem: &'a Problem,
    limits: &'a Limits,
    splits: Splits,
}

/// Energy and latency in the units of `Prices` and `Clock`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Cost {
    energy: u128,
    latency: u128,
}

/// One split of every loop but the batch's, M2 and M3 open.
struct Block<'a> {
    array: &'a FiltersInArray,
    channels: &'a Channels,
    rows: &'a Rows,
    /// Words of inputs in the buffer, per N0.
    inputs: u64,
    /// Words of partial sums in the buffer, per N0 and M2.
    sums: u64,
}

/// One split of every loop but the batch's.
struct Loops<'a> {
    array: &'a FiltersInArray,
    filters: &'a Filters,
    channels: &'a Channels,
    rows: &'a Rows,
}

impl Search<'_> {
    /// The largest energy and the largest latency; both fall as the buffer holds more of the batch and the filters.
    fn worst(&self) -> Cost {
        let mut worst = Cost { energy: 0, latency: 0 };
        self.each_block(|block| {
            let least = &block.array.outside[block.array.by_size[0]];
            let cost = self.cost(&block.with(least), self.problem.batch);
            worst.energy = worst.energy.max(cost.energy);
            worst.latency = worst.latency.max(cost.latency);
        });
        worst
    }

    fn best(&self, worst: Cost) -> Tiling {
        let mut best = None;
        self.each_candidate(|loops, batch| {
            let cost = self.cost(&loops, batch.n3);
            let score = cost.energy * worst.latency + cost.latency * worst.energy;
            let rank = (batch.rank, loops.filters.rank, loops.channels.rank, loops.rows.rank);
            if best.is_none_or(|(least, first, _)| (score, rank) < (least, first)) {
                best = Some((score, rank, tiling(&loops, batch)));
            }
        });
        best.expect("the least tiling is feasible").2
    }

    fn cost(&self, loops: &Loops, n3: u64) -> Cost {
        let splits = &self.splits;
        let n3 = u128::from(n3);
        let energy = splits.energy + loops.filters.energy + loops.channels.energy + n3 * loops.rows.energy;
        let computing = splits.cycle * u128::from(loops.array.m_cycles * loops.channels.c_cycles * loops.rows.e3);
        let dram = splits.out_time + loops.filters.dram_time + n3 * loops.rows.dram_time;
        Cost { energy, latency: computing.max(dram) }
    }

    /// Visits splits of all loops, the best among them: of a batch of one with the best M2, else of every M2 with the
    /// best N0, since both compete for the buffer.
    fn each_candidate(&self, mut visit: impl FnMut(Loops, Batch)) {
        let words = self.limits.buffer_words_below - 1;
        self.each_block(|block| {
            if let [batch] = self.splits.batches[..] {
                visit(block.with(self.filters(&block, (words - block.inputs) / block.sums)), batch);
                return;
            }
            for filters in &block.array.outside {
                let buffer = block.inputs + filters.m2 * block.sums;
                if buffer <= words {
                    let loops = block.with(filters);
                    let batch = self.batch(&loops, words / buffer);
                    visit(loops, batch);
                }
            }
        });
    }

    /// The best M2 that fits: the largest, or the first of those that are as good.
    fn filters<'a>(&self, block: &Block<'a>, largest: u64) -> &'a Filters {
        let Block { array, .. } = *block;
        let fitting = array.by_size.partition_point(|&index| array.outside[index].m2 <= largest);
        let largest = &array.outside[array.by_size[fitting - 1]];
        let cost = self.cost(&block.with(largest), self.problem.batch);
        let as_good = |filters: &&Filters| {
            filters.m2 <= largest.m2 && self.cost(&block.with(filters), self.problem.batch) == cost
        };
        if self.splits.free_dram { array.outside.iter().find(as_good).unwrap_or(largest) } else { largest }
    }

    /// The best share of the batch that fits: the largest, or the first of those that are as good.
    fn batch(&self, loops: &Loops, largest: u64) -> Batch {
        let by_size = &self.splits.batches_by_size;
        let fitting = by_size.partition_point(|batch| batch.n0 <= largest);
        let largest = by_size[fitting - 1];
        if loops.rows.energy > 0 {
            return largest;
        }
        let cost = self.cost(loops, largest.n3);
        let as_good = |batch: &&Batch| batch.n0 <= largest.n0 && self.cost(loops, batch.n3) == cost;
        self.splits.batches.iter().find(as_good).copied().unwrap_or(largest)
    }

    /// Visits what is feasible with the least of the batch and of M2 in the buffer.
    fn each_block(&self, mut visit: impl FnMut(Block)) {
        let limits = self.limits;
        for rows in &self.splits.rows {
            let strip = strip_words(self.problem, rows.e1);
            for channels in &self.splits.channels {
                let elements = channels.c1 * rows.e1 * self.problem.kernel_height;
                let inputs = strip.saturating_mul(channels.c1 * channels.c0);
                if elements >= limits.elements_below || inputs >= limits.buffer_words_below {
                    continue;
                }
                let row_values = channels.c0 * self.problem.kernel_width;
                for array in &self.splits.filters {
                    let sums = array.m1 * array.m0 * rows.e1 * self.problem.out_width;
                    if array.m0 * row_values < limits.weights_below
                        && elements * array.m1 < limits.elements_below
                        && inputs + sums < limits.buffer_words_below
                    {
                        visit(Block { array, channels, rows, inputs, sums });
                    }
                }
            }
        }
    }
}

impl<'a> Block<'a> {
    const fn with(&self, filters: &'a Filters) -> Loops<'a> {
        Loops { array: self.array, filters, channels: self.channels, rows: self.rows }
    }
}

const fn tiling(loops: &Loops, batch: Batch) -> Tiling {
    Tiling {
        n0: batch.n0,
        n3: batch.n3,
        m0: loops.array.m0,
        m1: loops.array.m1,
        m2: loops.filters.m2,
        m3: loops.filters.m3,
        c0: loops.channels.c0,
        c1: loops.channels.c1,
        c2: loops.channels.c2,
        e1: loops.rows.e1,
        e3: loops.rows.e3,
    }
}

#[cfg(test)]
mod tests;
