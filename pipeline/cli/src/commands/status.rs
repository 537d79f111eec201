use std::io::Write;

use clap::Args;
use engine::{Plan, Status, Store};

use crate::console::{Ink, Output};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::manifest_args::ManifestArgs;

/// Tell which steps of a manifest are fresh and which are stale
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    manifest: ManifestArgs,

    /// End with exit code 4 if a step is stale
    #[arg(long)]
    exit_code: bool,
}

pub(super) fn execute(args: &StatusArgs, store: &Store, output: &mut Output) -> Result<Exit, CommandError> {
    let plan = args.manifest.plan(store)?;
    for step in &plan.steps {
        writeln!(output, "{}  {}", paint(&step.status, output), step.id)?;
    }
    writeln!(output, "{}", tally(&plan))?;
    let stale = args.exit_code && !plan.is_fresh();
    Ok(if stale { Exit::STALE } else { Exit::DONE })
}

/// Returns the status in one word of five letters.
pub(super) fn paint(status: &Status, output: &Output) -> String {
    match status {
        Status::Fresh(_) => output.paint("fresh", Ink::Good),
        Status::Stale(_) => output.paint("stale", Ink::Due),
    }
}

/// Returns how many steps are fresh and stale.
pub(super) fn tally(plan: &Plan) -> String {
    let fresh = plan.steps.iter().filter(|step| matches!(step.status, Status::Fresh(_))).count();
    format!("{}: {fresh} fresh, {} stale", plan.manifest, plan.steps.len() - fresh)
}
