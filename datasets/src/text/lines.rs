use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

use super::text_error::{LineProblem, TextError};

/// Most bytes of a line. The longest sentences of WMT'14 have some tens of thousands.
pub(crate) const MOST_LINE_BYTES: usize = 1 << 20;

/// The lines of a text, read one by one: memory is that of the longest line.
pub(crate) struct Lines {
    file: PathBuf,
    reader: BufReader<Box<dyn Read + Send>>,
    buffer: Vec<u8>,
    line: u64,
}

impl Lines {
    pub(crate) fn new(file: PathBuf, reader: Box<dyn Read + Send>) -> Self {
        Self { file, reader: BufReader::with_capacity(1 << 16, reader), buffer: Vec::new(), line: 0 }
    }

    /// Returns the next line without its end, which may be that of Windows, or none after the last.
    ///
    /// # Errors
    /// When the file cannot be read or the line is no text, with file and line.
    pub(crate) fn next_line(&mut self) -> Result<Option<&str>, TextError> {
        self.buffer.clear();
        let mut limited = (&mut self.reader).take(MOST_LINE_BYTES as u64 + 1);
        let read = limited.read_until(b'\n', &mut self.buffer);
        if read.map_err(|source| TextError::Io { path: self.file.clone(), source })? == 0 {
            return Ok(None);
        }
        self.line += 1;
        if self.buffer.len() > MOST_LINE_BYTES {
            return Err(self.error(LineProblem::TooLong { most: MOST_LINE_BYTES }));
        }
        let ended = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
        let content = ended.strip_suffix(b"\r").unwrap_or(ended);
        if content.contains(&0) {
            return Err(self.error(LineProblem::Nul));
        }
        match std::str::from_utf8(content) {
            Ok(line) => Ok(Some(line)),
            Err(error) => Err(self.error(LineProblem::NotUtf8 { valid: error.valid_up_to() })),
        }
    }

    /// Returns the error that the current line has a problem.
    pub(crate) fn error(&self, problem: LineProblem) -> TextError {
        TextError::Line { file: self.file.clone(), line: self.line, problem }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &'static [u8]) -> Result<Vec<String>, String> {
        let mut lines = Lines::new(PathBuf::from("a.de"), Box::new(bytes));
        let mut found = Vec::new();
        while let Some(line) = lines.next_line().map_err(|error| error.to_string())? {
            found.push(line.to_owned());
        }
        Ok(found)
    }

    #[test]
    fn lines_end_as_on_any_system() {
        assert_eq!(read(b"a\r\n\nb").unwrap(), ["a", "", "b"]);
        assert_eq!(read(b"").unwrap(), [""; 0]);
    }

    #[test]
    fn what_is_no_text_is_told_with_file_and_line() {
        assert!(read(b"a\nb\0\n").unwrap_err().starts_with("`a.de`, line 2: text has no byte 0"));
        let broken = read(b"a\nb\nc\xffd\n").unwrap_err();
        assert!(broken.starts_with("`a.de`, line 3: text must be UTF-8, found another byte after 1"), "{broken}");
    }

    #[test]
    fn a_line_of_ten_megabytes_is_an_error_before_it_is_read() {
        let long: Box<dyn Read + Send> = Box::new(std::io::repeat(b'a').take(10 << 20));
        let mut lines = Lines::new(PathBuf::from("a.de"), long);
        let error = lines.next_line().unwrap_err().to_string();
        assert!(error.starts_with("`a.de`, line 1: a sentence has at most 1048576 bytes"), "{error}");
        assert!(lines.buffer.capacity() <= 4 << 20);
    }
}
