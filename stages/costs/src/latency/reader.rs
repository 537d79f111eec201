use std::collections::BTreeSet;

use csv::StringRecord;

use super::columns::DEPTHS;
use super::{
    BLOCK_COLUMNS, BlockType, Encoding, HAT_FEATURES, LATENCY_COLUMN, LATENCY_COLUMNS, LONGEST_STACK, LatencyError,
    LatencyParts, LatencyQuery, LatencyRow, LatencyTable, StackCodes, Stacks,
};

/// Between the block types of two layers, and after the last.
const ARROW: &str = "-->";

/// Returns the rows of a CSV text in one of two layouts; `file` names it in errors.
///
/// HAT's layout, where one of [`LATENCY_COLUMNS`] is there, the columns in any order: the ten numbers of
/// [`HAT_FEATURES`], the two columns of [`BLOCK_COLUMNS`] or neither, all four of the former. The latency of a row is
/// the sum of both means.
///
/// The general layout, with a column [`LATENCY_COLUMN`]: every other column is a feature, a finite number in each row.
///
/// # Errors
/// At the first column that is missing, repeated or unknown, the first cell that is not what its column wants (a
/// number that is not finite, a latency that is not positive, a block type nobody knows), the first row that was cut
/// off, and where there is no row.
pub fn read_rows(text: &str, file: &str) -> Result<LatencyTable, LatencyError> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let heading = reader.headers().map_err(|error| broken(&error, file))?.clone();
    let layout = Layout::of_heading(&heading, file)?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| broken(&error, file))?;
        let line = record.position().map_or(0, csv::Position::line);
        rows.push(layout.row(&Cells { record: &record, heading: &heading, file, line })?);
    }
    if rows.is_empty() {
        return Err(LatencyError::TooFewRows { wanted: 1, found: 0 });
    }
    Ok(LatencyTable { encoding: layout.encoding, rows })
}

fn broken(error: &csv::Error, file: &str) -> LatencyError {
    let line = error.position().map_or(0, csv::Position::line);
    LatencyError::Csv { file: file.to_owned(), line, message: error.to_string() }
}

/// Where the columns of a layout stand.
struct Layout {
    encoding: Encoding,
    features: Vec<usize>,
    stacks: Option<[usize; 2]>,
    latency: LatencyAt,
}

enum LatencyAt {
    Whole(usize),
    Parts([usize; 4]),
}

impl Layout {
    fn of_heading(heading: &StringRecord, file: &str) -> Result<Self, LatencyError> {
        let names: Vec<&str> = heading.iter().collect();
        let mut seen = BTreeSet::new();
        if let Some(twice) = names.iter().find(|name| !seen.insert(**name)) {
            return Err(LatencyError::RepeatedColumn { file: file.to_owned(), column: (*twice).to_owned() });
        }
        match LATENCY_COLUMNS.iter().any(|column| names.contains(column)) {
            true => Self::hat(&names, file),
            false => Self::general(&names, find(&names, LATENCY_COLUMN, file)?, file),
        }
    }

    fn general(names: &[&str], latency: usize, file: &str) -> Result<Self, LatencyError> {
        let features: Vec<usize> = (0..names.len()).filter(|&at| at != latency).collect();
        if features.is_empty() {
            let (file, found) = (file.to_owned(), LATENCY_COLUMN.to_owned());
            return Err(LatencyError::MissingColumn { file, column: "a feature".to_owned(), found });
        }
        let encoding = Encoding::of_names(features.iter().map(|&at| names[at].to_owned()));
        Ok(Self { encoding, features, stacks: None, latency: LatencyAt::Whole(latency) })
    }

    fn hat(names: &[&str], file: &str) -> Result<Self, LatencyError> {
        let known = HAT_FEATURES.map(|feature| feature.0).into_iter().chain(BLOCK_COLUMNS).chain(LATENCY_COLUMNS);
        let known: BTreeSet<&str> = known.collect();
        if let Some(unknown) = names.iter().find(|name| !known.contains(**name)) {
            return Err(LatencyError::UnknownColumn { file: file.to_owned(), column: (*unknown).to_owned() });
        }
        let at = |column: &str| find(names, column, file);
        let features = HAT_FEATURES.iter().map(|feature| at(feature.0)).collect::<Result<_, _>>()?;
        let has_stacks = BLOCK_COLUMNS.iter().any(|column| names.contains(column));
        let stacks = has_stacks.then(|| Ok([at(BLOCK_COLUMNS[0])?, at(BLOCK_COLUMNS[1])?])).transpose()?;
        let codes = if has_stacks { StackCodes::OneHot } else { StackCodes::Absent };
        let [a, b, c, d] = LATENCY_COLUMNS.map(at);
        Ok(Self { encoding: Encoding::hat(codes), features, stacks, latency: LatencyAt::Parts([a?, b?, c?, d?]) })
    }

