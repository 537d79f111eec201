use std::io::Write;

use clap::Args;
use engine::Store;

use crate::console::Output;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::manifest_args::ManifestArgs;

/// Check a manifest: names, types, params and how its stages are joined
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    manifest: ManifestArgs,
}

pub(super) fn execute(args: &CheckArgs, store: &Store, output: &mut Output) -> Result<Exit, CommandError> {
    let plan = args.manifest.plan(store)?;
    writeln!(output, "manifest `{}` is sound; steps: {}", plan.manifest, plan.steps.len())?;
    Ok(Exit::DONE)
}
