//! Predictors of latency side by side: what the stage `fit-latency` and the command of that name share.
//!
//! The nouns: a [`PredictorReport`] is how one predictor does on rows it was not fitted to; a [`Fitting`] is what all
//! of them are fitted to.

use std::error::Error;
use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use costs::latency::{
    Dense, Encoding, Fold, LatencyError, LatencyPredictor, LatencyTable, Law, Perceptron, Predictor, Range, Samples,
    Standardization, Validation, folds, read_rows, validate,
};
use engine::{Cell, CellType, Table, TableError, TableReader};
pub use networks::RegressionSettings as NetworkSettings;
use networks::{Device, RegressionLayer, RegressionRows, regression};
use serde::Serialize;

/// Why nothing could be fitted.
#[derive(Debug, thiserror::Error)]
pub enum LatencyFitError {
    /// The rows cannot be read from the disk.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The rows are no table that can be read.
    #[error("cannot read {}: {source}", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The rows are not as they should be.
    #[error(transparent)]
    Rows(#[from] LatencyError),
    /// Somebody broke off.
    #[error("interrupted")]
    Interrupted,
}

/// How one predictor does on rows it was not fitted to.
#[derive(Clone, Debug, PartialEq)]
pub struct PredictorReport {
    /// Which predictor.
    pub predictor: Predictor,
    /// Its errors, by fold and in the mean.
    pub validation: Validation,
    /// Whether no other has a smaller mean percentage error.
    pub kept: bool,
}

/// One predictor in the answer of a command.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LatencyFitRow {
    /// Which predictor.
    pub predictor: &'static str,
    /// Mean over the folds of the mean percentage error.
    pub mape_percent: f64,
    /// Mean over the folds of the root of the mean square deviation, milliseconds.
    pub rmse_ms: f64,
    /// Largest deviation, milliseconds.
    pub max_ms: f64,
    /// Mean over the folds of the share of variance that is explained.
    pub r_squared: f64,
    /// Folds.
    pub folds: usize,
    /// Rows judged, each by a predictor that was not fitted to it.
    pub held_out: usize,
    /// Whether no other has a smaller mean percentage error.
    pub kept: bool,
}

/// Rows, settings and randomness of a fit.
#[derive(Debug)]
pub struct Fitting<'a> {
    encoding: &'a Encoding,
    samples: Samples,
    folds: Vec<Fold>,
    network: &'a NetworkSettings,
    seed: u64,
    device: Device,
}

/// Hears the name of the predictor at work, steps done and steps in all, and may break off.
pub type Progress<'a> = dyn FnMut(&'static str, usize, usize) -> ControlFlow<()> + 'a;

/// Reads measured rows of a CSV or Parquet file; the layouts are those of [`read_rows`], and columns of text other than
/// block types are passed over in Parquet.
///
/// # Errors
/// If the file cannot be read, or its rows are not as they should be.
pub fn read(path: &Path) -> Result<LatencyTable, LatencyFitError> {
    let text = match path.extension().is_some_and(|extension| extension == "parquet") {
        true => csv_of_parquet(path).map_err(|source| LatencyFitError::Table { path: path.to_owned(), source })?,
        false => fs::read_to_string(path).map_err(|source| LatencyFitError::Read { path: path.to_owned(), source })?,
    };
    Ok(read_rows(&text, &path.display().to_string())?)
}

