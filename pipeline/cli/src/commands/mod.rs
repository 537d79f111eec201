//! One file per subcommand: its arguments, and what it does with them.

use std::path::Path;

use ::stages::bench::Memory;

use crate::args::{Cli, Command};
use crate::console::Output;
use crate::error::CommandError;
use crate::exit::Exit;

pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod cost;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod fit_latency;
pub(crate) mod gc;
pub(crate) mod infer;
pub(crate) mod init;
pub(crate) mod ls;
pub(crate) mod paper;
pub(crate) mod plan;
pub(crate) mod reference_cli;
pub(crate) mod run;
pub(crate) mod show;
pub(crate) mod stages;
pub(crate) mod status;
pub(crate) mod translate;
pub(crate) mod verify;
pub(crate) mod why;

/// Does what was typed; `device` is the backend stages use, `memory` what the allocator knows.
///
/// # Errors
/// [`CommandError`]; what a command finds out, such as a stage that failed, is no error but its exit code.
pub(crate) fn execute(
    cli: &Cli,
    device: &str,
    memory: &(dyn Memory + Sync),
    output: &mut Output,
) -> Result<Exit, CommandError> {
    match &cli.command {
        Command::Init(args) => init::execute(args, output),
        Command::Check(args) => check::execute(args, &cli.store()?, output),
        Command::Plan(args) => plan::execute(args, &cli.store()?, output),
        Command::Run(args) => run::execute(args, &cli.store()?, device, cli.verbosity(), output),
        Command::Status(args) => status::execute(args, &cli.store()?, output),
        Command::Why(args) => why::execute(args, &cli.store()?, output),
        Command::Show(args) => show::execute(args, &cli.store()?, output),
        Command::Ls(args) => ls::execute(args, &cli.store()?, output),
        Command::Diff(args) => diff::execute(args, &cli.store()?, output),
        Command::Verify => verify::execute(&cli.store()?, output),
        Command::Gc(args) => gc::execute(args, &cli.store()?, output),
        Command::Stages(args) => stages::execute(args, output),
        Command::Doctor => doctor::execute(cli, output),
        Command::Cost(args) => cost::execute(args, output),
        Command::Bench(args) => bench::execute(args, memory, output),
        Command::FitLatency(args) => fit_latency::execute(args, output),
        Command::Paper(args) => paper::execute(args, output),
        Command::Infer(args) => infer::execute(args, cli, output),
        Command::Translate(args) => translate::execute(args, cli, output),
        Command::Completions(args) => completions::execute(args, output),
        Command::ReferenceCli => reference_cli::execute(output),
    }
}

/// Refuses a folder for results that is there already.
///
/// # Errors
/// If it is.
fn must_be_new(folder: &Path) -> Result<(), CommandError> {
    if !folder.exists() {
        return Ok(());
    }
    let help = "name a folder that does not exist yet";
    Err(CommandError::usage_with_help(format!("`{}` is there already", folder.display()), help))
}
