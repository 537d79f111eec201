use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::console::Output;
use crate::error::CommandError;
use crate::exit::Exit;

/// What a first manifest says, but for the pictures of this repository.
const QUICKSTART: &str = include_str!("../../../manifests/quickstart.toml");

/// Where the quickstart finds its pictures; without a path it is given the same ones from inside this program.
const PICTURES: &str = ", path = \"../../datasets/embedded/fashion-mini\"";

/// What a first manifest is called.
const NAME: &str = "shiftaddnas.toml";

/// Write a first manifest that runs as it is
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The folder to write it to
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
}

pub(super) fn execute(args: &InitArgs, output: &mut Output) -> Result<Exit, CommandError> {
    let path = args.folder.join(NAME);
    if path.exists() {
        return Err(CommandError::usage_with_help(
            format!("wanted to write {}, which is there already", path.display()),
            "remove it or name another folder",
        ));
    }
    write(&args.folder, &path).map_err(|source| CommandError::Write { path: path.clone(), source })?;
    writeln!(output, "wrote {}", path.display())?;
    writeln!(output, "next: shiftaddnas run {}", path.display())?;
    Ok(Exit::DONE)
}

fn write(folder: &Path, path: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    File::create_new(path)?.write_all(starter().as_bytes())
}

fn starter() -> String {
    QUICKSTART.replace(PICTURES, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_manifest_reads_no_file() {
        assert!(QUICKSTART.contains(PICTURES));
        assert!(!starter().contains("path ="));
    }
}