    fn row(&self, cells: &Cells<'_>) -> Result<LatencyRow, LatencyError> {
        cells.check_count()?;
        let numbers =
            self.features.iter().map(|&at| cells.number(at, Wanted::Finite)).collect::<Result<Vec<_>, _>>()?;
        let stacks = self.stacks.map(|[encoder, decoder]| {
            let [encoder, decoder] = [cells.stack(encoder)?, cells.stack(decoder)?];
            cells.check_depth(0, encoder.len(), &numbers)?;
            cells.check_depth(1, decoder.len(), &numbers)?;
            Ok(Stacks { encoder, decoder })
        });
        let (latency_ms, parts) = match self.latency {
            LatencyAt::Whole(at) => (cells.number(at, Wanted::Positive)?, None),
            LatencyAt::Parts(at) => cells.parts(at).map(|parts| (parts.total_ms(), Some(parts)))?,
        };
        Ok(LatencyRow { query: LatencyQuery { numbers, stacks: stacks.transpose()? }, latency_ms, parts })
    }
}

fn find(names: &[&str], column: &str, file: &str) -> Result<usize, LatencyError> {
    let missing =
        || LatencyError::MissingColumn { file: file.to_owned(), column: column.to_owned(), found: names.join(", ") };
    names.iter().position(|name| *name == column).ok_or_else(missing)
}

impl LatencyParts {
    /// Returns the latency of both halves in milliseconds.
    pub fn total_ms(&self) -> f64 {
        self.latency_mean_encoder + self.latency_mean_decoder
    }
}

/// What a number must be.
#[derive(Clone, Copy)]
enum Wanted {
    Finite,
    Positive,
    NotNegative,
}

impl Wanted {
    const fn text(self) -> &'static str {
        match self {
            Wanted::Finite => "a finite number",
            Wanted::Positive => "milliseconds above 0",
            Wanted::NotNegative => "milliseconds of at least 0",
        }
    }

    fn accepts(self, number: f64) -> bool {
        number.is_finite()
            && match self {
                Wanted::Finite => true,
                Wanted::Positive => number > 0.0,
                Wanted::NotNegative => number >= 0.0,
            }
    }
}

/// The cells of a row, and where it stands.
struct Cells<'a> {
    record: &'a StringRecord,
    heading: &'a StringRecord,
    file: &'a str,
    line: u64,
}

impl Cells<'_> {
    fn check_count(&self) -> Result<(), LatencyError> {
        let (wanted, found) = (self.heading.len(), self.record.len());
        if wanted == found {
            return Ok(());
        }
        Err(LatencyError::Cells { file: self.file.to_owned(), line: self.line, wanted, found })
    }

    fn refuse(&self, at: usize, wanted: &'static str, found: &str) -> LatencyError {
        let (file, column) = (self.file.to_owned(), self.heading[at].to_owned());
        LatencyError::Cell { file, line: self.line, column, wanted, found: found.to_owned() }
    }

    fn number(&self, at: usize, wanted: Wanted) -> Result<f64, LatencyError> {
        let text = &self.record[at];
        let number = text.parse().ok().filter(|&number| wanted.accepts(number));
        number.ok_or_else(|| self.refuse(at, wanted.text(), text))
    }

    fn parts(&self, [encoder, decoder, encoder_std, decoder_std]: [usize; 4]) -> Result<LatencyParts, LatencyError> {
        Ok(LatencyParts {
            latency_mean_encoder: self.number(encoder, Wanted::Positive)?,
            latency_mean_decoder: self.number(decoder, Wanted::Positive)?,
            latency_std_encoder: self.number(encoder_std, Wanted::NotNegative)?,
            latency_std_decoder: self.number(decoder_std, Wanted::NotNegative)?,
        })
    }

    fn stack(&self, at: usize) -> Result<Vec<BlockType>, LatencyError> {
        let text = &self.record[at];
        let blocks = text.strip_suffix(ARROW).unwrap_or(text).split(ARROW).map(str::trim);
        let known = |name| BlockType::of_name(name).ok_or_else(|| self.refuse(at, "block types joined with -->", name));
        let blocks = blocks.map(known).collect::<Result<Vec<_>, _>>()?;
        if blocks.len() > LONGEST_STACK {
            return Err(self.refuse(at, "at most 6 block types", text));
        }
        Ok(blocks)
    }

    fn check_depth(&self, stack: usize, found: usize, numbers: &[f64]) -> Result<(), LatencyError> {
        let depth = DEPTHS[stack];
        let wanted = numbers[depth];
        if wanted == found as f64 {
            return Ok(());
        }
        let (file, line) = (self.file.to_owned(), self.line);
        let (column, depth_column) = (BLOCK_COLUMNS[stack], HAT_FEATURES[depth].0);
        Err(LatencyError::Depth { file, line, column, depth_column, wanted, found })
    }
}

#[cfg(test)]
mod tests;
