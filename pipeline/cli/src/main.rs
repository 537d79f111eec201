//! The `shiftaddnas` command: parses, calls the engine, prints.
//!
//! The nouns: [`args::Cli`] is what a person types; one file of `commands` answers each subcommand; [`exit::Exit`] is
//! the answer to the shell; [`console`] is where text goes: results to standard output, all else to standard error.
//!
//! It deliberately computes nothing: stages do the work, the engine decides what must run.

mod allocator;
mod args;
mod artifact_name;
mod columns;
mod commands;
mod console;
mod error;
mod exit;
mod interrupt;
mod manifest_args;
mod progress;
mod value;

use std::process::ExitCode;

use clap::Parser;

use allocator::Counting;
use args::{Cli, Command};
use console::Output;
use error::CommandError;
use exit::Exit;

#[global_allocator]
static ALLOCATOR: Counting = Counting::new();

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(message) => {
            // A help nobody reads is no error.
            let _ = message.print();
            return Exit::of_clap(&message).into();
        }
    };
    let output = &mut Output::stdout();
    let done = choose_device(&cli.command).and_then(|device| {
        let exit = commands::execute(&cli, device, &ALLOCATOR, output)?;
        output.finish()?;
        Ok(exit)
    });
    done.unwrap_or_else(|error| {
        // What was found before the error is worth reading.
        let _ = output.finish();
        error.print();
        error.exit()
    })
    .into()
}

/// Returns the name of the backend stages use, and makes it everyone's default where stages run.
fn choose_device(command: &Command) -> Result<&'static str, CommandError> {
    let Command::Run(run) = command else {
        return Ok(stages::device::BackendName::Flex.name());
    };
    let backend = stages::device::backend(&run.device).map_err(CommandError::usage)?;
    // SAFETY: `main` comes here before it starts any thread.
    unsafe { stages::device::set_default(backend) };
    Ok(backend.name())
}
