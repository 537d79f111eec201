//! Label-smoothed cross entropy of rows of logits.

use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

use crate::lanes::{exp, largest, sum_of};
use crate::product::{Former, Matrix, MatrixMut, Workers};

/// What the loss of one row is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// ln Σ e^logit.
    pub log_sum: f32,
    /// Logit of the target.
    pub logit: f32,
    /// Mean of the logits.
    pub mean: f32,
    /// Largest logit.
    pub largest: f32,
}

impl From<[f32; 4]> for Row {
    fn from([log_sum, logit, mean, largest]: [f32; 4]) -> Self {
        Self { log_sum, logit, mean, largest }
    }
}

impl From<Row> for [f32; 4] {
    fn from(Row { log_sum, logit, mean, largest }: Row) -> Self {
        [log_sum, logit, mean, largest]
    }
}

impl Row {
    /// Returns (1 − ε) · (−ln p_target) + ε / V · Σ_v (−ln p_v).
    pub fn loss(&self, smoothing: f64) -> f64 {
        f64::from(self.log_sum) - (1.0 - smoothing) * f64::from(self.logit) - smoothing * f64::from(self.mean)
    }

    /// Returns −ln p_target.
    pub fn nll(&self) -> f64 {
        f64::from(self.log_sum) - f64::from(self.logit)
    }

    /// Returns whether no logit is above the target's.
    pub fn is_right(&self) -> bool {
        self.logit == self.largest
    }
}

/// Returns what the losses of `[N, V]` logits are made of.
///
/// # Panics
/// If the logits are no rows for the targets, or a target is not below V.
pub fn rows(logits: &[f32], targets: &[u32]) -> Vec<Row> {
    let classes = classes(logits.len(), targets.len());
    let arch = Arch::new();
    let rows = logits.par_chunks(classes).zip(targets);
    rows.map(|(logits, &target)| arch.dispatch(Measure { logits, target })).collect()
}

/// Turns `[N, V]` logits into `scale` times the gradient of the rows' summed losses: p − (1 − ε) · 1_target − ε / V.
///
/// # Panics
/// If the logits are no rows for these targets and what was measured of them.
pub fn gradient(logits: &mut [f32], rows: &[(u32, Row)], smoothing: f64, scale: f32) {
    let classes = classes(logits.len(), rows.len());
    let arch = Arch::new();
    let share = (smoothing / classes as f64) as f32;
    logits.par_chunks_mut(classes).zip(rows).for_each(|(logits, (target, row))| {
        arch.dispatch(Slope { logits, log_sum: row.log_sum, share, scale });
        logits[*target as usize] -= (1.0 - smoothing) as f32 * scale;
    });
}

/// Rows whose logits are in memory together.
const ROWS: usize = 256;

/// What the losses of projected rows are made of, and the gradients of their sum.
#[derive(Clone, Debug, PartialEq)]
pub struct Projected {
    /// What the losses are made of.
    pub rows: Vec<Row>,
    /// Gradient of the values, `[N, C]`.
    pub of_values: Vec<f32>,
    /// Gradient of the weight, `[V, C]`.
    pub of_weight: Vec<f32>,
}

/// Returns what the losses of the logits x Wᵀ are made of, `[N, C]` values x and `[V, C]` weights W.
///
/// # Panics
/// If there is not one target for each row, or one is not below V.
pub fn projected_rows(values: Matrix<'_>, weight: Matrix<'_>, targets: &[u32]) -> Vec<Row> {
    let mut found = Vec::with_capacity(targets.len());
    each_part(values, targets, |values, targets| {
        found.extend(rows(&values.times(weight.turned(), Workers::Pool), targets));
    });
    found
}

/// As [`projected_rows`], with the gradients of the summed losses. No more than 256 rows of logits are ever in memory.
///
/// # Panics
/// If there is not one target for each row, or one is not below V.
pub fn projected(values: Matrix<'_>, weight: Matrix<'_>, targets: &[u32], smoothing: f64) -> Projected {
    let [classes, width] = weight.sizes();
    let mut of_weight = vec![0.0; classes * width];
    let mut found = Projected { rows: Vec::new(), of_values: Vec::new(), of_weight: Vec::new() };
    each_part(values, targets, |values, targets| {
        let mut slopes = values.times(weight.turned(), Workers::Pool);
        let measured = rows(&slopes, targets);
        let pairs: Vec<(u32, Row)> = targets.iter().copied().zip(measured.iter().copied()).collect();
        gradient(&mut slopes, &pairs, smoothing, 1.0);
        let slopes = Matrix::dense(&slopes, targets.len(), classes);
        found.rows.extend(measured);
        found.of_values.extend(slopes.times(weight, Workers::Pool));
        let mut sum = MatrixMut::new(&mut of_weight, [classes, width], width);
        sum.multiply(slopes.turned(), values, 1.0, Former::Kept, Workers::Pool);
    });
    Projected { of_weight, ..found }
}

fn each_part<'a>(values: Matrix<'a>, targets: &'a [u32], mut function: impl FnMut(Matrix<'a>, &'a [u32])) {
    assert_eq!(values.sizes()[0], targets.len(), "a target for every row");
    for (part, targets) in targets.chunks(ROWS).enumerate() {
        function(values.rows(part * ROWS, targets.len()), targets);
    }
}

fn classes(logits: usize, rows: usize) -> usize {
    let classes = logits.checked_div(rows).unwrap_or(0);
    assert_eq!(classes * rows, logits, "{rows} rows of equal length");
    classes.max(1)
}

