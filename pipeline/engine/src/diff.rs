//! What differs between two artifacts, and between the headlines of two runs.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use crate::artifact::{ArtifactError, Format};
use crate::context::{Headline, Value};
use crate::folder::{FileEntry, Folder};
use crate::table::{CellType, Table, TableError};

/// How two artifacts differ; no file is named that is the same in both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArtifactDiff {
    /// The formats of both.
    pub formats: (Format, Format),
    /// The files that differ.
    pub files: Vec<FileDiff>,
}

/// How a file differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileDiff {
    /// Only the left artifact has it.
    OnlyLeft(String),
    /// Only the right artifact has it.
    OnlyRight(String),
    /// It is no table and has other bytes.
    Bytes {
        /// The name.
        name: String,
        /// The sizes in both.
        bytes: (u64, u64),
    },
    /// It is a table.
    Table(TableDiff),
}

/// How a table differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableDiff {
    /// The table's name.
    pub name: String,
    /// The number of rows in both.
    pub rows: (usize, usize),
    /// The columns that differ; values are compared only in tables of equal length.
    pub columns: Vec<ColumnDiff>,
}

/// How a column differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnDiff {
    /// Only the left table has it.
    OnlyLeft(String),
    /// Only the right table has it.
    OnlyRight(String),
    /// The types differ.
    Type(String),
    /// Some values differ.
    Values {
        /// The column.
        name: String,
        /// How many rows differ.
        rows: usize,
        /// The first row that differs.
        first: usize,
        /// The largest difference, of numbers.
        largest: Option<f64>,
    },
}

/// A headline that differs between two runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeadlineDiff {
    /// What was measured.
    pub name: String,
    /// The unit.
    pub unit: String,
    /// The value of the left run.
    pub left: Option<Value>,
    /// The value of the right run.
    pub right: Option<Value>,
}

impl ArtifactDiff {
    /// Returns whether both are the same.
    pub fn is_empty(&self) -> bool {
        self.formats.0 == self.formats.1 && self.files.is_empty()
    }
}

/// Compares two artifacts file by file, tables column by column.
///
/// # Errors
/// When a table cannot be read.
pub fn diff(left: &Folder, right: &Folder) -> Result<ArtifactDiff, ArtifactError> {
    let names =
        |folder: &Folder| -> BTreeSet<String> { folder.listing().files.iter().map(|file| file.name.clone()).collect() };
    let find = |folder: &Folder, name: &str| -> Option<FileEntry> {
        folder.listing().files.iter().find(|file| file.name == name).cloned()
    };
    let mut files = Vec::new();
    for name in names(left).union(&names(right)) {
        match (find(left, name), find(right, name)) {
            (Some(a), Some(b)) if a.digest == b.digest => {}
            (Some(a), Some(b)) => match name.strip_suffix(".parquet") {
                Some(table) => {
                    let tables = (left.table(table)?, right.table(table)?);
                    files.push(FileDiff::Table(tables_differ(table, &tables.0, &tables.1)?));
                }
                None => files.push(FileDiff::Bytes { name: name.clone(), bytes: (a.bytes, b.bytes) }),
            },
            (Some(_), None) => files.push(FileDiff::OnlyLeft(name.clone())),
            (None, _) => files.push(FileDiff::OnlyRight(name.clone())),
        }
    }
    let formats = (left.listing().format.clone(), right.listing().format.clone());
    Ok(ArtifactDiff { formats, files })
}

/// Returns the headlines that differ, in the left run's order.
pub fn diff_headlines(left: &[Headline], right: &[Headline]) -> Vec<HeadlineDiff> {
    let find = |all: &[Headline], name: &str| all.iter().find(|one| one.name == name).cloned();
    let mut names: Vec<&str> = left.iter().map(|headline| headline.name.as_str()).collect();
    let more = right.iter().map(|headline| headline.name.as_str());
    let more: Vec<&str> = more.filter(|name| !names.contains(name)).collect();
    names.extend(more);
    let differ = |name: &str| {
        let (left, right) = (find(left, name), find(right, name));
        let unit = left.as_ref().or(right.as_ref()).map(|one| one.unit.clone());
        (left != right).then(|| HeadlineDiff {
            name: name.to_owned(),
            unit: unit.unwrap_or_default(),
            left: left.map(|one| one.value),
            right: right.map(|one| one.value),
        })
    };
    names.into_iter().filter_map(differ).collect()
}

