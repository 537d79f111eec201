use std::io::Write;

use clap::Args;
use engine::Store;

use crate::artifact_name;
use crate::console::Output;
use crate::error::CommandError;
use crate::exit::Exit;

/// Tell how two artifacts differ: file by file, tables column by column
#[derive(Debug, Args)]
#[command(after_help = format!("An artifact is named by {}.", artifact_name::HELP))]
pub(crate) struct DiffArgs {
    /// One artifact
    #[arg(value_name = "A")]
    left: String,

    /// The other
    #[arg(value_name = "B")]
    right: String,
}

pub(super) fn execute(args: &DiffArgs, store: &Store, output: &mut Output) -> Result<Exit, CommandError> {
    let left = artifact_name::open(store, &args.left)?;
    let right = artifact_name::open(store, &args.right)?;
    let diff = engine::diff(&left, &right)?;
    if diff.is_empty() {
        writeln!(output, "no difference")?;
    } else {
        write!(output, "{diff}")?;
    }
    Ok(Exit::DONE)
}
