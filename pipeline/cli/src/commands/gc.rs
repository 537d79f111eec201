use std::io::Write;

use clap::Args;
use engine::{Keep, Store, Sweep};
use indicatif::HumanBytes;

use crate::console::Output;
use crate::error::CommandError;
use crate::exit::Exit;

/// Remove what no latest step of any manifest leads to
#[derive(Debug, Args)]
pub(crate) struct GcArgs {
    /// Tell what would go and remove nothing
    #[arg(long)]
    dry_run: bool,

    /// Keep the results of this manifest alone (repeatable); the others are forgotten
    #[arg(long, value_name = "NAME")]
    keep: Vec<String>,
}

pub(super) fn execute(args: &GcArgs, store: &Store, output: &mut Output) -> Result<Exit, CommandError> {
    let known = store.manifests();
    if let Some(name) = args.keep.iter().find(|name| !known.contains(name)) {
        let help = format!("there are results of `{}`", known.join("`, `"));
        return Err(CommandError::usage_with_help(format!("there are no results of a manifest `{name}`"), help));
    }
    let keep = match args.keep.as_slice() {
        [] => Keep::Latest,
        names => Keep::LatestOf(names.to_vec()),
    };
    let (sweep, would) = if args.dry_run { (Sweep::DryRun, "would remove") } else { (Sweep::Remove, "removed") };
    let collected = store.gc(sweep, &keep)?;
    for artifact in &collected.artifacts {
        writeln!(output, "artifact {}", artifact.short())?;
    }
    writeln!(
        output,
        "{would} {} artifacts, {} records, {} checkpoints, {} in quarantine: {}",
        collected.artifacts.len(),
        collected.steps.len(),
        collected.checkpoints.len(),
        collected.quarantined,
        HumanBytes(collected.bytes)
    )?;
    Ok(Exit::DONE)
}
