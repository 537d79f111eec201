use serde::Serialize;

use crate::Problem;
use crate::hardware::Limits;

mod factors;
mod search;

pub(crate) use search::best_tiling;

/// How the loops of a problem are split: every extent is the product of its factors.
///
/// The figure says where a factor is run through: 0 inside a processing element, 1 across the array, 2 in passes from
/// the buffer, 3 in passes from DRAM. So M = M0 · M1 · M2 · M3, C = C0 · C1 · C2, N = N0 · N3, E = E1 · E3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Tiling {
    /// N0: elements of the batch in the buffer.
    pub n0: u64,
    /// N3: batches from DRAM.
    pub n3: u64,
    /// M0: filters in an element.
    pub m0: u64,
    /// M1: filters across the array.
    pub m1: u64,
    /// M2: passes over the filters from the buffer.
    pub m2: u64,
    /// M3: passes over the filters from DRAM.
    pub m3: u64,
    /// C0: input channels in an element.
    pub c0: u64,
    /// C1: input channels across the array.
    pub c1: u64,
    /// C2: passes over the input channels from the buffer.
    pub c2: u64,
    /// E1: output rows across the array.
    pub e1: u64,
    /// E3: strips of output rows from DRAM.
    pub e3: u64,
}

/// A capacity of the array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capacity {
    /// C0 · S: values of a row in an element.
    RowValues,
    /// M0 · C0 · S: weights in an element.
    Weights,
    /// M1 · C1 · E1 · R: processing elements.
    Elements,
    /// Words of inputs and partial sums in the buffer.
    BufferWords,
}

impl Tiling {
    /// Returns what the tiling needs of each capacity and the exclusive limit, in the order of [`Capacity`].
    pub(crate) fn needs(&self, problem: &Problem, limits: &Limits) -> [(Capacity, u64, u64); 4] {
        let strip = strip_words(problem, self.e1);
        let inputs = strip.saturating_mul(self.c1 * self.c0);
        let sums = (self.m2 * self.m1 * self.m0).saturating_mul(self.e1 * problem.out_width);
        let row = self.c0 * problem.kernel_width;
        let elements = (self.m1 * self.c1).saturating_mul(self.e1 * problem.kernel_height);
        [
            (Capacity::RowValues, row, limits.row_values_below),
            (Capacity::Weights, row.saturating_mul(self.m0), limits.weights_below),
            (Capacity::Elements, elements, limits.elements_below),
            (Capacity::BufferWords, inputs.saturating_add(sums).saturating_mul(self.n0), limits.buffer_words_below),
        ]
    }

    /// Returns the cycles: all factors but those across the array, and the rows of the map and the window.
    pub(crate) const fn cycles(&self, problem: &Problem) -> u64 {
        let batch_and_rows = self.n3 * self.n0 * self.e3 * problem.out_width * problem.kernel_width;
        batch_and_rows * self.m3 * self.m2 * self.m0 * self.c2 * self.c0
    }
}

/// Input words of one channel that `e1` output rows read.
pub(crate) fn strip_words(problem: &Problem, e1: u64) -> u64 {
    let rows = (e1 - 1) * problem.stride + problem.kernel_height;
    let columns = (problem.out_width - 1) * problem.stride + problem.kernel_width;
    rows.saturating_mul(columns)
}
