//! Tables as parquet files: written in row groups, read in slices.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use polars::io::parquet::metadata::FileMetadataRef;
use polars::io::parquet::write::BatchedWriter;
use polars::prelude::{
    DataFrame, KeyValueMetadata, ParquetCompression, ParquetReader, ParquetWriter, PolarsError, SerReader,
};

use super::{CellType, MAX_BYTES, MAX_COLUMNS, MAX_ROWS, Table, TableError, TableLabel, check_range};
use crate::artifact::ArtifactError;
use crate::folder::FolderFile;

/// The metadata keys of a table file.
const FORMAT_KEY: &str = "format";
const VERSION_KEY: &str = "version";
const TABLE_KEY: &str = "table";

pub(super) fn error(action: &'static str, table: &str, source: &PolarsError) -> TableError {
    TableError::Parquet { action, table: table.to_owned(), message: source.to_string() }
}

/// A table file open for reading in slices; only the row groups of a slice are read.
#[derive(Debug, Clone)]
pub struct TableReader {
    path: PathBuf,
    metadata: FileMetadataRef,
    empty: Table,
}

impl TableReader {
    /// Opens a table file; a file without our metadata, written by an external program, is taken as it is.
    pub(crate) fn open(path: &Path, label: &TableLabel) -> Result<Self, TableError> {
        let table = Self::unlabelled(path)?;
        table.check_label(label)?;
        table.within_limits()
    }

    /// Opens a parquet file of a user's, whatever program wrote it.
    ///
    /// # Errors
    /// When it cannot be read, is no parquet, or has more rows or columns than a table may have.
    pub fn open_file(path: &Path) -> Result<Self, TableError> {
        Self::unlabelled(path)?.within_limits()
    }

    fn unlabelled(path: &Path) -> Result<Self, TableError> {
        let mut reader = ParquetReader::new(open(path)?);
        let metadata = reader.get_metadata().map_err(|e| damaged(path, &e))?.clone();
        Ok(Self { path: path.to_owned(), empty: Table::default(), metadata })
    }

    fn within_limits(self) -> Result<Self, TableError> {
        self.check_limits()?;
        let empty = self.load(0, 0, None)?;
        Ok(Self { empty, ..self })
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.metadata.num_rows
    }

    /// Returns the columns' names and types, as [`Table::columns`] does.
    pub fn columns(&self) -> Vec<(String, Option<CellType>)> {
        self.empty.columns()
    }

    /// Returns the number of rows of each group, in order.
    pub fn groups(&self) -> Vec<usize> {
        let groups = self.metadata.row_groups.iter();
        groups.map(|group| group.num_rows()).collect()
    }

    /// Reads rows `offset..offset + length` of all columns or of the named ones.
    ///
    /// # Errors
    /// When the range or a column does not exist, or the file cannot be read.
    pub fn slice(&self, offset: usize, length: usize, columns: Option<&[&str]>) -> Result<Table, TableError> {
        check_range(offset, length, self.rows())?;
        for name in columns.unwrap_or_default() {
            self.empty.column(name)?;
        }
        self.load(offset, length, columns)
    }

    /// Reads the whole table.
    ///
    /// # Errors
    /// When the file cannot be read or the table is too large to be read at once.
    pub fn read(&self) -> Result<Table, TableError> {
        let groups = self.metadata.row_groups.iter();
        let bytes = groups.map(|group| group.total_byte_size()).sum();
        self.limit("bytes", bytes, MAX_BYTES)?;
        self.load(0, self.rows(), None)
    }

    fn load(&self, offset: usize, length: usize, columns: Option<&[&str]>) -> Result<Table, TableError> {
        let mut reader = ParquetReader::new(open(&self.path)?)
            .with_slice(Some((offset, length)))
            .with_columns(columns.map(|names| names.iter().map(|&name| name.into()).collect()));
        reader.set_metadata(self.metadata.clone());
        let frame = reader.finish().map_err(|e| damaged(&self.path, &e))?;
        Ok(Table { frame })
    }

    fn check_label(&self, label: &TableLabel) -> Result<(), TableError> {
        let (Some(format), Some(version)) = (self.value(FORMAT_KEY), self.value(VERSION_KEY)) else {
            return Ok(());
        };
        let found = format!("{format} v{version}");
        let wanted = label.format.to_string();
        if found == wanted {
            return Ok(());
        }
        Err(TableError::OtherFormat { path: self.path.clone(), wanted, found })
    }

    fn value(&self, key: &str) -> Option<&str> {
        let pairs = self.metadata.key_value_metadata().as_ref()?;
        let pair = pairs.iter().find(|pair| pair.key == key)?;
        pair.value.as_deref()
    }

