//! The splits of each loop that fit alone, each with its share of energy and time.

use crate::access::{buffer_passes, delivered_inputs, network_passes, register_passes};
use crate::clock::Clock;
use crate::energy::Prices;
use crate::hardware::{BitWidth, Limits};
use crate::tiling::factors::{divisors, pairs};
use crate::{Hardware, Problem};

/// All splits of a problem's loops, and what does not depend on them.
pub(super) struct Splits {
    pub batches: Vec<Batch>,
    pub batches_by_size: Vec<Batch>,
    pub filters: Vec<FiltersInArray>,
    pub channels: Vec<Channels>,
    pub rows: Vec<Rows>,
    /// Arithmetic, outputs to DRAM, inputs and weights in register files.
    pub energy: u128,
    /// Time of one cycle for all of the batch and of the rows of map and window.
    pub cycle: u128,
    /// Time of the outputs on the bus.
    pub out_time: u128,
    /// Whether words from DRAM cost no energy.
    pub free_dram: bool,
}

/// N = N0 · N3.
#[derive(Clone, Copy)]
pub(super) struct Batch {
    pub n0: u64,
    pub n3: u64,
    pub rank: u32,
}

/// M0 and M1 with every M2 and M3.
pub(super) struct FiltersInArray {
    pub m0: u64,
    pub m1: u64,
    /// M0 · M2 · M3.
    pub m_cycles: u64,
    /// In the released order.
    pub outside: Vec<Filters>,
    /// Indices of `outside` by M2 from 1.
    pub by_size: Vec<usize>,
}

/// M2 and M3.
pub(super) struct Filters {
    pub m2: u64,
    pub m3: u64,
    pub rank: u32,
    /// Inputs from DRAM, buffer and network.
    pub energy: u128,
    /// Inputs on the bus.
    pub dram_time: u128,
}

/// C = C0 · C1 · C2.
pub(super) struct Channels {
    pub c0: u64,
    pub c1: u64,
    pub c2: u64,
    /// C0 · C2.
    pub c_cycles: u64,
    pub rank: u32,
    /// Partial sums.
    pub energy: u128,
}

/// E = E1 · E3.
pub(super) struct Rows {
    pub e1: u64,
    pub e3: u64,
    pub rank: u32,
    /// Weights from DRAM and network, per N3.
    pub energy: u128,
    /// Weights on the bus, per N3.
    pub dram_time: u128,
}

/// What the splits are made of.
struct Parts<'a> {
    problem: &'a Problem,
    limits: &'a Limits,
    prices: Prices,
    clock: Clock,
}

impl Splits {
    pub fn of(problem: &Problem, hardware: &Hardware, bits: BitWidth, single_rows: bool) -> Self {
        let prices = Prices::of(hardware, bits, problem.class);
        let clock = Clock::of(hardware, bits, problem);
        let parts = Parts { problem, limits: &hardware.width(bits).limits, prices, clock };
        let per_tap = prices.operation + prices.register + prices.register_weight;
        let out_words = u128::from(problem.out_words());
        let batches = parts.batches();
        let mut batches_by_size = batches.clone();
        batches_by_size.sort_by_key(|batch| batch.n0);
        Self {
            batches,
            batches_by_size,
            filters: parts.filters(),
            channels: parts.channels(),
            rows: parts.rows(single_rows),
            energy: per_tap * u128::from(problem.macs()) + prices.dram * out_words,
            cycle: clock.cycle * u128::from(problem.batch * problem.out_width * problem.kernel_width),
            out_time: clock.dram_word * out_words,
            free_dram: prices.dram == 0,
        }
    }
}

impl Parts<'_> {
    fn batches(&self) -> Vec<Batch> {
        let pairs = pairs(self.problem.batch).zip(0..);
        pairs.map(|((n0, n3), rank)| Batch { n0, n3, rank }).collect()
    }

    fn filters(&self) -> Vec<FiltersInArray> {
        let mut rank = 0;
        let mut filters = Vec::new();
        for (m0, rest) in pairs(self.problem.out_channels) {
            let fits = m0 <= self.limits.filters_at_most && m0 < self.limits.weights_below;
            for m1 in divisors(rest) {
                let outside: Vec<_> = pairs(rest / m1).zip(rank..).collect();
                rank += outside.len() as u32;
                if fits && m1 < self.limits.elements_below {
                    let m_cycles = m0 * (rest / m1);
                    let outside: Vec<_> =
                        outside.into_iter().map(|((m2, m3), rank)| self.filter(m1, m2, m3, rank)).collect();
                    let mut by_size: Vec<usize> = (0..outside.len()).collect();
                    by_size.sort_by_key(|&index| outside[index].m2);
                    filters.push(FiltersInArray { m0, m1, m_cycles, outside, by_size });
                }
            }
        }
        filters
    }

    fn filter(&self, m1: u64, m2: u64, m3: u64, rank: u32) -> Filters {
        let in_words = u128::from(self.problem.in_words());
        let from_dram = u128::from(m3) * in_words;
        let from_buffer = u128::from(m3 * m2) * in_words;
        let delivered = u128::from(m3 * m2 * m1) * u128::from(delivered_inputs(self.problem));
        let Prices { dram, buffer, network, .. } = self.prices;
        let energy = dram * from_dram + buffer * from_buffer + network * delivered;
        Filters { m2, m3, rank, energy, dram_time: self.clock.dram_word * from_dram }
    }

    fn channels(&self) -> Vec<Channels> {
        let mut rank = 0;
        let mut channels = Vec::new();
        for (c0, rest) in pairs(self.problem.in_channels) {
            let fits = c0.saturating_mul(self.problem.kernel_width) < self.limits.row_values_below;
            for (c1, c2) in pairs(rest) {
                if fits && c1.saturating_mul(self.problem.kernel_height) < self.limits.elements_below {
                    let energy = self.partial_sums(c0, c1, c2);
                    channels.push(Channels { c0, c1, c2, c_cycles: c0 * c2, rank, energy });
                }
                rank += 1;
            }
        }
        channels
    }

    fn partial_sums(&self, c0: u64, c1: u64, c2: u64) -> u128 {
        let Prices { buffer, partial_sum, register, .. } = self.prices;
        let per_output = buffer * u128::from(buffer_passes(c2))
            + partial_sum * u128::from(network_passes(self.problem, c1, c2))
            + register * u128::from(register_passes(self.problem, c0, c1, c2));
        per_output * u128::from(self.problem.out_words())
    }

    fn rows(&self, single_rows: bool) -> Vec<Rows> {
        let weights = u128::from(self.problem.weight_words());
        let delivered = u128::from(self.problem.out_height) * weights;
        let row = |((e1, e3), rank): ((u64, u64), u32)| {
            let from_dram = u128::from(e3) * weights;
            let energy = self.prices.dram * from_dram + self.prices.network * delivered;
            Rows { e1, e3, rank, energy, dram_time: self.clock.dram_word * from_dram }
        };
        let fits = |((e1, _), _): &((u64, u64), u32)| {
            (*e1 != 1 || single_rows) && e1.saturating_mul(self.problem.kernel_height) < self.limits.elements_below
        };
        pairs(self.problem.out_height).zip(0..).filter(fits).map(row).collect()
    }
}
