//! Rounding to 256 evenly spaced values, what training for 8 bits computes with (Banner et al., arXiv 1805.11046).

use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

use crate::lanes::extremes;
use crate::mask;

/// Steps from the smallest to the largest value.
const STEPS: f32 = 255.0;
/// The scale is at least this, so that equal values stay what they are.
const SMALLEST_SCALE: f32 = 1e-8;
/// Values of one task.
const CHUNK: usize = 1 << 14;

/// Smallest and largest value.
pub type Range = (f32, f32);

/// 256 values, evenly spaced.
#[derive(Clone, Copy)]
struct Grid {
    low: f32,
    scale: f32,
}

impl Grid {
    fn of((low, high): Range) -> Self {
        Self { low, scale: ((high - low) / STEPS).max(SMALLEST_SCALE) }
    }

    /// Returns the value of the grid at the number of steps that `round` makes of the exact one.
    #[inline(always)]
    fn rounded(self, value: f32, round: impl Fn(f32) -> f32) -> f32 {
        let steps = (value - self.low) / self.scale;
        round(steps.clamp(0.0, STEPS)).clamp(0.0, STEPS) * self.scale + self.low
    }
}

/// Returns the range of each row.
///
/// # Panics
/// If the width is 0.
pub fn row_ranges(values: &[f32], width: usize) -> Vec<Range> {
    let arch = Arch::new();
    values.par_chunks(width).map(|row| arch.dispatch(|| extremes(row))).collect()
}

/// Returns values rounded to the nearest of 256 between those of a range; beyond it, to its ends.
pub fn rounded_within(values: &[f32], range: Range) -> Vec<f32> {
    let (arch, grid) = (Arch::new(), Grid::of(range));
    let mut rounded = vec![0.0; values.len()];
    let chunks = rounded.par_chunks_mut(CHUNK).zip(values.par_chunks(CHUNK));
    chunks.for_each(|(rounded, values)| arch.dispatch(Round { grid, values, rounded }));
    rounded
}

/// Returns values rounded to the nearest of 256 between the smallest and the largest of their row.
///
/// # Panics
/// If the width is 0.
pub fn rounded_rows(values: &[f32], width: usize) -> Vec<f32> {
    let arch = Arch::new();
    let mut rounded = vec![0.0; values.len()];
    let rows = rounded.par_chunks_mut(width).zip(values.par_chunks(width));
    rows.for_each(|(rounded, values)| {
        arch.dispatch(|| Round { grid: Grid::of(extremes(values)), values, rounded }.call());
    });
    rounded
}

/// Returns values rounded up or down to one of 256 between the smallest and the largest, so that the mean over all keys
/// is the value.
pub fn rounded_stochastically(values: &[f32], key: u64) -> Vec<f32> {
    let ranges = row_ranges(values, CHUNK);
    let wider = |(low, high): Range, (other_low, other_high): Range| (low.min(other_low), high.max(other_high));
    let Some(range) = ranges.into_iter().reduce(wider) else { return Vec::new() };
    let (arch, grid) = (Arch::new(), Grid::of(range));
    let mut rounded = vec![0.0; values.len()];
    let chunks = rounded.par_chunks_mut(CHUNK).zip(values.par_chunks(CHUNK)).enumerate();
    chunks.for_each(|(chunk, (rounded, values))| {
        arch.dispatch(RoundStochastically { grid, key, first: chunk * CHUNK, values, rounded });
    });
    rounded
}

struct Round<'a> {
    grid: Grid,
    values: &'a [f32],
    rounded: &'a mut [f32],
}

impl NullaryFnOnce for Round<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { grid, values, rounded } = self;
        let values = rounded.iter_mut().zip(values);
        values.for_each(|(rounded, &value)| *rounded = grid.rounded(value, f32::round_ties_even));
    }
}

struct RoundStochastically<'a> {
    grid: Grid,
    key: u64,
    first: usize,
    values: &'a [f32],
    rounded: &'a mut [f32],
}

impl NullaryFnOnce for RoundStochastically<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { grid, key, first, values, rounded } = self;
        for (at, (rounded, &value)) in rounded.iter_mut().zip(values).enumerate() {
            let noise = mask::uniform(first + at, key);
            *rounded = grid.rounded(value, |steps| (steps + noise).floor());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{values, with_threads};

    #[test]
    fn values_go_to_the_nearest_of_256_and_no_farther_than_the_range() {
        let rounded = rounded_within(&[-1.0, 0.0, 0.4, 0.5, 1.5, 254.6, 255.0, 300.0], (0.0, 255.0));
        // Ties go to the even neighbour.
        assert_eq!(rounded, [0.0, 0.0, 0.0, 0.0, 2.0, 255.0, 255.0, 255.0]);
    }

    #[test]
    fn every_row_has_a_grid_of_its_own() {
        let rounded = rounded_rows(&[0.0, 255.0, 1.4, -510.0, 0.0, -1.4, 3.0, 3.0, 3.0], 3);
        assert_eq!(rounded, [0.0, 255.0, 1.0, -510.0, 0.0, -2.0, 3.0, 3.0, 3.0]);
        assert_eq!(row_ranges(&[1.0, -2.0, 5.0, 7.0], 2), [(-2.0, 1.0), (5.0, 7.0)]);
    }

    #[test]
    fn stochastic_rounding_is_right_on_average_and_exact_at_the_steps() {
        let mut ramp: Vec<f32> = (0..4096).map(|at| if at % 2 == 0 { 10.25 } else { 20.0 }).collect();
        (ramp[0], ramp[1]) = (0.0, 255.0);
        let rounded = rounded_stochastically(&ramp, 17);
        assert_eq!(rounded[..2], [0.0, 255.0]);
        assert!(rounded[3..].iter().step_by(2).all(|&value| value == 20.0));
        let between: Vec<f32> = rounded[2..].iter().step_by(2).copied().collect();
        assert!(between.iter().all(|&value| value == 10.0 || value == 11.0));
        let up = between.iter().filter(|&&value| value == 11.0).count();
        // 2047 draws of probability 1/4 with a standard deviation of 19.6: five of them around the mean.
        assert!((414..=610).contains(&up), "{up} of 2047 up");
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let values = values(3 * CHUNK + 5, 3);
        let [one, three] = with_threads(|| (rounded_stochastically(&values, 3), rounded_within(&values, (-1.0, 1.5))));
        assert_eq!(one, three);
    }
}
