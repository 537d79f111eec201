use std::io::Write;

use clap::Args;
use engine::Store;
use indicatif::HumanBytes;

use crate::columns::columns;
use crate::console::Output;
use crate::error::CommandError;
use crate::exit::Exit;

/// List the latest results of all manifests, or of one
#[derive(Debug, Args)]
pub(crate) struct LsArgs {
    /// The manifest's name
    #[arg(value_name = "NAME")]
    manifest: Option<String>,
}

pub(super) fn execute(args: &LsArgs, store: &Store, output: &mut Output) -> Result<Exit, CommandError> {
    let known = store.manifests();
    if let Some(name) = args.manifest.as_ref().filter(|name| !known.contains(name)) {
        let help = match known.as_slice() {
            [] => "nothing has been made yet".to_owned(),
            [..] => format!("there are results of `{}`", known.join("`, `")),
        };
        return Err(CommandError::usage_with_help(format!("there are no results of a manifest `{name}`"), help));
    }
    let rows = store.ls(args.manifest.as_deref()).into_iter().map(|listed| {
        let name = format!("{}:{}.{}", listed.manifest, listed.step, listed.port);
        vec![name, listed.format.to_string(), HumanBytes(listed.bytes).to_string(), listed.digest.short()]
    });
    write!(output, "{}", columns(&rows.collect::<Vec<_>>()))?;
    Ok(Exit::DONE)
}
