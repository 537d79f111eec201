use super::corpus::PairFiles;
use super::text_error::TextError;
use super::text_file::Sentences;

/// Most pairs of a chunk.
const CHUNK_PAIRS: usize = 1 << 12;
/// Bytes after which a chunk ends early.
const CHUNK_BYTES: usize = 4 << 20;

/// A sentence and its translation as they stand in the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawPair {
    pub(crate) source: String,
    pub(crate) target: String,
}

/// Reads pairs of files one after the other, a chunk of pairs at a time.
pub(crate) struct PairReader<'a> {
    files: &'a [PairFiles],
    next: usize,
    open: Option<OpenPair<'a>>,
}

struct OpenPair<'a> {
    files: &'a PairFiles,
    source: Sentences,
    target: Sentences,
    read: u64,
}

impl<'a> PairReader<'a> {
    pub(crate) fn new(files: &'a [PairFiles]) -> Self {
        Self { files, next: 0, open: None }
    }

    /// Returns the next pairs, none left when empty. A chunk may end before a file does, never after it.
    ///
    /// # Errors
    /// When a file cannot be read, is empty, holds a line that is no text, or its partner has more or fewer sentences.
    pub(crate) fn next_chunk(&mut self) -> Result<Vec<RawPair>, TextError> {
        let mut chunk = Vec::new();
        while chunk.is_empty() {
            if self.open.is_none() {
                let Some(files) = self.files.get(self.next) else { return Ok(chunk) };
                self.next += 1;
                let (source, target) = (files.source.sentences()?, files.target.sentences()?);
                self.open = Some(OpenPair { files, source, target, read: 0 });
            }
            let ended = self.open.as_mut().map_or(Ok(true), |open| open.fill(&mut chunk))?;
            if ended {
                self.open = None;
            }
        }
        Ok(chunk)
    }
}

impl OpenPair<'_> {
    /// Appends pairs to a chunk until it is full or the files end; tells whether they did.
    fn fill(&mut self, chunk: &mut Vec<RawPair>) -> Result<bool, TextError> {
        let mut bytes = 0;
        while chunk.len() < CHUNK_PAIRS && bytes < CHUNK_BYTES {
            let source = self.source.next_sentence()?;
            let target = self.target.next_sentence()?;
            match (source, target) {
                (Some(source), Some(target)) => {
                    bytes += source.len() + target.len();
                    chunk.push(RawPair { source: source.to_owned(), target: target.to_owned() });
                    self.read += 1;
                }
                (None, None) if self.read == 0 => return Err(TextError::Empty { file: self.files.source.path() }),
                (None, None) => return Ok(true),
                (Some(_), None) => {
                    let more = 1 + rest(&mut self.source)?;
                    return Err(self.unequal(more, 0));
                }
                (None, Some(_)) => {
                    let more = 1 + rest(&mut self.target)?;
                    return Err(self.unequal(0, more));
                }
            }
        }
        Ok(false)
    }

    fn unequal(&self, more_sources: u64, more_targets: u64) -> TextError {
        let (source_file, target_file) = (self.files.source.path(), self.files.target.path());
        if self.read == 0 {
            return TextError::Empty { file: if more_sources == 0 { source_file } else { target_file } };
        }
        let (source_lines, target_lines) = (self.read + more_sources, self.read + more_targets);
        TextError::Unequal { source_file, source_lines, target_file, target_lines }
    }
}

fn rest(sentences: &mut Sentences) -> Result<u64, TextError> {
    let mut count = 0;
    while sentences.next_sentence()?.is_some() {
        count += 1;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::text::text_file::TextFile;

    fn files(folder: &Path, source: &str, target: &str) -> PairFiles {
        let file = |name: &str, text: &str| {
            let path = folder.join(name);
            fs::write(&path, text).unwrap();
            TextFile::on_disk(path)
        };
        PairFiles { source: file("a.en", source), target: file("a.de", target) }
    }

    fn read(source: &str, target: &str) -> Result<usize, String> {
        let folder = tempfile::tempdir().unwrap();
        let files = [files(folder.path(), source, target)];
        let mut reader = PairReader::new(&files);
        let mut pairs = 0;
        loop {
            let chunk = reader
                .next_chunk()
                .map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))?;
            if chunk.is_empty() {
                return Ok(pairs);
            }
            assert!(chunk.len() <= CHUNK_PAIRS);
            pairs += chunk.len();
        }
    }

    #[test]
    fn every_pair_is_read_in_chunks() {
        let text = "line\n".repeat(CHUNK_PAIRS + 3);
        assert_eq!(read(&text, &text).unwrap(), CHUNK_PAIRS + 3);
        assert_eq!(
            read("a\n\nb", "c\nd\n").unwrap_err(),
            "`a.en` has 3 sentences but `a.de` has 2; line n of one must be the translation of line n of the other"
        );
    }

    #[test]
    fn a_missing_line_is_told_with_both_counts() {
        let error = read("a\nb\n", "c\nd\ne\nf\n").unwrap_err();
        assert!(error.starts_with("`a.en` has 2 sentences but `a.de` has 4"), "{error}");
    }

    #[test]
    fn an_empty_file_is_told() {
        assert!(read("", "").unwrap_err().starts_with("`a.en` is empty"));
        assert!(read("a\n", "").unwrap_err().starts_with("`a.de` is empty"));
        assert_eq!(read("\n", "\n").unwrap(), 1);
    }

    #[test]
    fn a_chunk_ends_where_its_bytes_do() {
        let line = format!("{}\n", "x".repeat(1 << 19));
        let text = line.repeat(40);
        let folder = tempfile::tempdir().unwrap();
        let files = [files(folder.path(), &text, &text)];
        let chunk = PairReader::new(&files).next_chunk().unwrap();
        assert!(chunk.len() < 40 && !chunk.is_empty());
    }
}
