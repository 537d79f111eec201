use std::io::Write;

use clap::Args;
use engine::{Status, Store};

use super::status::{paint, tally};
use crate::console::Output;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::manifest_args::ManifestArgs;

/// Tell of every step whether it must run, and why
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    manifest: ManifestArgs,
}

pub(super) fn execute(args: &PlanArgs, store: &Store, output: &mut Output) -> Result<Exit, CommandError> {
    let plan = args.manifest.plan(store)?;
    for step in &plan.steps {
        writeln!(output, "{}  {}", paint(&step.status, output), step.id)?;
        match &step.status {
            Status::Fresh(_) => {}
            Status::Stale(reasons) => {
                reasons.iter().try_for_each(|reason| writeln!(output, "         {reason}"))?;
            }
        }
    }
    writeln!(output, "{}", tally(&plan))?;
    Ok(Exit::DONE)
}
