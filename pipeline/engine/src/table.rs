//! A table of typed, named columns: the form of almost every artifact.

use std::io;
use std::path::PathBuf;

use polars::prelude::{Column, DataFrame};

use crate::artifact::Format;
use crate::folder::FolderFile;

mod column;
mod parquet;
mod show;

pub use column::{Cell, CellType};
pub use parquet::{TableReader, TableWriter};

/// The most rows a table may have; a larger number in a file is taken for damage.
const MAX_ROWS: usize = u32::MAX as usize - 1;

/// The most columns a table may have.
const MAX_COLUMNS: usize = 4096;

/// The most bytes a whole table may need in memory; larger ones are read in slices.
const MAX_BYTES: usize = 32 << 30;

/// Rows per group of a table that is written at once.
const ROWS_PER_GROUP: usize = 1 << 18;

/// Why a table could not be read, written or understood.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// A column is not there.
    #[error("table has no column `{column}`; it has {}", list(known))]
    MissingColumn {
        /// The column asked for.
        column: String,
        /// The columns there are.
        known: Vec<String>,
    },
    /// A column has another type than asked for.
    #[error("column `{column}` holds {found}, wanted {wanted}")]
    WrongType {
        /// The column.
        column: String,
        /// The type asked for.
        wanted: CellType,
        /// The type in the table.
        found: String,
    },
    /// A column that was read as complete has an empty cell.
    #[error("column `{column}` has no value in row {row}")]
    MissingValue {
        /// The column.
        column: String,
        /// The first row without a value.
        row: usize,
    },
    /// A batch has other columns than the batches before it.
    #[error("batch has columns {}, the table has {}", list(found), list(wanted))]
    OtherColumns {
        /// The table's columns with their types.
        wanted: Vec<String>,
        /// The batch's columns with their types.
        found: Vec<String>,
    },
    /// A slice reaches behind the end.
    #[error("rows {offset}..{} were asked for, the table has {rows}", offset + length)]
    OutOfRange {
        /// The first row asked for.
        offset: usize,
        /// How many rows were asked for.
        length: usize,
        /// How many rows there are.
        rows: usize,
    },
    /// The file claims more than a table may have.
    #[error("table {} has {found} {what}, more than the {limit} that are read", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// What there is too much of.
        what: &'static str,
        /// How much of it.
        found: usize,
        /// How much is allowed.
        limit: usize,
    },
    /// The file was written for another format or version.
    #[error("table {} belongs to `{found}`, wanted `{wanted}`; run the stage again", path.display())]
    OtherFormat {
        /// The file.
        path: PathBuf,
        /// The format asked for.
        wanted: String,
        /// The format in the file's metadata.
        found: String,
    },
    /// A file could not be opened.
    #[error("cannot open {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The bytes are not a table, or cannot be made one.
    #[error("cannot {action} table `{table}`: {message}")]
    Parquet {
        /// What was tried, as a verb.
        action: &'static str,
        /// The table's name or path.
        table: String,
        /// What the reader or writer said.
        message: String,
    },
}

fn list(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        names => format!("`{}`", names.join("`, `")),
    }
}

/// The metadata every table file carries: its artifact's format and its own name.
#[derive(Debug, Clone)]
pub(crate) struct TableLabel {
    format: Format,
    table: String,
}

impl TableLabel {
    pub(crate) fn new(format: &Format, table: &str) -> Self {
        Self { format: format.clone(), table: table.to_owned() }
    }
}

/// Named columns of equal length.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    frame: DataFrame,
}

impl Table {
    /// Returns a table without columns.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the table with one more column; units belong into the name (`energy_mj`).
    ///
    /// # Panics
    /// When the name is taken or the length differs from the other columns': a mistake of the calling code.
    #[must_use]
    pub fn with<T: Cell>(self, name: &str, values: Vec<T>) -> Self {
        let mut columns = self.frame.columns().to_vec();
        assert!(columns.iter().all(|column| column.name() != name), "column `{name}` is given once");
        let height = columns.first().map_or(values.len(), Column::len);
        assert!(height == values.len(), "column `{name}` has {} rows, the table has {height}", values.len());
        columns.push(T::into_column(name, values));
        let frame = DataFrame::new(height, columns).expect("names differ and lengths agree, as asserted above");
        Self { frame }
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.frame.height()
    }

    /// Returns the columns' names and types; a type this program does not write is given as `None`.
    pub fn columns(&self) -> Vec<(String, Option<CellType>)> {
        let columns = self.frame.columns().iter();
        columns.map(|column| (column.name().to_string(), column::cell_type(column.dtype()))).collect()
    }

    /// Returns all values of a column.
    ///
    /// # Errors
    /// When the column is missing, has another type, or has empty cells and `T` is not an `Option`.
    pub fn get<T: Cell>(&self, name: &str) -> Result<Vec<T>, TableError> {
        T::from_column(self.column(name)?)
    }

    /// Returns rows `offset..offset + length`.
    ///
    /// # Errors
    /// When the table has fewer rows.
    pub fn slice(&self, offset: usize, length: usize) -> Result<Self, TableError> {
        check_range(offset, length, self.rows())?;
        let frame = self.frame.slice(offset as i64, length);
        Ok(Self { frame })
    }

    fn column(&self, name: &str) -> Result<&Column, TableError> {
        let known = || self.columns().into_iter().map(|(name, _)| name).collect();
        let columns = self.frame.columns();
        let found = columns.iter().find(|column| column.name() == name);
        found.ok_or_else(|| TableError::MissingColumn { column: name.to_owned(), known: known() })
    }

    /// Returns names and types as text, to compare two tables.
    fn signature(&self) -> Vec<String> {
        let columns = self.frame.columns().iter();
        columns.map(|column| format!("{}: {}", column.name(), column::type_text(column.dtype()))).collect()
    }

    pub(crate) fn write(&self, label: &TableLabel, file: FolderFile) -> Result<FolderFile, TableError> {
        let mut writer = TableWriter::new(label.clone(), ROWS_PER_GROUP, file);
        writer.push(self.clone())?;
        writer.into_file()
    }

    /// Returns the tables one below the other.
    ///
    /// # Errors
    /// When their columns differ.
    pub fn concatenate(tables: Vec<Self>) -> Result<Self, TableError> {
        let mut tables = tables.into_iter();
        let Some(mut all) = tables.next() else {
            return Ok(Self::new());
        };
        for table in tables {
            all.check_alike(&table)?;
            all.frame.vstack_mut(&table.frame).map_err(|e| parquet::error("join", "rows", &e))?;
        }
        Ok(all)
    }

    fn check_alike(&self, other: &Self) -> Result<(), TableError> {
        let (wanted, found) = (self.signature(), other.signature());
        if wanted == found {
            return Ok(());
        }
        Err(TableError::OtherColumns { wanted, found })
    }
}

fn check_range(offset: usize, length: usize, rows: usize) -> Result<(), TableError> {
    match offset.checked_add(length) {
        Some(end) if end <= rows => Ok(()),
        Some(_) | None => Err(TableError::OutOfRange { offset, length: length.min(usize::MAX - offset), rows }),
    }
}

#[cfg(test)]
mod tests;