struct Measure<'a> {
    logits: &'a [f32],
    target: u32,
}

impl NullaryFnOnce for Measure<'_> {
    type Output = Row;

    #[inline(always)]
    fn call(self) -> Row {
        let Self { logits, target } = self;
        let most = largest(logits);
        let sum = sum_of(logits, |logit| exp(logit - most));
        let mean = sum_of(logits, |logit| logit) / logits.len() as f32;
        Row { log_sum: most + sum.ln(), logit: logits[target as usize], mean, largest: most }
    }
}

struct Slope<'a> {
    logits: &'a mut [f32],
    log_sum: f32,
    share: f32,
    scale: f32,
}

impl NullaryFnOnce for Slope<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { logits, log_sum, share, scale } = self;
        logits.iter_mut().for_each(|logit| *logit = (exp(*logit - log_sum) - share) * scale);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::samples::{values, with_threads};

    /// Returns loss, nll and gradient of one row in double precision.
    fn reference(logits: &[f32], target: usize, smoothing: f64) -> (f64, f64, Vec<f64>) {
        let logits: Vec<f64> = logits.iter().map(|&logit| f64::from(logit)).collect();
        let log_sum = logits.iter().map(|logit| logit.exp()).sum::<f64>().ln();
        let nll = log_sum - logits[target];
        let share = smoothing / logits.len() as f64;
        let smooth: f64 = logits.iter().map(|logit| share * (log_sum - logit)).sum();
        let slope = |(at, logit): (usize, &f64)| {
            let hit = if at == target { 1.0 - smoothing } else { 0.0 };
            (logit - log_sum).exp() - hit - share
        };
        let gradient = logits.iter().enumerate().map(slope).collect();
        ((1.0 - smoothing) * nll + smooth, nll, gradient)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn losses_and_gradients_are_those_of_the_plain_loop(
            (classes, logits, targets) in (1..70_usize, 1..5_usize).prop_flat_map(|(classes, rows)| (
                Just(classes),
                prop::collection::vec(-20.0..20.0_f32, classes * rows),
                prop::collection::vec(0..classes as u32, rows),
            )),
            smoothing in 0.0..0.5_f64,
        ) {
            let measured = rows(&logits, &targets);
            let mut slopes = logits.clone();
            let pairs: Vec<_> = targets.iter().copied().zip(measured.iter().copied()).collect();
            gradient(&mut slopes, &pairs, smoothing, 2.0);
            for (at, row) in measured.iter().enumerate() {
                let logits = &logits[at * classes..][..classes];
                let (loss, nll, gradient) = reference(logits, targets[at] as usize, smoothing);
                // Logarithms of sums of up to 70 single-precision terms next to logits of up to 20.
                prop_assert!((row.loss(smoothing) - loss).abs() < 2e-5, "{} for {loss}", row.loss(smoothing));
                prop_assert!((row.nll() - nll).abs() < 2e-5, "{} for {nll}", row.nll());
                prop_assert_eq!(row.is_right(), logits.iter().all(|&other| other <= logits[targets[at] as usize]));
                for (found, wanted) in slopes[at * classes..].iter().zip(gradient) {
                    prop_assert!((f64::from(*found) - 2.0 * wanted).abs() < 1e-5, "{found} for {wanted}");
                }
            }
        }
    }

    /// More rows than are in memory together, against all logits at once.
    #[test]
    fn projected_rows_and_gradients_are_those_of_all_logits_at_once() {
        let (count, classes, width) = (2 * ROWS + 7, 11, 5);
        let (x, w) = (values(count * width, 1), values(classes * width, 2));
        let targets: Vec<u32> = (0..count as u32).map(|at| at * 7 % classes as u32).collect();
        let (x, w) = (Matrix::dense(&x, count, width), Matrix::dense(&w, classes, width));
        let mut logits = x.times(w.turned(), Workers::Caller);
        let measured = rows(&logits, &targets);
        let [one, three] = with_threads(|| projected(x, w, &targets, 0.1));
        assert_eq!(one, three);
        let near = |found: &[f32], wanted: &[f32]| {
            let close = |(found, wanted): (&f32, &f32)| (found - wanted).abs() < 1e-3 * (1.0 + wanted.abs());
            found.len() == wanted.len() && found.iter().zip(wanted).all(close)
        };
        let flat = |rows: &[Row]| rows.iter().copied().flat_map(<[f32; 4]>::from).collect::<Vec<_>>();
        assert!(near(&flat(&one.rows), &flat(&measured)), "rows");
        assert_eq!(projected_rows(x, w, &targets), one.rows);
        let pairs: Vec<_> = targets.iter().copied().zip(measured).collect();
        gradient(&mut logits, &pairs, 0.1, 1.0);
        let slopes = Matrix::dense(&logits, count, classes);
        assert!(near(&one.of_values, &slopes.times(w, Workers::Caller)), "gradient of the values");
        assert!(near(&one.of_weight, &slopes.turned().times(x, Workers::Caller)), "gradient of the weight");
    }

    #[test]
    fn far_logits_neither_overflow_nor_vanish() {
        let measured = rows(&[1e4, -1e4, 0.0], &[1]);
        assert_eq!(measured[0].nll(), 2e4);
        let mut slopes = [1e4, -1e4, 0.0];
        gradient(&mut slopes, &[(1, measured[0])], 0.0, 1.0);
        assert!((slopes[0] - 1.0).abs() < 1e-6 && (slopes[1] + 1.0).abs() < 1e-6 && slopes[2].abs() < 1e-6);
    }
}
