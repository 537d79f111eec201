use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use engine::{Plan, StaleReason, Status, Step, StepRecord, Store};

use super::status::paint;
use crate::console::Output;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::manifest_args::{OverlayArgs, named_or_found};

/// Tell why a step must run, or from which run its results come
#[derive(Debug, Args)]
#[command(override_usage = "shiftaddnas why [OPTIONS] [MANIFEST] <STAGE>")]
pub(crate) struct WhyArgs {
    /// The stage or step, by id; the manifest may stand before it
    #[arg(value_name = "STAGE", required = true, num_args = 1..=2)]
    names: Vec<String>,

    /// The manifest; by default the only one in the current folder, or pipeline/manifests/quickstart.toml
    #[arg(short, long, value_name = "MANIFEST")]
    manifest: Option<PathBuf>,

    #[command(flatten)]
    overlay: OverlayArgs,
}

impl WhyArgs {
    fn manifest_and_stage(&self) -> Result<(Option<&Path>, &str), CommandError> {
        match (self.names.as_slice(), self.manifest.as_deref()) {
            ([stage], manifest) => Ok((manifest, stage)),
            ([manifest, stage], None) => Ok((Some(Path::new(manifest)), stage)),
            (names, _) => {
                let found = names.join("`, `");
                Err(CommandError::usage(format!("wanted one manifest and one stage, found `{found}` and --manifest")))
            }
        }
    }
}

pub(super) fn execute(args: &WhyArgs, store: &Store, output: &mut Output) -> Result<Exit, CommandError> {
    let (manifest, stage) = args.manifest_and_stage()?;
    let plan = args.overlay.plan(&named_or_found(manifest)?, store)?;
    let steps: Vec<&Step> = plan.steps.iter().filter(|step| step.id == stage || step.stage_id == stage).collect();
    if steps.is_empty() {
        let known: Vec<&str> = plan.steps.iter().map(|step| step.id.as_str()).collect();
        let help = format!("the steps are `{}`", known.join("`, `"));
        return Err(CommandError::usage_with_help(format!("there is no step `{stage}` in `{}`", plan.manifest), help));
    }
    steps.into_iter().try_for_each(|step| explain(&plan, step, 0, output))?;
    Ok(Exit::DONE)
}

/// Tells of a step, and below it of every stale step it waits for.
fn explain(plan: &Plan, step: &Step, depth: usize, output: &mut Output) -> io::Result<()> {
    let indent = "  ".repeat(depth);
    writeln!(output, "{indent}{}  {}", paint(&step.status, output), step.id)?;
    let reasons = match &step.status {
        Status::Fresh(record) => return writeln!(output, "{indent}  {}", origin(record)),
        Status::Stale(reasons) => reasons,
    };
    for reason in reasons {
        writeln!(output, "{indent}  {reason}")?;
        if let StaleReason::InputStale { step: awaited, .. } = reason {
            let awaited = plan.steps.iter().find(|step| step.id == *awaited);
            awaited.map_or(Ok(()), |step| explain(plan, step, depth + 2, output))?;
        }
    }
    Ok(())
}

fn origin(record: &StepRecord) -> String {
    let run = &record.provenance;
    format!(
        "made in {:.1} s on {} ({}, {} threads) as {}",
        run.seconds,
        run.host,
        run.device,
        run.threads,
        record.fingerprint.short()
    )
}
