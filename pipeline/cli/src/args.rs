//! What a person types.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use engine::Store;

use crate::commands::bench::BenchArgs;
use crate::commands::check::CheckArgs;
use crate::commands::completions::CompletionsArgs;
use crate::commands::cost::CostArgs;
use crate::commands::diff::DiffArgs;
use crate::commands::fit_latency::FitLatencyArgs;
use crate::commands::gc::GcArgs;
use crate::commands::infer::InferArgs;
use crate::commands::init::InitArgs;
use crate::commands::ls::LsArgs;
use crate::commands::paper::PaperArgs;
use crate::commands::plan::PlanArgs;
use crate::commands::run::RunArgs;
use crate::commands::show::ShowArgs;
use crate::commands::stages::StagesArgs;
use crate::commands::status::StatusArgs;
use crate::commands::translate::TranslateArgs;
use crate::commands::why::WhyArgs;
use crate::error::CommandError;

/// Above the options that every command has.
const GLOBAL: &str = "Options of all commands";

const EXIT_CODES: &str = "\
Exit codes:
  0   done
  1   a stage failed, or the machine did
  2   the command line or the manifest asks for what cannot be
  3   a gate failed, or no architecture is within a limit
  4   a step is stale (status --exit-code)
  5   an artifact is corrupt (verify)
  75  interrupted; the same command goes on";

/// Searches, trains and ships networks with few multiplications, step by step as a manifest says
#[derive(Debug, Parser)]
#[command(name = "shiftaddnas", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// The folder results are kept in
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "SHIFTADDNAS_STORE",
        hide_env_values = true,
        default_value = ".shiftaddnas"
    )]
    store: PathBuf,

    /// Say nothing but errors while working
    #[arg(short, long, global = true, help_heading = GLOBAL, conflicts_with = "verbose")]
    quiet: bool,

    /// Say all there is to say while working
    #[arg(short, long, global = true, help_heading = GLOBAL)]
    verbose: bool,

    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How much is said while working.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    /// Errors alone.
    Quiet,
    /// What a person follows.
    Normal,
    /// Everything.
    Verbose,
}

impl Cli {
    /// Opens the store; its path is absolute, so that those in reports hold in any folder.
    ///
    /// # Errors
    /// When its folders cannot be made.
    pub(crate) fn store(&self) -> Result<Store, CommandError> {
        let folder = std::path::absolute(&self.store)
            .map_err(|source| CommandError::Environment { action: "tell the current folder", source: source.into() })?;
        Ok(Store::open(folder)?)
    }

    /// Returns how much is said while working.
    pub(crate) fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(InitArgs),
    Check(CheckArgs),
    Plan(PlanArgs),
    Run(RunArgs),
    Status(StatusArgs),
    Why(WhyArgs),
    Show(ShowArgs),
    Ls(LsArgs),
    Diff(DiffArgs),
    /// Hash every artifact in the store and tell which are damaged (exit code 5)
    Verify,
    Gc(GcArgs),
    Stages(StagesArgs),
    /// Tell what this program and this machine can do (exit code 1 if a run could not work)
    Doctor,
    Infer(InferArgs),
    Translate(TranslateArgs),
    Cost(CostArgs),
    Bench(BenchArgs),
    FitLatency(FitLatencyArgs),
    Paper(PaperArgs),
    Completions(CompletionsArgs),
    /// Write the reference of all commands as Markdown
    #[command(hide = true)]
    ReferenceCli,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }
}
