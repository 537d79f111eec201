use serde::Serialize;

use crate::{Problem, Tiling};

/// Words that pass one level of memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Words {
    /// Words of inputs.
    pub input: u64,
    /// Words of weights.
    pub weight: u64,
    /// Words of outputs and partial sums.
    pub output: u64,
}

/// How often a problem under a tiling touches its data: exact counts.
///
/// With I = N·H·W·C, K = R·S·C·M and Q = N·E·F·M:
///
/// | level | input | weight | output |
/// |---|---|---|---|
/// | DRAM | M3·I | N3·E3·K | Q |
/// | buffer | M3·M2·I | 0 | max(2·(C2 − 1), 1)·Q |
/// | network | M3·M2·M1·R·E·N·W·C | N3·E·K | max(C2·(C1·R − 1), 1)·Q |
/// | register file | one per tap | one per tap | max(2·C2·C1·R·(C0·S − 1), 1)·Q |
///
/// Of the released model's factors, H cancels in the network's inputs and W in those of the register file, so that all
/// are integers; weights never rest in the buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Accesses {
    /// Taps: N·E·F·M·R·S·C.
    pub macs: u64,
    /// Words from and to DRAM.
    pub dram: Words,
    /// Words from and to the buffer.
    pub buffer: Words,
    /// Words over the network, partial sums from element to element among them.
    pub network: Words,
    /// Words from and to register files.
    pub register_file: Words,
}

impl Accesses {
    /// Returns the counts of a checked problem.
    pub(crate) fn of(problem: &Problem, tiling: &Tiling) -> Self {
        let (inputs, weights, outputs) = (problem.in_words(), problem.weight_words(), problem.out_words());
        let macs = problem.macs();
        Self {
            macs,
            dram: Words { input: tiling.m3 * inputs, weight: tiling.n3 * tiling.e3 * weights, output: outputs },
            buffer: Words {
                input: tiling.m3 * tiling.m2 * inputs,
                weight: 0,
                output: buffer_passes(tiling.c2) * outputs,
            },
            network: Words {
                input: tiling.m3 * tiling.m2 * tiling.m1 * delivered_inputs(problem),
                weight: tiling.n3 * problem.out_height * weights,
                output: network_passes(problem, tiling.c1, tiling.c2) * outputs,
            },
            register_file: Words {
                input: macs,
                weight: macs,
                output: register_passes(problem, tiling.c0, tiling.c1, tiling.c2) * outputs,
            },
        }
    }

    /// Returns the counts of `times` problems; `None` if one exceeds 64 bits.
    pub(crate) fn times(&self, times: u64) -> Option<Self> {
        let words = |words: Words| {
            Some(Words {
                input: words.input.checked_mul(times)?,
                weight: words.weight.checked_mul(times)?,
                output: words.output.checked_mul(times)?,
            })
        };
        Some(Self {
            macs: self.macs.checked_mul(times)?,
            dram: words(self.dram)?,
            buffer: words(self.buffer)?,
            network: words(self.network)?,
            register_file: words(self.register_file)?,
        })
    }
}

impl Words {
    /// Returns the sum.
    pub const fn total(self) -> u64 {
        self.input + self.weight + self.output
    }
}

/// R·E·N·W·C: input words that the network delivers for one filter.
pub(crate) const fn delivered_inputs(problem: &Problem) -> u64 {
    problem.kernel_height * problem.out_height * problem.batch * problem.width * problem.in_channels
}

/// Partial sums are written to the buffer and read again between passes over the input channels.
pub(crate) fn buffer_passes(c2: u64) -> u64 {
    (2 * (c2 - 1)).max(1)
}

/// Partial sums are handed on along the channels and window rows spread over the array.
pub(crate) fn network_passes(problem: &Problem, c1: u64, c2: u64) -> u64 {
    (c2 * (c1 * problem.kernel_height - 1)).max(1)
}

/// Partial sums are read and written for every further tap inside an element.
pub(crate) fn register_passes(problem: &Problem, c0: u64, c1: u64, c2: u64) -> u64 {
    (2 * c2 * c1 * problem.kernel_height * (c0 * problem.kernel_width - 1)).max(1)
}
