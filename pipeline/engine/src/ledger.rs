//! The ledger: one small table per run, so that all runs together are one query.

use std::fs;

use crate::artifact::Format;
use crate::folder::FolderWriter;
use crate::run::{Options, RunReport};
use crate::store::{Session, Store, StoreError};
use crate::table::{Table, TableError, TableLabel, TableReader};

/// The table's name inside its file.
const TABLE: &str = "run";

fn format() -> Format {
    Format { name: "ledger".to_owned(), version: 1 }
}

/// Adds a run to the ledger.
pub(crate) fn append(
    store: &Store,
    session: &Session,
    report: &RunReport,
    options: &Options,
) -> Result<(), StoreError> {
    let folder = session.unused();
    let mut writer = FolderWriter::create(&folder, format())?;
    writer.write_table(TABLE, &table(report, options))?;
    let sealed = writer.seal()?;
    let name = format!("{}-{}.parquet", report.started_ms, sealed.digest().short());
    let target = store.folder("ledger").join(name);
    let file = sealed.file_path(&format!("{TABLE}.parquet"))?;
    fs::rename(file, &target).map_err(|error| StoreError::io("write", target, error))
}

fn table(report: &RunReport, options: &Options) -> Table {
    let rows = report.steps.len();
    let steps = || report.steps.iter();
    Table::new()
        .with("manifest", vec![report.manifest.clone(); rows])
        .with("step", steps().map(|step| step.id.clone()).collect())
        .with("kind", steps().map(|step| step.kind.clone()).collect())
        .with("fingerprint", steps().map(|step| step.fingerprint.map(|f| f.to_string())).collect())
        .with("state", steps().map(|step| step.state.as_str().to_owned()).collect())
        .with("error", steps().map(|step| step.error.clone()).collect())
        .with("seconds", steps().map(|step| step.seconds).collect())
        .with("device", vec![options.device.clone(); rows])
        .with("threads", vec![options.threads as u32; rows])
        .with("host", vec![host(); rows])
        .with("started_ms", vec![report.started_ms; rows])
        .with("engine", vec![env!("CARGO_PKG_VERSION").to_owned(); rows])
}

/// Returns the machine's name.
pub(crate) fn host() -> String {
    #[cfg(unix)]
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    let name = std::env::var("COMPUTERNAME").unwrap_or_default();
    name
}

impl Store {
    /// Returns the rows of all runs, oldest first.
    ///
    /// # Errors
    /// When a table cannot be read.
    pub fn ledger(&self) -> Result<Table, TableError> {
        let label = TableLabel::new(&format(), TABLE);
        let files = crate::store::entries(&self.folder("ledger"));
        let read = |path: &std::path::PathBuf| TableReader::open(path, &label)?.read();
        Table::concatenate(files.iter().map(read).collect::<Result<_, _>>()?)
    }
}
