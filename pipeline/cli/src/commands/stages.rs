use std::io::Write;

use clap::Args;

use crate::console::Output;
use crate::error::CommandError;
use crate::exit::Exit;

/// Write the reference of all stages as Markdown, or of one: ports, params, defaults
#[derive(Debug, Args)]
pub(crate) struct StagesArgs {
    /// The kind of a stage
    #[arg(value_name = "KIND")]
    kind: Option<String>,
}

pub(super) fn execute(args: &StagesArgs, output: &mut Output) -> Result<Exit, CommandError> {
    let registry = ::stages::registry();
    let reference = engine::reference(&registry);
    let Some(kind) = &args.kind else {
        write!(output, "{reference}")?;
        return Ok(Exit::DONE);
    };
    let Some(section) = section(&reference, kind) else {
        let known: Vec<String> = registry.describe().into_iter().map(|stage| stage.kind).collect();
        let help = format!("the kinds are `{}`", known.join("`, `"));
        return Err(CommandError::usage_with_help(format!("there is no stage of kind `{kind}`"), help));
    };
    writeln!(output, "{section}")?;
    Ok(Exit::DONE)
}

/// Returns the section of a Markdown text whose heading is `## name`.
fn section<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let heading = format!("\n## {name}\n");
    let section = &text[text.find(&heading)? + 1..];
    let ends = ["\n## ", "\n# "].into_iter().filter_map(|next| section.find(next));
    Some(section[..ends.min().unwrap_or(section.len())].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_ends_at_the_next_heading() {
        let text = "# Stages\n\n## one\n\nfirst\n\n## two\n\nsecond\n\n# Formats\n\n- three\n";
        assert_eq!(section(text, "one"), Some("## one\n\nfirst"));
        assert_eq!(section(text, "two"), Some("## two\n\nsecond"));
        assert_eq!(section(text, "tw"), None);
    }
}
