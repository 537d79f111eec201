use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::Args;
use stages::latency::{LatencyFitError, LatencyFitRow, NetworkSettings, judge_file};

use crate::columns::columns;
use crate::console::{Ink, Output};
use crate::error::CommandError;
use crate::exit::Exit;

/// Judge latency predictors on measured networks: linear ones and the paper's network, on rows held out in turn
#[derive(Debug, Args)]
pub(crate) struct FitLatencyArgs {
    /// CSV or Parquet of measured networks: the columns of HAT, or `latency_ms` and numbers
    #[arg(value_name = "ROWS")]
    rows: PathBuf,
    /// Parts of the rows, each held out once to judge by
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(2..))]
    folds: u16,
    /// What decides the parts and the first weights of the network
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Steps the network is trained for, for each part anew
    #[arg(long, default_value_t = NetworkSettings::default().steps as u32, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
    /// Print JSON: one predictor a line
    #[arg(long)]
    json: bool,
}

pub(super) fn execute(args: &FitLatencyArgs, output: &mut Output) -> Result<Exit, CommandError> {
    let network = NetworkSettings { steps: args.steps as usize, ..NetworkSettings::default() };
    let mut told = |predictor: &str, done: usize, all: usize| {
        if done.is_multiple_of(args.steps as usize) {
            crate::console::log(&format!("{predictor}: step {done} of {all}"));
        }
        ControlFlow::Continue(())
    };
    let rows = judge_file(&args.rows, usize::from(args.folds), &network, args.seed, &mut told).map_err(failed)?;
    match args.json {
        true => rows.iter().try_for_each(|row| writeln!(output, "{}", serde_json::json!(row)))?,
        false => write!(output, "{}", table(&rows, output))?,
    }
    Ok(Exit::DONE)
}

/// Whatever keeps rows from being fitted is wrong with the file that was named.
fn failed(error: LatencyFitError) -> CommandError {
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
    CommandError::usage(format!("{error}{cause}"))
}

fn table(rows: &[LatencyFitRow], output: &Output) -> String {
    let heading = ["predictor", "error", "RMSE", "largest", "R²", "folds", "rows", ""];
    let mut cells = vec![heading.map(str::to_owned).to_vec()];
    cells.extend(rows.iter().map(|row| {
        vec![
            row.predictor.to_owned(),
            format!("{:.2} %", row.mape_percent),
            format!("{:.3} ms", row.rmse_ms),
            format!("{:.3} ms", row.max_ms),
            format!("{:.4}", row.r_squared),
            row.folds.to_string(),
            row.held_out.to_string(),
            if row.kept { output.paint("kept", Ink::Good) } else { String::new() },
        ]
    }));
    columns(&cells)
}
