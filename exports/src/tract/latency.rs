use std::num::NonZeroUsize;
use std::time::Instant;

use super::Runner;
use crate::RunError;

/// Runs before the measurement: the first makes the plan, the next fill the caches.
const WARM_UP: usize = 3;

/// How long a model takes for one batch, in milliseconds of wall-clock time. Lower is better.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latency {
    /// Pictures per batch.
    pub batch: usize,
    /// Batches measured.
    pub repetitions: usize,
    /// Shortest time.
    pub min_ms: f64,
    /// Time that 5 % of the runs stay below.
    pub p05_ms: f64,
    /// Mean time.
    pub mean_ms: f64,
    /// Time that half of the runs stay below.
    pub median_ms: f64,
    /// Time that 90 % of the runs stay below.
    pub p90_ms: f64,
    /// Time that 95 % of the runs stay below.
    pub p95_ms: f64,
    /// Time that 99 % of the runs stay below.
    pub p99_ms: f64,
}

/// Returns how long `runner` takes for a batch of made-up pictures, after three runs that are not counted.
///
/// # Errors
/// If the model does not run with that batch.
pub fn latency(runner: &mut Runner, batch: NonZeroUsize, repetitions: NonZeroUsize) -> Result<Latency, RunError> {
    warm_latency(runner, WARM_UP, batch, repetitions)
}

/// Returns how long `runner` takes for a batch of made-up pictures, after `warm_up` runs that are not counted.
///
/// # Errors
/// If the model does not run with that batch.
pub fn warm_latency(
    runner: &mut Runner,
    warm_up: usize,
    batch: NonZeroUsize,
    repetitions: NonZeroUsize,
) -> Result<Latency, RunError> {
    let values = batch.get() * runner.summary().input.values();
    let pictures: Vec<f32> = (0..values).map(|at| ((at % 251) as f32 - 125.0) / 125.0).collect();
    for _ in 0..warm_up {
        runner.run(&pictures, batch.get())?;
    }
    let mut times_ms = Vec::with_capacity(repetitions.get());
    for _ in 0..repetitions.get() {
        let start = Instant::now();
        runner.run(&pictures, batch.get())?;
        times_ms.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(quantiles(batch.get(), times_ms))
}

/// Returns the summary of at least one time.
fn quantiles(batch: usize, mut times_ms: Vec<f64>) -> Latency {
    times_ms.sort_by(f64::total_cmp);
    let last = times_ms.len() - 1;
    let at = |part: f64| times_ms[(part * last as f64).round() as usize];
    Latency {
        batch,
        repetitions: times_ms.len(),
        min_ms: times_ms[0],
        p05_ms: at(0.05),
        mean_ms: times_ms.iter().sum::<f64>() / times_ms.len() as f64,
        median_ms: at(0.5),
        p90_ms: at(0.9),
        p95_ms: at(0.95),
        p99_ms: at(0.99),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_taken_from_the_sorted_times() {
        let times = (0..=100).rev().map(f64::from).collect();
        let found = quantiles(2, times);
        assert_eq!((found.batch, found.repetitions), (2, 101));
        let parts = [found.min_ms, found.p05_ms, found.median_ms, found.p90_ms, found.p95_ms, found.p99_ms];
        assert_eq!((parts, found.mean_ms), ([0.0, 5.0, 50.0, 90.0, 95.0, 99.0], 50.0));
        assert_eq!(quantiles(1, vec![7.0]).p95_ms, 7.0);
    }
}
