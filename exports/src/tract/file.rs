use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use crate::RunError;

/// Largest file that is loaded: 512 MiB, over a hundred million float weights, several times the largest
/// network of the search spaces. It keeps a mistaken path from filling the memory.
const LARGEST_FILE: u64 = 512 << 20;

/// Returns the bytes of a model file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, RunError> {
    let read = |source| RunError::Read { path: path.to_owned(), source };
    fits(&path.display().to_string(), fs::metadata(path).map_err(read)?.len())?;
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut bytes)).map_err(read)?;
    Ok(bytes)
}

/// Returns an error if a model of `found` bytes is too large.
pub(super) fn fits(model: &str, found: u64) -> Result<(), RunError> {
    if found > LARGEST_FILE {
        return Err(RunError::TooLarge { model: model.to_owned(), found, limit: LARGEST_FILE });
    }
    Ok(())
}