/// Returns the numbers and block types of a Parquet file as CSV.
fn csv_of_parquet(path: &Path) -> Result<String, Box<dyn Error + Send + Sync>> {
    let table = TableReader::open_file(path)?.read()?;
    let mut columns: Vec<Vec<String>> = Vec::new();
    for (name, kind) in table.columns() {
        let cells = match kind {
            Some(CellType::F64) => texts::<f64>(&table, &name)?,
            Some(CellType::F32) => texts::<f32>(&table, &name)?,
            Some(CellType::U64) => texts::<u64>(&table, &name)?,
            Some(CellType::I64) => texts::<i64>(&table, &name)?,
            Some(CellType::U32) => texts::<u32>(&table, &name)?,
            Some(CellType::I32) => texts::<i32>(&table, &name)?,
            Some(CellType::Text) if name.ends_with("_block_types") => texts::<String>(&table, &name)?,
            _ => continue,
        };
        columns.push(std::iter::once(name).chain(cells).collect());
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in 0..=table.rows() {
        writer.write_record(columns.iter().map(|column| &column[row]))?;
    }
    Ok(String::from_utf8(writer.into_inner().map_err(|error| error.to_string())?)?)
}

fn texts<T: Cell + ToString>(table: &Table, column: &str) -> Result<Vec<String>, TableError> {
    Ok(table.get::<T>(column)?.iter().map(T::to_string).collect())
}

/// Returns how all predictors do on the rows of a file.
///
/// # Errors
/// As [`read`], and where there are too few rows for the folds.
pub fn judge_file(
    path: &Path,
    folds: usize,
    network: &NetworkSettings,
    seed: u64,
    progress: &mut Progress<'_>,
) -> Result<Vec<LatencyFitRow>, LatencyFitError> {
    let table = read(path)?;
    let reports = Fitting::new(&table, folds, network, seed, Device::flex())?.judge(progress)?;
    Ok(reports.iter().map(PredictorReport::row).collect())
}

impl<'a> Fitting<'a> {
    /// Returns the rows dealt to folds; the seed decides the folds and the first weights of networks.
    ///
    /// # Errors
    /// If there are too few rows or folds.
    pub fn new(
        table: &'a LatencyTable,
        count: usize,
        network: &'a NetworkSettings,
        seed: u64,
        device: Device,
    ) -> Result<Self, LatencyFitError> {
        let samples = table.samples()?;
        let folds = folds(samples.inputs.len(), count, seed)?;
        Ok(Self { encoding: &table.encoding, samples, folds, network, seed, device })
    }

    /// Returns the errors of every predictor; the best in mean percentage error is kept.
    ///
    /// # Errors
    /// If a least squares has no solution, or `progress` breaks off.
    pub fn judge(&self, progress: &mut Progress<'_>) -> Result<Vec<PredictorReport>, LatencyFitError> {
        let mut reports = Vec::with_capacity(Predictor::ALL.len());
        for predictor in Predictor::ALL {
            let all = self.folds.len();
            let validation = validate(&self.samples, &self.folds, |fold, samples| {
                let mut told = |step, steps| progress(predictor.name(), fold * steps + step, all * steps);
                self.law(predictor, samples, self.seed.wrapping_add(fold as u64), &mut told)
            })?;
            reports.push(PredictorReport { predictor, validation, kept: false });
        }
        let error = |report: &&mut PredictorReport| report.validation.mean.mape_percent;
        if let Some(best) = reports.iter_mut().min_by(|a, b| error(a).total_cmp(&error(b))) {
            best.kept = true;
        }
        Ok(reports)
    }

    /// Returns a predictor fitted to all rows.
    ///
    /// # Errors
    /// As [`Fitting::judge`].
    pub fn fit(&self, predictor: Predictor, progress: &mut Progress<'_>) -> Result<LatencyPredictor, LatencyFitError> {
        let mut told = |step, steps| progress(predictor.name(), step, steps);
        let law = self.law(predictor, &self.samples, self.seed, &mut told)?;
        let ranges = Range::of_inputs(&self.samples);
        Ok(LatencyPredictor { predictor, encoding: self.encoding.clone(), ranges, law })
    }

    fn law(
        &self,
        predictor: Predictor,
        samples: &Samples,
        seed: u64,
        progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<Law, LatencyFitError> {
        let (width, numbers) = (self.encoding.input_names().len(), self.encoding.features.len());
        match predictor.least_squares(width, numbers) {
            Some((terms, weighting)) => Ok(Law::least_squares(samples, &terms, weighting)?),
            None => self.network(samples, seed, progress).map(Law::Perceptron),
        }
    }

    fn network(
        &self,
        samples: &Samples,
        seed: u64,
        progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
    ) -> Result<Perceptron, LatencyFitError> {
        let (inputs, latency) = (Standardization::of_inputs(samples), Standardization::of_latencies(samples));
        let single = |values: Vec<f64>| values.into_iter().map(|value| value as f32);
        let standard: Vec<f32> = samples.inputs.iter().flat_map(|row| single(inputs.apply(row))).collect();
        let wanted: Vec<f32> = samples.latencies_ms.iter().flat_map(|ms| single(latency.apply(&[*ms]))).collect();
        let rows = RegressionRows { inputs: &standard, wanted: &wanted };
        let layers = regression(rows, self.network, seed, &self.device, progress);
        let layers = layers.ok_or(LatencyFitError::Interrupted)?;
        let dense = |layer: RegressionLayer| Dense { weights: layer.weights, biases: layer.biases };
        Ok(Perceptron { inputs, latency, layers: layers.into_iter().map(dense).collect() })
    }
}

impl PredictorReport {
    fn row(&self) -> LatencyFitRow {
        let Validation { folds, mean, held_out } = &self.validation;
        LatencyFitRow {
            predictor: self.predictor.name(),
            mape_percent: mean.mape_percent,
            rmse_ms: mean.rmse_ms,
            max_ms: mean.max_ms,
            r_squared: mean.r_squared,
            folds: folds.len(),
            held_out: *held_out,
            kept: self.kept,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
