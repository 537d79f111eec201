//! Which types a column can have, and the way between Rust values and columns.

use std::fmt;

use polars::prelude::{
    BinaryChunked, BooleanChunked, ChunkedArray, Column, DataType, Float32Type, Float64Type, Int8Type, Int32Type,
    Int64Type, IntoColumn, IntoSeries, ListBuilderTrait, ListPrimitiveChunkedBuilder, NewChunkedArray, StringChunked,
    UInt8Type, UInt32Type, UInt64Type,
};

use super::TableError;

/// The type of a column's cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellType {
    /// `bool`.
    Bool,
    /// `u8`.
    U8,
    /// `i8`.
    I8,
    /// `u32`.
    U32,
    /// `i32`.
    I32,
    /// `u64`.
    U64,
    /// `i64`.
    I64,
    /// `f32`.
    F32,
    /// `f64`.
    F64,
    /// `String`.
    Text,
    /// `Vec<u8>`.
    Bytes,
    /// `Vec<i8>`.
    ListI8,
    /// `Vec<u32>`.
    ListU32,
    /// `Vec<f32>`.
    ListF32,
}

impl fmt::Display for CellType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "bool",
            Self::U8 => "u8",
            Self::I8 => "i8",
            Self::U32 => "u32",
            Self::I32 => "i32",
            Self::U64 => "u64",
            Self::I64 => "i64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Text => "text",
            Self::Bytes => "bytes",
            Self::ListI8 => "list of i8",
            Self::ListU32 => "list of u32",
            Self::ListF32 => "list of f32",
        })
    }
}

pub(super) fn cell_type(dtype: &DataType) -> Option<CellType> {
    Some(match dtype {
        DataType::Boolean => CellType::Bool,
        DataType::UInt8 => CellType::U8,
        DataType::Int8 => CellType::I8,
        DataType::UInt32 => CellType::U32,
        DataType::Int32 => CellType::I32,
        DataType::UInt64 => CellType::U64,
        DataType::Int64 => CellType::I64,
        DataType::Float32 => CellType::F32,
        DataType::Float64 => CellType::F64,
        DataType::String => CellType::Text,
        DataType::Binary => CellType::Bytes,
        DataType::List(inner) if **inner == DataType::Int8 => CellType::ListI8,
        DataType::List(inner) if **inner == DataType::UInt32 => CellType::ListU32,
        DataType::List(inner) if **inner == DataType::Float32 => CellType::ListF32,
        _ => return None,
    })
}

pub(super) fn type_text(dtype: &DataType) -> String {
    cell_type(dtype).map_or_else(|| dtype.to_string(), |known| known.to_string())
}

/// A value a table cell can hold: `bool`, `u8`, `i8`, `u32`, `i32`, `u64`, `i64`, `f32`, `f64`, `String`, `Vec<u8>`
/// (bytes), `Vec<i8>`, `Vec<u32>`, `Vec<f32>` (lists), and `Option` of each.
pub trait Cell: Codec {
    /// The column's type.
    const TYPE: CellType;
}

/// Keeps the column library out of every public signature and the trait closed.
pub(super) mod codec {
    use super::{Column, TableError};

    pub trait Codec: Sized {
        fn into_column(name: &str, values: Vec<Self>) -> Column;
        fn from_column(column: &Column) -> Result<Vec<Self>, TableError>;
    }
}

use codec::Codec;

fn wrong_type<T: Cell>(column: &Column) -> TableError {
    TableError::WrongType { column: column.name().to_string(), wanted: T::TYPE, found: type_text(column.dtype()) }
}

/// Unwraps the cells of a column that must be complete.
fn complete<T>(column: &Column, cells: Vec<Option<T>>) -> Result<Vec<T>, TableError> {
    let unwrap = |(row, cell): (usize, Option<T>)| {
        cell.ok_or_else(|| TableError::MissingValue { column: column.name().to_string(), row })
    };
    cells.into_iter().enumerate().map(unwrap).collect()
}

macro_rules! numbers {
    ($($type:ty, $arrow:ident, $cell:ident, $method:ident;)*) => {$(
        impl Cell for $type {
            const TYPE: CellType = CellType::$cell;
        }

        impl Codec for $type {
            fn into_column(name: &str, values: Vec<Self>) -> Column {
                ChunkedArray::<$arrow>::from_vec(name.into(), values).into_series().into_column()
            }

            fn from_column(column: &Column) -> Result<Vec<Self>, TableError> {
                let cells = column.$method().map_err(|_| wrong_type::<Self>(column))?;
                if cells.null_count() == 0 {
                    let mut values = Vec::with_capacity(cells.len());
                    cells.downcast_iter().for_each(|chunk| values.extend_from_slice(chunk.values()));
                    return Ok(values);
                }
                complete(column, cells.iter().collect())
            }
        }

        optional!($type, $method, |cells: &ChunkedArray<$arrow>| cells.iter().collect(),
            |name: &str, values: Vec<Option<$type>>| {
                ChunkedArray::<$arrow>::from_slice_options(name.into(), &values).into_series()
            });
    )*};
}