    fn check_limits(&self) -> Result<(), TableError> {
        let columns = self.metadata.schema_descr.columns().len();
        self.limit("columns", columns, MAX_COLUMNS)?;
        self.limit("rows", self.rows(), MAX_ROWS)
    }

    fn limit(&self, what: &'static str, found: usize, limit: usize) -> Result<(), TableError> {
        if found <= limit {
            return Ok(());
        }
        Err(TableError::TooLarge { path: self.path.clone(), what, found, limit })
    }
}

fn open(path: &Path) -> Result<File, TableError> {
    File::open(path).map_err(|source| TableError::Io { path: path.to_owned(), source })
}

fn damaged(path: &Path, source: &PolarsError) -> TableError {
    error("read", &path.display().to_string(), source)
}

/// A table open for writing in batches.
pub struct TableWriter {
    label: TableLabel,
    rows_per_group: usize,
    waiting: Vec<Table>,
    rows_waiting: usize,
    file: SharedFile,
    begun: Option<Begun>,
}

/// The writer of a file whose schema is known: that of the first batch.
struct Begun {
    writer: BatchedWriter<SharedFile>,
    empty: Table,
}

impl TableWriter {
    pub(crate) fn new(label: TableLabel, rows_per_group: usize, file: FolderFile) -> Self {
        Self {
            label,
            rows_per_group: rows_per_group.max(1),
            waiting: Vec::new(),
            rows_waiting: 0,
            file: SharedFile(Arc::new(Mutex::new(file))),
            begun: None,
        }
    }

    /// Appends rows; full groups are written at once.
    ///
    /// # Errors
    /// When the columns differ from the first batch's or the file cannot be written.
    pub fn append(&mut self, batch: Table) -> Result<(), ArtifactError> {
        Ok(self.push(batch)?)
    }

    /// Writes what waits and the footer, and adds the file to its folder. A table without any batch has no columns.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(self) -> Result<(), ArtifactError> {
        self.into_file()?.finish()
    }

    pub(super) fn push(&mut self, batch: Table) -> Result<(), TableError> {
        self.begin(&batch)?.empty.check_alike(&batch)?;
        self.rows_waiting += batch.rows();
        self.waiting.push(batch);
        while self.rows_waiting >= self.rows_per_group {
            self.write_group(self.rows_per_group)?;
        }
        Ok(())
    }

    pub(super) fn into_file(mut self) -> Result<FolderFile, TableError> {
        if self.rows_waiting > 0 {
            self.write_group(self.rows_waiting)?;
        }
        let finished = self.begin(&Table::new())?.writer.finish();
        finished.map_err(|e| error("write", &self.label.table, &e))?;
        drop(self.begun);
        let file = Arc::into_inner(self.file.0).expect("the dropped writer held the only clone");
        Ok(file.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn begin(&mut self, first: &Table) -> Result<&mut Begun, TableError> {
        if self.begun.is_none() {
            let pairs = vec![
                (FORMAT_KEY.to_owned(), self.label.format.name.clone()),
                (VERSION_KEY.to_owned(), self.label.format.version.to_string()),
                (TABLE_KEY.to_owned(), self.label.table.clone()),
            ];
            let writer = ParquetWriter::new(self.file.clone())
                .with_compression(ParquetCompression::Zstd(None))
                .with_key_value_metadata(Some(KeyValueMetadata::from_static(pairs)))
                .batched(first.frame.schema())
                .map_err(|e| error("write", &self.label.table, &e))?;
            let empty = Table { frame: first.frame.slice(0, 0) };
            self.begun = Some(Begun { writer, empty });
        }
        Ok(self.begun.as_mut().expect("begun just above"))
    }

    fn write_group(&mut self, rows: usize) -> Result<(), TableError> {
        let all = Table::concatenate(std::mem::take(&mut self.waiting))?;
        let mut group: DataFrame = all.frame.slice(0, rows);
        group.rechunk_mut_par();
        let rest = all.frame.slice(rows as i64, all.rows() - rows);
        self.rows_waiting = rest.height();
        if self.rows_waiting > 0 {
            self.waiting.push(Table { frame: rest });
        }
        let written = self.begin(&all)?.writer.write_batch(&group);
        written.map_err(|e| error("write", &self.label.table, &e))
    }
}

impl fmt::Debug for TableWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableWriter")
            .field("label", &self.label)
            .field("rows_waiting", &self.rows_waiting)
            .finish_non_exhaustive()
    }
}

/// The parquet writer keeps what it writes to; sharing it gets the file back.
#[derive(Debug, Clone)]
struct SharedFile(Arc<Mutex<FolderFile>>);

impl Write for SharedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.flush()
    }
}