fn tables_differ(name: &str, left: &Table, right: &Table) -> Result<TableDiff, TableError> {
    let rows = (left.rows(), right.rows());
    let mut columns = Vec::new();
    let others = right.columns();
    for (column, kind) in left.columns() {
        match others.iter().find(|(other, _)| *other == column) {
            None => columns.push(ColumnDiff::OnlyLeft(column)),
            Some((_, other)) if *other != kind => columns.push(ColumnDiff::Type(column)),
            Some(_) if rows.0 != rows.1 => {}
            Some(_) => columns.extend(column_differs(&column, kind, left, right)?),
        }
    }
    let known = left.columns();
    let new = others.into_iter().filter(|(name, _)| !known.iter().any(|(known, _)| known == name));
    columns.extend(new.map(|(name, _)| ColumnDiff::OnlyRight(name)));
    Ok(TableDiff { name: name.to_owned(), rows, columns })
}

/// A column's cells in the form they are compared in.
enum Cells {
    Numbers(Vec<Option<Vec<f64>>>),
    Bytes(Vec<Option<Vec<u8>>>),
}

fn column_differs(
    name: &str,
    kind: Option<CellType>,
    left: &Table,
    right: &Table,
) -> Result<Option<ColumnDiff>, TableError> {
    let Some(kind) = kind else {
        return Ok(None);
    };
    let mut found = Found::default();
    match (cells(left, name, kind)?, cells(right, name, kind)?) {
        (Cells::Numbers(left), Cells::Numbers(right)) => {
            for (row, (a, b)) in left.iter().zip(&right).enumerate() {
                if a != b && !both_nan(a, b) {
                    found.row(row);
                    found.numbers(a.as_deref(), b.as_deref());
                }
            }
        }
        (Cells::Bytes(left), Cells::Bytes(right)) => {
            for (row, _) in left.iter().zip(&right).enumerate().filter(|(_, (a, b))| a != b) {
                found.row(row);
            }
        }
        (Cells::Numbers(_), Cells::Bytes(_)) | (Cells::Bytes(_), Cells::Numbers(_)) => {}
    }
    Ok(found.first.map(|first| ColumnDiff::Values {
        name: name.to_owned(),
        rows: found.rows,
        first,
        largest: found.largest,
    }))
}

#[derive(Default)]
struct Found {
    rows: usize,
    first: Option<usize>,
    largest: Option<f64>,
}

impl Found {
    fn row(&mut self, row: usize) {
        self.rows += 1;
        self.first.get_or_insert(row);
    }

    fn numbers(&mut self, left: Option<&[f64]>, right: Option<&[f64]>) {
        let pairs = left.unwrap_or_default().iter().zip(right.unwrap_or_default());
        let largest = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        self.largest = Some(self.largest.unwrap_or(0.0).max(largest));
    }
}

fn both_nan(left: &Option<Vec<f64>>, right: &Option<Vec<f64>>) -> bool {
    let (Some(left), Some(right)) = (left, right) else {
        return false;
    };
    let same = |(a, b): (&f64, &f64)| a == b || (a.is_nan() && b.is_nan());
    left.len() == right.len() && left.iter().zip(right).all(same)
}