macro_rules! optional {
    ($type:ty, $method:ident, $read:expr, $write:expr) => {
        impl Cell for Option<$type> {
            const TYPE: CellType = <$type as Cell>::TYPE;
        }

        impl Codec for Option<$type> {
            fn into_column(name: &str, values: Vec<Self>) -> Column {
                $write(name, values).into_column()
            }

            fn from_column(column: &Column) -> Result<Vec<Self>, TableError> {
                let cells = column.$method().map_err(|_| wrong_type::<Self>(column))?;
                Ok($read(cells))
            }
        }
    };
}

macro_rules! others {
    ($($type:ty, $cell:ident, $array:ty, $method:ident;)*) => {$(
        impl Cell for $type {
            const TYPE: CellType = CellType::$cell;
        }

        impl Codec for $type {
            fn into_column(name: &str, values: Vec<Self>) -> Column {
                <$array>::from_slice(name.into(), &values).into_series().into_column()
            }

            fn from_column(column: &Column) -> Result<Vec<Self>, TableError> {
                complete(column, Option::<Self>::from_column(column)?)
            }
        }

        optional!($type, $method,
            |cells: &$array| cells.iter().map(|cell| cell.map(<$type>::from)).collect(),
            |name: &str, values: Vec<Option<$type>>| {
                <$array>::from_slice_options(name.into(), &values).into_series()
            });
    )*};
}

macro_rules! lists {
    ($($item:ty, $arrow:ident, $dtype:ident, $cell:ident, $method:ident;)*) => {$(
        impl Cell for Vec<$item> {
            const TYPE: CellType = CellType::$cell;
        }

        impl Codec for Vec<$item> {
            fn into_column(name: &str, values: Vec<Self>) -> Column {
                Option::<Self>::into_column(name, values.into_iter().map(Some).collect())
            }

            fn from_column(column: &Column) -> Result<Vec<Self>, TableError> {
                complete(column, Option::<Self>::from_column(column)?)
            }
        }

        impl Cell for Option<Vec<$item>> {
            const TYPE: CellType = CellType::$cell;
        }

        impl Codec for Option<Vec<$item>> {
            fn into_column(name: &str, values: Vec<Self>) -> Column {
                let items = values.iter().flatten().map(Vec::len).sum();
                let mut builder = ListPrimitiveChunkedBuilder::<$arrow>::new(
                    name.into(), values.len(), items, DataType::$dtype,
                );
                values.iter().for_each(|list| builder.append_opt_slice(list.as_deref()));
                builder.finish().into_series().into_column()
            }

            fn from_column(column: &Column) -> Result<Vec<Self>, TableError> {
                if cell_type(column.dtype()) != Some(CellType::$cell) {
                    return Err(wrong_type::<Self>(column));
                }
                let lists = column.list().map_err(|_| wrong_type::<Self>(column))?;
                let mut values = Vec::with_capacity(lists.len());
                for list in lists.series_iter() {
                    let Some(list) = list else {
                        values.push(None);
                        continue;
                    };
                    let items = list.$method().map_err(|_| wrong_type::<Self>(column))?;
                    if items.null_count() > 0 {
                        let row = values.len();
                        return Err(TableError::MissingValue { column: column.name().to_string(), row });
                    }
                    let mut flat = Vec::with_capacity(items.len());
                    items.downcast_iter().for_each(|chunk| flat.extend_from_slice(chunk.values()));
                    values.push(Some(flat));
                }
                Ok(values)
            }
        }
    )*};
}

numbers! {
    u8, UInt8Type, U8, u8;
    i8, Int8Type, I8, i8;
    u32, UInt32Type, U32, u32;
    i32, Int32Type, I32, i32;
    u64, UInt64Type, U64, u64;
    i64, Int64Type, I64, i64;
    f32, Float32Type, F32, f32;
    f64, Float64Type, F64, f64;
}

others! {
    bool, Bool, BooleanChunked, bool;
    String, Text, StringChunked, str;
    Vec<u8>, Bytes, BinaryChunked, binary;
}

lists! {
    i8, Int8Type, Int8, ListI8, i8;
    u32, UInt32Type, UInt32, ListU32, u32;
    f32, Float32Type, Float32, ListF32, f32;
}
