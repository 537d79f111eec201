use csv::ReaderBuilder;
use serde::de::DeserializeOwned;

/// Returns the rows of a data file; lines that begin with `#` say where they are from.
pub(crate) fn rows<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, csv::Error> {
    ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes()).deserialize().collect()
}
