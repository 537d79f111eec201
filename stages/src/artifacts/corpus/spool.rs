use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};

/// Pairs of token lists on their way into the store, in a file without a name: a corpus need not fit into memory.
pub struct PairSpool {
    file: BufWriter<File>,
    /// Pairs so far.
    pub pairs: usize,
}

impl PairSpool {
    /// Returns an empty spool.
    ///
    /// # Errors
    /// If no temporary file can be made.
    pub fn new() -> io::Result<Self> {
        Ok(Self { file: BufWriter::new(tempfile::tempfile()?), pairs: 0 })
    }

    /// Adds a pair.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn push(&mut self, source: &[u32], target: &[u32]) -> io::Result<()> {
        self.write(source)?;
        self.write(target)?;
        self.pairs += 1;
        Ok(())
    }

    fn write(&mut self, tokens: &[u32]) -> io::Result<()> {
        self.file.write_all(&(tokens.len() as u32).to_le_bytes())?;
        tokens.iter().try_for_each(|token| self.file.write_all(&token.to_le_bytes()))
    }

    /// Returns the pairs from the first one.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn into_reader(self) -> io::Result<PairReader> {
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(PairReader { file: BufReader::new(file) })
    }
}

/// Pairs as two columns of equal length.
#[derive(Debug, Default)]
pub struct PairColumns {
    /// Tokens of each source.
    pub sources: Vec<Vec<u32>>,
    /// Tokens of each target.
    pub targets: Vec<Vec<u32>>,
}

/// The pairs of a spool in order.
pub struct PairReader {
    file: BufReader<File>,
}

impl PairReader {
    /// Returns up to `count` pairs; none at the end.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn take(&mut self, count: usize) -> io::Result<PairColumns> {
        let mut pairs = PairColumns::default();
        while pairs.sources.len() < count {
            let Some(source) = self.tokens()? else { break };
            let target = self.tokens()?.ok_or(ErrorKind::UnexpectedEof)?;
            pairs.sources.push(source);
            pairs.targets.push(target);
        }
        Ok(pairs)
    }

    fn tokens(&mut self) -> io::Result<Option<Vec<u32>>> {
        let mut word = [0; 4];
        match self.file.read_exact(&mut word) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let mut bytes = vec![0; 4 * u32::from_le_bytes(word) as usize];
        self.file.read_exact(&mut bytes)?;
        let token = |bytes: &[u8]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        Ok(Some(bytes.chunks_exact(4).map(token).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_out_in_order_and_in_portions() {
        let mut spool = PairSpool::new().unwrap();
        (0..5_u32).try_for_each(|at| spool.push(&[at, at + 1], &[])).unwrap();
        assert_eq!(spool.pairs, 5);
        let mut reader = spool.into_reader().unwrap();
        assert_eq!(reader.take(3).unwrap().sources, [[0, 1], [1, 2], [2, 3]]);
        assert_eq!(reader.take(3).unwrap().sources, [[3, 4], [4, 5]]);
        assert!(reader.take(3).unwrap().sources.is_empty());
    }
}
