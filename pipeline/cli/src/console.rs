//! Where text goes: results to standard output, all else to standard error, colour only to a person.

use std::io::{self, BufWriter, IsTerminal, Write};

use engine::Colour;

/// What a coloured word means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Done, fresh, passed.
    Good,
    /// To be run, skipped.
    Due,
    /// Failed.
    Bad,
    /// A hint or a heading.
    Hint,
}

impl Ink {
    /// Returns the text in this ink.
    pub(crate) fn paint(self, text: &str, colour: Colour) -> String {
        let code = match self {
            Self::Good => 32,
            Self::Due => 33,
            Self::Bad => 31,
            Self::Hint => 36,
        };
        match colour {
            Colour::Plain => text.to_owned(),
            Colour::Ansi => format!("\x1b[1;{code}m{text}\x1b[0m"),
        }
    }
}

/// The text of a command's results. A reader that has gone away is no error: the rest is dropped.
pub(crate) struct Output<W: Write = io::Stdout> {
    inner: BufWriter<W>,
    colour: Colour,
    closed: bool,
}

impl Output {
    /// Returns standard output.
    pub(crate) fn stdout() -> Self {
        let colour = colour(&io::stdout());
        Self { inner: BufWriter::new(io::stdout()), colour, closed: false }
    }
}

impl<W: Write> Output<W> {
    /// Returns the text in an ink, as far as the reader sees colours.
    pub(crate) fn paint(&self, text: &str, ink: Ink) -> String {
        ink.paint(text, self.colour)
    }

    /// Writes what is still held back.
    ///
    /// # Errors
    /// When the text cannot be written although somebody reads it.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.flush()
    }

    fn unless_closed<T>(&mut self, dropped: T, result: io::Result<T>) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(dropped)
            }
            result => result,
        }
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.closed {
            return Ok(bytes.len());
        }
        let written = self.inner.write(bytes);
        self.unless_closed(bytes.len(), written)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let flushed = self.inner.flush();
        self.unless_closed((), flushed)
    }
}

/// Writes a line to standard error; a log nobody reads is no error.
pub(crate) fn log(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Returns whether a person reads standard error on a terminal.
pub(crate) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Returns whether standard error shows colours.
pub(crate) fn stderr_colour() -> Colour {
    colour(&io::stderr())
}

/// Returns the text in an ink, as far as the reader of standard error sees colours.
pub(crate) fn on_stderr(text: &str, ink: Ink) -> String {
    ink.paint(text, stderr_colour())
}

/// `NO_COLOR` counts when it is set and not empty (no-color.org).
fn colour(stream: &impl IsTerminal) -> Colour {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if stream.is_terminal() && !refused { Colour::Ansi } else { Colour::Plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pipe whose reader has gone away.
    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn a_closed_pipe_drops_the_rest_without_an_error() {
        let mut output = Output { inner: BufWriter::with_capacity(1, Closed), colour: Colour::Plain, closed: false };
        output.write_all(b"more than one byte").unwrap();
        assert!(output.closed);
        output.write_all(b"and more").unwrap();
        output.finish().unwrap();
    }

    #[test]
    fn plain_text_carries_no_escapes() {
        assert_eq!(Ink::Bad.paint("failed", Colour::Plain), "failed");
        assert_eq!(Ink::Bad.paint("failed", Colour::Ansi), "\u{1b}[1;31mfailed\u{1b}[0m");
    }
}
