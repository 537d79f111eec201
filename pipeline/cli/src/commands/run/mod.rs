use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use engine::{OnFailure, Options, RunReport, State, Store};

use crate::args::Verbosity;
use crate::console::{self, Ink, Output};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::interrupt;
use crate::manifest_args::OverlayArgs;
use crate::progress::Progress;

mod json;
mod text;

/// Run what is stale and tell the results
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The manifest
    #[arg(value_name = "MANIFEST")]
    manifest: PathBuf,

    /// Run these stages or steps alone, with all they need
    #[arg(value_name = "STAGE")]
    stages: Vec<String>,

    #[command(flatten)]
    overlay: OverlayArgs,

    /// How many steps run at once
    #[arg(short, long, value_name = "N", default_value = "1")]
    jobs: NonZeroUsize,

    /// What stages compute on: auto, flex, libtorch, cuda or vulkan; never makes a step stale
    #[arg(long, value_name = "NAME", default_value = "auto")]
    pub(crate) device: String,

    /// How many threads a step may use; by default all the machine has
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,

    /// Run this stage or step even if it is fresh (repeatable)
    #[arg(long, value_name = "STAGE")]
    force: Vec<String>,

    /// After a failure run everything that does not depend on it
    #[arg(long)]
    keep_going: bool,

    /// End with the whole report as one line of JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn execute(
    args: &RunArgs,
    store: &Store,
    device: &str,
    verbosity: Verbosity,
    output: &mut Output,
) -> Result<Exit, CommandError> {
    let options = options(args, device)?;
    let started = Instant::now();
    let plan = args.overlay.plan(&args.manifest, store)?;
    let progress = Progress::new(verbosity);
    let report = engine::run(&plan, store, &options, &|event| progress.tell(event))?;
    progress.close();
    let seconds = started.elapsed().as_secs_f64();
    if args.json {
        json::write(&report, seconds, output)?;
    } else {
        text::write(&report, seconds, verbosity, output)?;
    }
    output.finish()?;
    print_errors(&report);
    Ok(Exit(report.exit_code()))
}

fn options(args: &RunArgs, device: &str) -> Result<Options, CommandError> {
    let mut options = Options {
        jobs: args.jobs.get(),
        device: device.to_owned(),
        on_failure: if args.keep_going { OnFailure::KeepGoing } else { OnFailure::Stop },
        force: args.force.clone(),
        targets: args.stages.clone(),
        ..Options::default()
    };
    if let Some(threads) = args.threads {
        options.threads = threads.get();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.get()).build_global();
        pool.map_err(|source| CommandError::Environment { action: "start the threads", source: source.into() })?;
    }
    options.interrupt = interrupt::listen()?;
    Ok(options)
}

fn print_errors(report: &RunReport) {
    for step in &report.steps {
        let failed = match step.state {
            State::Failed | State::GateFailed => step.error.as_ref(),
            State::Ran | State::Fresh | State::Skipped | State::Interrupted => None,
        };
        if let Some(error) = failed {
            console::log(&format!("{} step `{}`: {error}", console::on_stderr("error:", Ink::Bad), step.id));
        }
    }
    if Exit(report.exit_code()) == Exit::INTERRUPTED {
        console::log("interrupted; the same command goes on where it stopped");
    }
}
