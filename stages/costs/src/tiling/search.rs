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
#[derive(Clone, Copy)]
struct Cost {
    energy: u128,
    latency: u128,
}

/// One split of every loop but the batch's.
struct Loops<'a> {
    array: &'a FiltersInArray,
    filters: &'a Filters,
    channels: &'a Channels,
    rows: &'a Rows,
}

impl Search<'_> {
    /// The largest energy and the largest latency; both fall as more of the batch is held.
    fn worst(&self) -> Cost {
        let mut worst = Cost { energy: 0, latency: 0 };
        self.each_feasible(|loops, _| {
            let cost = self.cost(&loops, self.problem.batch);
            worst.energy = worst.energy.max(cost.energy);
            worst.latency = worst.latency.max(cost.latency);
        });
        worst
    }

    fn best(&self, worst: Cost) -> Tiling {
        let mut best = None;
        self.each_feasible(|loops, largest_batch| {
            let batch = self.batch(&loops, largest_batch);
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

    /// The best share of the batch that fits: the largest, or the first of those that are as good.
    fn batch(&self, loops: &Loops, largest: u64) -> Batch {
        let by_size = &self.splits.batches_by_size;
        let fitting = by_size.partition_point(|batch| batch.n0 <= largest);
        let largest = by_size[fitting - 1];
        if by_size.len() == 1 || loops.rows.energy > 0 {
            return largest;
        }
        let latency = self.cost(loops, largest.n3).latency;
        let as_good = |batch: &&Batch| batch.n0 <= largest.n0 && self.cost(loops, batch.n3).latency == latency;
        self.splits.batches.iter().find(as_good).copied().unwrap_or(largest)
    }

    /// Visits every feasible split with the most of the batch that fits the buffer.
    fn each_feasible(&self, mut visit: impl FnMut(Loops, u64)) {
        let limits = self.limits;
        let columns = self.problem.out_width;
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
                    let weights = array.m0 * row_values;
                    if weights >= limits.weights_below || elements * array.m1 >= limits.elements_below {
                        continue;
                    }
                    for filters in &array.outside {
                        let sums = filters.m2 * array.m1 * array.m0 * rows.e1 * columns;
                        let buffer = inputs + sums;
                        if buffer < limits.buffer_words_below {
                            let largest_batch = (limits.buffer_words_below - 1) / buffer;
                            visit(Loops { array, filters, channels, rows }, largest_batch);
                        }
                    }
                }
            }
        }
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
