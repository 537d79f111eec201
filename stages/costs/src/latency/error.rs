use thiserror::Error;

/// Why rows of latencies cannot be read, fitted or asked.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum LatencyError {
    /// The text is not CSV.
    #[error("{file}:{line}: no CSV: {message}")]
    Csv {
        /// The file.
        file: String,
        /// Line, first is 1.
        line: u64,
        /// What the reader of CSV said.
        message: String,
    },
    /// A column is not there.
    #[error("{file}:1: column `{column}` is missing; found {found}")]
    MissingColumn {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// The columns there are, joined with commas.
        found: String,
    },
    /// A column is there twice.
    #[error("{file}:1: column `{column}` stands there twice")]
    RepeatedColumn {
        /// The file.
        file: String,
        /// The column.
        column: String,
    },
    /// A column that the layout does not have.
    #[error(
        "{file}:1: column `{column}` is unknown; a table with encoder and decoder apart has the columns of HAT only"
    )]
    UnknownColumn {
        /// The file.
        file: String,
        /// The column.
        column: String,
    },
    /// A row has fewer or more cells than the heading.
    #[error("{file}:{line}: wanted {wanted} cells, found {found}; a row that was cut off must be deleted")]
    Cells {
        /// The file.
        file: String,
        /// Line, first is 1.
        line: u64,
        /// Columns of the heading.
        wanted: usize,
        /// Cells of the row.
        found: usize,
    },
    /// A cell holds something else than its column wants.
    #[error("{file}:{line}: column `{column}` wants {wanted}, found `{found}`")]
    Cell {
        /// The file.
        file: String,
        /// Line, first is 1.
        line: u64,
        /// The column.
        column: String,
        /// What may stand there.
        wanted: &'static str,
        /// What stands there.
        found: String,
    },
    /// A stack has another depth than its block types say.
    #[error("{file}:{line}: column `{column}` names {found} blocks, `{depth_column}` says {wanted} layers")]
    Depth {
        /// The file.
        file: String,
        /// Line, first is 1.
        line: u64,
        /// The column of block types.
        column: &'static str,
        /// The column of depths.
        depth_column: &'static str,
        /// Layers by the number.
        wanted: f64,
        /// Blocks by the names.
        found: usize,
    },
    /// There are too few rows to hold some of them out.
    #[error("wanted at least {wanted} rows, found {found}")]
    TooFewRows {
        /// Rows wanted.
        wanted: usize,
        /// Rows found.
        found: usize,
    },
    /// The number of folds makes no sense.
    #[error("wanted at least 2 folds, found {found}")]
    Folds {
        /// Folds asked for.
        found: usize,
    },
    /// A query has another form than the rows that were fitted.
    #[error("the predictor wants {wanted}, the query has {found}")]
    Query {
        /// What the predictor wants.
        wanted: String,
        /// What the query has.
        found: String,
    },
    /// Least squares found no solution.
    #[error("no least squares of {rows} rows and {terms} terms: {reason}")]
    Singular {
        /// Rows.
        rows: usize,
        /// Terms.
        terms: usize,
        /// What the decomposition said.
        reason: &'static str,
    },
}