fn cells(table: &Table, name: &str, kind: CellType) -> Result<Cells, TableError> {
    macro_rules! numbers {
        ($type:ty, $number:expr) => {
            Cells::Numbers(table.get::<Option<$type>>(name)?.into_iter().map(|cell| cell.map($number)).collect())
        };
    }
    Ok(match kind {
        CellType::Bool => numbers!(bool, |cell| vec![f64::from(u8::from(cell))]),
        CellType::U8 => numbers!(u8, |cell| vec![f64::from(cell)]),
        CellType::I8 => numbers!(i8, |cell| vec![f64::from(cell)]),
        CellType::U32 => numbers!(u32, |cell| vec![f64::from(cell)]),
        CellType::I32 => numbers!(i32, |cell| vec![f64::from(cell)]),
        CellType::U64 => numbers!(u64, |cell| vec![cell as f64]),
        CellType::I64 => numbers!(i64, |cell| vec![cell as f64]),
        CellType::F32 => numbers!(f32, |cell| vec![f64::from(cell)]),
        CellType::F64 => numbers!(f64, |cell| vec![cell]),
        CellType::ListI8 => numbers!(Vec<i8>, |cell| cell.into_iter().map(f64::from).collect()),
        CellType::ListU32 => numbers!(Vec<u32>, |cell| cell.into_iter().map(f64::from).collect()),
        CellType::ListF32 => numbers!(Vec<f32>, |cell| cell.into_iter().map(f64::from).collect()),
        CellType::Text => {
            let texts = table.get::<Option<String>>(name)?.into_iter();
            Cells::Bytes(texts.map(|text| text.map(String::into_bytes)).collect())
        }
        CellType::Bytes => Cells::Bytes(table.get(name)?),
    })
}

impl fmt::Display for ArtifactDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.formats.0 != self.formats.1 {
            writeln!(f, "format {} -> {}", self.formats.0, self.formats.1)?;
        }
        self.files.iter().try_for_each(|file| write!(f, "{file}"))
    }
}

impl fmt::Display for FileDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnlyLeft(name) => writeln!(f, "{name}: only left"),
            Self::OnlyRight(name) => writeln!(f, "{name}: only right"),
            Self::Bytes { name, bytes } => {
                writeln!(f, "{name}: {} bytes -> {} bytes", bytes.0, bytes.1)
            }
            Self::Table(table) => write!(f, "{table}"),
        }
    }
}

impl fmt::Display for TableDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rows.0 == self.rows.1 {
            writeln!(f, "{}: {} rows", self.name, self.rows.0)?;
        } else {
            writeln!(f, "{}: {} rows -> {} rows", self.name, self.rows.0, self.rows.1)?;
        }
        self.columns.iter().try_for_each(|column| writeln!(f, "  {column}"))
    }
}

impl fmt::Display for ColumnDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnlyLeft(name) => write!(f, "{name}: only left"),
            Self::OnlyRight(name) => write!(f, "{name}: only right"),
            Self::Type(name) => write!(f, "{name}: other type"),
            Self::Values { name, rows, first, largest } => {
                write!(f, "{name}: {rows} rows differ, the first is {first}")?;
                largest.map_or(Ok(()), |largest| write!(f, ", by at most {largest}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::FolderWriter;

    fn folder(root: &std::path::Path, name: &str, table: &Table) -> Folder {
        let format = Format { name: "letters".to_owned(), version: 1 };
        let mut writer = FolderWriter::create(root.join(name), format).unwrap();
        writer.write_table("t", table).unwrap();
        writer.seal().unwrap()
    }

    #[test]
    fn a_table_differs_by_rows_columns_and_values() {
        let root = tempfile::tempdir().unwrap();
        let one = Table::new().with("id", vec![1_u32, 2, 3]).with("share", vec![0.5, f64::NAN, 2.0]);
        let two = Table::new()
            .with("id", vec![1_u32, 2, 4])
            .with("share", vec![0.5, f64::NAN, 2.0])
            .with("new", vec![true, true, true]);
        let (left, right) = (folder(root.path(), "a", &one), folder(root.path(), "b", &two));
        insta::assert_snapshot!(diff(&left, &right).unwrap(), @r"
        t: 3 rows
          id: 1 rows differ, the first is 2, by at most 1
          new: only right
        ");
        assert!(diff(&left, &left).unwrap().is_empty());
    }
}
