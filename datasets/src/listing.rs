//! What lies in a folder, for finding files and for saying what was found instead.

use std::fs;
use std::path::Path;

use crate::SourceError;

/// A message lists at most this many names.
const NAMES_IN_A_MESSAGE: usize = 8;

/// Returns the names in `folder`, sorted.
///
/// # Errors
/// [`SourceError::Io`] when the folder cannot be read.
pub(crate) fn names_in(folder: &Path) -> Result<Vec<String>, SourceError> {
    let read = |source| SourceError::Io { path: folder.to_path_buf(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(read)? {
        names.push(entry.map_err(read)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Returns `names` as a message shows them: `a.txt, b.txt and 3 more`, or `nothing`.
pub(crate) fn shown(names: &[String]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    let listed = names.iter().take(NAMES_IN_A_MESSAGE).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMES_IN_A_MESSAGE) {
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}

/// Returns the error that `wanted` is not in `folder`, which says what is there.
pub(crate) fn missing(wanted: String, folder: &Path, fix: &'static str) -> SourceError {
    match names_in(folder) {
        Ok(names) => SourceError::Missing { wanted, folder: folder.to_path_buf(), found: shown(&names), fix },
        Err(error) => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_listing_is_cut() {
        let names: Vec<String> = (0..10).map(|index| index.to_string()).collect();
        assert_eq!(shown(&names), "0, 1, 2, 3, 4, 5, 6, 7 and 2 more");
        assert_eq!(shown(&names[..2]), "0, 1");
        assert_eq!(shown(&[]), "nothing");
    }
}
