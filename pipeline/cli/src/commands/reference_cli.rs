use std::io::Write;

use clap::CommandFactory;

use crate::args::Cli;
use crate::console::Output;
use crate::error::CommandError;
use crate::exit::Exit;

pub(super) fn execute(output: &mut Output) -> Result<Exit, CommandError> {
    let mut cli = Cli::command();
    cli.build();
    writeln!(output, "# Command line\n\n```text\n{}\n```", help(&cli))?;
    for command in subcommands(&cli) {
        writeln!(output, "\n## {}\n\n```text\n{}\n```", command.get_name(), help(command))?;
        for inner in subcommands(command) {
            writeln!(output, "\n### {} {}\n\n```text\n{}\n```", command.get_name(), inner.get_name(), help(inner))?;
        }
    }
    Ok(Exit::DONE)
}

fn subcommands(command: &clap::Command) -> impl Iterator<Item = &clap::Command> {
    command.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help")
}

/// Returns the long help without what trails it: lines in a file end where their words end.
fn help(command: &clap::Command) -> String {
    let text = command.clone().term_width(100).render_long_help().to_string();
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    lines.join("\n")
}
