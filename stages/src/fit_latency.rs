use std::ops::ControlFlow;

use costs::latency::{LatencyTable, read_rows};
use engine::{Context, Optional, SourcePath, Stage, StageError, inputs, outputs};
use networks::RegressionSettings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::artifacts::{LatencyPredictorArtifact, LatencyRows};
use crate::latency::{self, Fitting, LatencyFitError};
use crate::training_run;

/// Learns how long networks take on a device.
pub struct FitLatency;

/// What was measured, and how predictors are judged.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FitLatencyParams {
    /// CSV or Parquet of measured networks. Either HAT's columns: `encoder_embed_dim`, `encoder_layer_num`,
    /// `encoder_ffn_embed_dim_avg`, `encoder_self_attention_heads_avg`, `decoder_embed_dim`, `decoder_layer_num`,
    /// `decoder_ffn_embed_dim_avg`, `decoder_self_attention_heads_avg`, `decoder_ende_attention_heads_avg`,
    /// `decoder_arbitrary_ende_attn_avg`, both or none of `encoder_block_types` and `decoder_block_types` (joined with
    /// `-->`), `latency_mean_encoder`, `latency_mean_decoder`, `latency_std_encoder`, `latency_std_decoder` in
    /// milliseconds. Or `latency_ms` and any other columns, all numbers. Absent if the input `rows` is given.
    #[serde(default)]
    path: Option<SourcePath>,
    /// Parts of the rows, each held out once to judge by.
    #[serde(default = "default_folds")]
    folds: usize,
    /// How the paper's network is trained.
    #[serde(default)]
    network: RegressionSettings,
    /// Largest mean error on held-out rows, percent, for the gate to pass; absent for no gate.
    #[serde(default)]
    max_error_percent: Option<f64>,
}

const fn default_folds() -> usize {
    5
}

inputs! {
    /// What was measured, if it was measured here.
    pub struct FitLatencyInputs {
        /// Rows of `measure-latency`, in place of `path`.
        pub rows: Optional<LatencyRows>,
    }
}

outputs! {
    /// The predictor.
    pub struct FitLatencyOutputs {
        /// The best predictor, fitted to all rows, with the errors of all predictors on held-out rows.
        pub predictor: LatencyPredictorArtifact,
    }
}

impl Stage for FitLatency {
    const KIND: &'static str = "fit-latency";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str =
        "Fits latency predictors to measured networks, the paper's among them, and keeps the best (App. E)";

    type Params = FitLatencyParams;
    type Inputs = FitLatencyInputs;
    type Outputs = FitLatencyOutputs;

    fn sources<'a>(&self, params: &'a Self::Params) -> Vec<&'a SourcePath> {
        params.path.iter().collect()
    }

    fn check(&self, params: &Self::Params) -> Result<(), String> {
        let network = &params.network;
        let rate = network.learning_rate;
        if params.folds < 2 {
            return Err(format!("`folds` wants at least 2, found {}", params.folds));
        }
        if network.steps == 0 || network.batch_size == 0 || network.hidden.contains(&0) {
            return Err("`network.steps`, `network.batch_size` and each of `network.hidden` want at least 1".to_owned());
        }
        if !(rate.is_finite() && rate > 0.0) {
            return Err(format!("`network.learning_rate` wants a positive number, found {rate}"));
        }
        match network.weight_decay.is_finite() && network.weight_decay >= 0.0 {
            true => Ok(()),
            false => {
                Err(format!("`network.weight_decay` wants a number of at least 0, found {}", network.weight_decay))
            }
        }
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: Self::Inputs,
        context: &mut Context<'_>,
    ) -> Result<Self::Outputs, StageError> {
        let device = training_run::device(context)?;
        let broken = |error| broken(params, error);
        let table = table(params, &inputs)?;
        let fitting = Fitting::new(&table, params.folds, &params.network, context.seed(), device).map_err(broken)?;
        let reports = fitting.judge(&mut |predictor, done, all| tell(context, predictor, done, all)).map_err(broken)?;
        let kept = reports.iter().find(|report| report.kept).expect("one of several predictors is kept");
        let told = &mut |predictor, done, all| tell(context, predictor, done, all);
        let predictor = fitting.fit(kept.predictor, told).map_err(broken)?;
        context.headline("rows", table.rows.len(), "");
        for report in &reports {
            let name = report.predictor.name().replace('-', "_");
            context.headline(&format!("{name}_mape"), report.validation.mean.mape_percent, "%");
            context.headline(&format!("{name}_rmse"), report.validation.mean.rmse_ms, "ms");
        }
        context.headline("kept", kept.predictor.name(), "");
        if let Some(most) = params.max_error_percent {
            let error = kept.validation.mean.mape_percent;
            context.gate("error_percent", error <= most, error, format!("at most {most}"));
        }
        Ok(FitLatencyOutputs { predictor: LatencyPredictorArtifact { predictor, reports } })
    }
}

fn table(params: &FitLatencyParams, inputs: &FitLatencyInputs) -> Result<LatencyTable, StageError> {
    let table = match (&params.path, inputs.rows.get()) {
        (Some(path), None) => latency::read(path.path()),
        (None, Some(rows)) => read_rows(&rows.csv(), "rows").map_err(LatencyFitError::Rows),
        (Some(_), Some(_)) => return Err(StageError::usage("both `path` and the input `rows` are given; drop one")),
        (None, None) => return Err(StageError::usage("neither `path` nor the input `rows` is given; add one")),
    };
    table.map_err(|error| broken(params, error))
}

fn broken(params: &FitLatencyParams, error: LatencyFitError) -> StageError {
    match error {
        LatencyFitError::Interrupted => StageError::Interrupted,
        LatencyFitError::Read { path, source } => StageError::source(path, format!("cannot be read: {source}")),
        LatencyFitError::Table { path, source } => StageError::source(path, format!("cannot be read: {source}")),
        LatencyFitError::Rows(error) => match &params.path {
            Some(path) => StageError::source(path.path(), error.to_string()),
            None => StageError::caused("the measured rows give no predictor", error),
        },
    }
}

fn tell(context: &mut Context<'_>, predictor: &str, done: usize, all: usize) -> ControlFlow<()> {
    context.progress(done as u64, all as u64, &format!("steps of predictor {predictor}"));
    if context.interrupt().is_requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}
