//! Benchmarks: ours and a reference side by side in one run, and a goal where there is one.
//!
//! The nouns: a [`BenchRow`] is one comparison; a [`Bench`] times and collects them; [`Memory`] tells what an
//! allocator knows.

use std::time::Instant;

use engine::{Artifact, ArtifactError, FolderWriter, Publish, Table};
use serde::Serialize;

pub mod costs;
pub mod operators;
mod python;
mod pytorch;
pub mod text;
pub mod translate;

pub use python::{Python, PythonError};

/// One comparison.
#[derive(Clone, Debug, Serialize)]
pub struct BenchRow {
    /// Which benchmark.
    pub bench: &'static str,
    /// What is computed.
    pub case: String,
    /// Threads both sides may use.
    pub threads: usize,
    /// Median of ours, milliseconds.
    pub ours_ms: f64,
    /// What it is compared with.
    pub reference: String,
    /// Median of the reference, milliseconds.
    pub reference_ms: f64,
    /// reference_ms / ours_ms: higher is better.
    pub ratio: f64,
    /// Smallest ratio that is good enough.
    pub goal: Option<f64>,
    /// Whether it is reached.
    pub met: Option<bool>,
    /// Billions of multiply-adds, or of differences, per second of ours.
    #[serde(skip)]
    pub giga_ops: f64,
    /// Most memory ours held beyond what it was given, MiB.
    #[serde(skip)]
    pub peak_mib: f64,
}

/// What an allocator knows.
pub trait Memory {
    /// Forgets the peak and returns the bytes in use.
    fn restart(&self) -> usize;

    /// Returns the most bytes in use since the last restart.
    fn peak(&self) -> usize;
}

/// Rows of one benchmark, measured in one process.
pub struct Bench<'a> {
    name: &'static str,
    repetitions: usize,
    memory: &'a (dyn Memory + Sync),
    progress: &'a mut (dyn FnMut(&BenchRow) + Send),
    rows: Vec<BenchRow>,
}

/// What one comparison is called and wants.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// What is computed.
    pub case: &'a str,
    /// What it is compared with.
    pub reference: &'a str,
    /// Threads.
    pub threads: usize,
    /// Multiply-adds, or differences.
    pub ops: usize,
    /// Smallest good ratio.
    pub goal: Option<f64>,
}

impl<'a> Bench<'a> {
    /// Returns a benchmark without rows; `progress` hears each row as it is known.
    pub fn new(
        name: &'static str,
        repetitions: usize,
        memory: &'a (dyn Memory + Sync),
        progress: &'a mut (dyn FnMut(&BenchRow) + Send),
    ) -> Self {
        Self { name, repetitions: repetitions.max(1), memory, progress, rows: Vec::new() }
    }

    /// Times both sides in turn and keeps their medians.
    pub fn compare(&mut self, case: Case<'_>, mut ours: impl FnMut(), mut reference: impl FnMut()) {
        reference();
        let peak = self.peak(&mut ours);
        let times: Vec<(f64, f64)> =
            (0..self.repetitions).map(|_| (milliseconds(&mut ours), milliseconds(&mut reference))).collect();
        let (ours, reference) = times.into_iter().unzip();
        self.push(case, median(ours), median(reference), peak);
    }

    /// Returns the median time of a reference, milliseconds.
    pub fn time(&mut self, mut reference: impl FnMut()) -> f64 {
        reference();
        median((0..self.repetitions).map(|_| milliseconds(&mut reference)).collect())
    }

    /// Times ours against a reference that was timed elsewhere.
    pub fn compare_with(&mut self, case: Case<'_>, mut ours: impl FnMut(), reference_ms: f64) {
        let peak = self.peak(&mut ours);
        let times = (0..self.repetitions).map(|_| milliseconds(&mut ours)).collect();
        self.push(case, median(times), reference_ms, peak);
    }

    /// Returns the rows.
    pub fn finish(self) -> Vec<BenchRow> {
        self.rows
    }

    fn peak(&self, ours: &mut impl FnMut()) -> usize {
        let before = self.memory.restart();
        ours();
        self.memory.peak().saturating_sub(before)
    }

    fn push(&mut self, case: Case<'_>, ours_ms: f64, reference_ms: f64, peak: usize) {
        let ratio = reference_ms / ours_ms;
        let row = BenchRow {
            bench: self.name,
            case: case.case.to_owned(),
            threads: case.threads,
            ours_ms,
            reference: case.reference.to_owned(),
            reference_ms,
            ratio,
            goal: case.goal,
            met: case.goal.map(|goal| ratio >= goal),
            giga_ops: case.ops as f64 / ours_ms / 1e6,
            peak_mib: peak as f64 / f64::from(1 << 20),
        };
        (self.progress)(&row);
        self.rows.push(row);
    }
}

fn milliseconds(run: &mut impl FnMut()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64() * 1e3
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Rows to keep.
#[derive(Clone, Debug)]
pub struct Benchmark {
    /// The rows.
    pub rows: Vec<BenchRow>,
}

impl Artifact for Benchmark {
    const FORMAT: &'static str = "benchmark";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Times of our operators beside those of references, measured in one run";
}

impl Publish for Benchmark {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        let texts = |text: fn(&BenchRow) -> &str| self.rows.iter().map(|row| text(row).to_owned()).collect::<Vec<_>>();
        let numbers = |number: fn(&BenchRow) -> f64| self.rows.iter().map(number).collect::<Vec<_>>();
        let table = Table::new()
            .with("bench", texts(|row| row.bench))
            .with("case", texts(|row| &row.case))
            .with("threads", self.rows.iter().map(|row| row.threads as u64).collect())
            .with("ours_ms", numbers(|row| row.ours_ms))
            .with("reference", texts(|row| &row.reference))
            .with("reference_ms", numbers(|row| row.reference_ms))
            .with("ratio", numbers(|row| row.ratio))
            .with("goal", self.rows.iter().map(|row| row.goal).collect::<Vec<_>>())
            .with("met", self.rows.iter().map(|row| row.met).collect::<Vec<_>>())
            .with("giga_ops_per_second", numbers(|row| row.giga_ops))
            .with("peak_mib", numbers(|row| row.peak_mib));
        folder.write_table("rows", &table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Unknown;

    impl Memory for Unknown {
        fn restart(&self) -> usize {
            0
        }

        fn peak(&self) -> usize {
            3 << 20
        }
    }

    #[test]
    fn a_row_tells_whether_its_goal_is_met() {
        let mut heard = 0;
        let mut progress = |_: &BenchRow| heard += 1;
        let mut bench = Bench::new("test", 3, &Unknown, &mut progress);
        let case = Case { case: "sum", reference: "eternity", threads: 1, ops: 1, goal: Some(2.0) };
        bench.compare_with(case, || (), f64::INFINITY);
        bench.compare_with(Case { goal: None, ..case }, || (), 0.0);
        let rows = bench.finish();
        assert_eq!(rows.iter().map(|row| row.met).collect::<Vec<_>>(), [Some(true), None]);
        assert_eq!((rows[0].peak_mib, rows[1].ratio), (3.0, 0.0));
        assert_eq!(heard, 2);
    }

    #[test]
    fn the_median_is_the_middle_one() {
        assert_eq!(median(vec![9.0, 1.0, 2.0]), 2.0);
    }
}
