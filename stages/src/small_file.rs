//! Text files that a person writes by hand.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Most bytes that are read; what is written by hand has a few thousand.
const MOST_BYTES: u64 = 1 << 20;

/// Returns the text of a file.
///
/// # Errors
/// If it cannot be read, is no UTF-8, or is larger than a mebibyte.
pub fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?.take(MOST_BYTES + 1).read_to_string(&mut text)?;
    if read as u64 > MOST_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("larger than {MOST_BYTES} bytes")));
    }
    Ok(text)
}
