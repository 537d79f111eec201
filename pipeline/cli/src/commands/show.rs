use std::io::Write;

use clap::Args;
use engine::{ArtifactError, CellType, Folder, Store, Table};
use indicatif::HumanBytes;
use serde_json::{Map, Value, json};

use crate::artifact_name;
use crate::columns::columns;
use crate::console::{Ink, Output};
use crate::error::CommandError;
use crate::exit::Exit;

/// Show what an artifact holds: its files, and the first rows of its tables
#[derive(Debug, Args)]
#[command(after_help = format!("An artifact is named by {}.", artifact_name::HELP))]
pub(crate) struct ShowArgs {
    /// The artifact
    #[arg(value_name = "ARTIFACT")]
    name: String,

    /// Show this table alone
    #[arg(long, value_name = "NAME")]
    table: Option<String>,

    /// How many rows of a table are shown
    #[arg(long, value_name = "N", default_value_t = 10)]
    rows: usize,

    /// Write one object of JSON
    #[arg(long)]
    json: bool,
}

/// The part of a table that is shown.
struct Excerpt {
    name: String,
    rows: usize,
    columns: Vec<(String, Option<CellType>)>,
    first: Table,
}

pub(super) fn execute(args: &ShowArgs, store: &Store, output: &mut Output) -> Result<Exit, CommandError> {
    let folder = artifact_name::open(store, &args.name)?;
    let excerpts = excerpts(&folder, args)?;
    if args.json {
        writeln!(output, "{}", object(&folder, &excerpts, args.rows))?;
        return Ok(Exit::DONE);
    }
    if args.table.is_none() {
        write_folder(&folder, output)?;
    }
    for excerpt in &excerpts {
        let heading = output.paint(&excerpt.name, Ink::Hint);
        writeln!(output, "\n{heading}: {} rows", excerpt.rows)?;
        write!(output, "{}", excerpt.first.render(args.rows))?;
    }
    Ok(Exit::DONE)
}

fn excerpts(folder: &Folder, args: &ShowArgs) -> Result<Vec<Excerpt>, CommandError> {
    let mut names = folder.tables();
    if let Some(wanted) = &args.table {
        if !names.contains(&wanted.as_str()) {
            let help = format!("its tables are `{}`", names.join("`, `"));
            return Err(CommandError::usage_with_help(format!("{} has no table `{wanted}`", args.name), help));
        }
        names.retain(|name| name == wanted);
    }
    let excerpt = |name: &str| {
        let reader = folder.reader(name)?;
        let first = reader.slice(0, reader.rows().min(args.rows), None).map_err(ArtifactError::from)?;
        Ok(Excerpt { name: name.to_owned(), rows: reader.rows(), columns: reader.columns(), first })
    };
    names.into_iter().map(excerpt).collect()
}

fn write_folder(folder: &Folder, output: &mut Output) -> Result<(), CommandError> {
    let listing = folder.listing();
    let fact = |name: &str, value: String| vec![name.to_owned(), value];
    let facts = [
        fact("format", listing.format.to_string()),
        fact("digest", folder.digest().to_string()),
        fact("folder", folder.path().display().to_string()),
        fact("size", HumanBytes(listing.bytes()).to_string()),
    ];
    let files =
        listing.files.iter().map(|file| vec![String::new(), file.name.clone(), HumanBytes(file.bytes).to_string()]);
    write!(output, "{}files\n{}", columns(&facts), columns(&files.collect::<Vec<_>>()))?;
    Ok(())
}

fn object(folder: &Folder, excerpts: &[Excerpt], rows: usize) -> Value {
    let listing = folder.listing();
    let files = listing
        .files
        .iter()
        .map(|file| json!({ "name": file.name, "bytes": file.bytes, "digest": file.digest.to_string() }));
    let tables = excerpts.iter().map(|excerpt| {
        let columns = excerpt
            .columns
            .iter()
            .map(|(name, kind)| json!({ "name": name, "type": kind.as_ref().map(ToString::to_string) }));
        let table = json!({
            "rows": excerpt.rows,
            "columns": columns.collect::<Vec<_>>(),
            "first": excerpt.first.to_json_rows(rows),
        });
        (excerpt.name.clone(), table)
    });
    json!({
        "format": listing.format.to_string(),
        "digest": folder.digest().to_string(),
        "folder": folder.path().display().to_string(),
        "bytes": listing.bytes(),
        "files": files.collect::<Vec<_>>(),
        "tables": tables.collect::<Map<_, _>>(),
    })
}
