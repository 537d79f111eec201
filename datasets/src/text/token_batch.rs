use translation::special::{END, PAD};

/// Pairs of sentences as token ids, padded on the right to common lengths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenBatch {
    /// Number of pairs.
    pub pairs: usize,
    /// Tokens of the longest source.
    pub source_length: usize,
    /// Tokens of the longest target.
    pub target_length: usize,
    /// `[pairs, source_length]`; every source ends with the end of sentence.
    pub sources: Vec<u32>,
    /// `[pairs, target_length]`; every target ends with the end of sentence.
    pub targets: Vec<u32>,
    /// Tokens of each source.
    pub source_lengths: Vec<usize>,
    /// Tokens of each target.
    pub target_lengths: Vec<usize>,
}

impl TokenBatch {
    /// Returns the batch of pairs of sentences, none of them with its end of sentence yet.
    pub fn new<'a>(pairs: impl IntoIterator<Item = (&'a [u32], &'a [u32])>) -> Self {
        let (sources, targets): (Vec<&[u32]>, Vec<&[u32]>) = pairs.into_iter().unzip();
        let (source_length, source_lengths, sources) = padded(&sources);
        let (target_length, target_lengths, targets) = padded(&targets);
        let pairs = source_lengths.len();
        Self { pairs, source_length, target_length, sources, targets, source_lengths, target_lengths }
    }

    /// Returns what the decoder reads: the targets, each with its end of sentence moved to the front.
    pub fn decoder_inputs(&self) -> Vec<u32> {
        let rows = self.targets.chunks_exact(self.target_length.max(1)).zip(&self.target_lengths);
        let shifted = rows.flat_map(|(row, &length)| {
            let padding = row.len() - length;
            std::iter::once(END).chain(row[..length - 1].iter().copied()).chain(std::iter::repeat_n(PAD, padding))
        });
        shifted.collect()
    }

    /// Returns the number of tokens of the targets, ends of sentences included.
    pub fn target_tokens(&self) -> usize {
        self.target_lengths.iter().sum()
    }
}

fn padded(sentences: &[&[u32]]) -> (usize, Vec<usize>, Vec<u32>) {
    let lengths: Vec<usize> = sentences.iter().map(|sentence| sentence.len() + 1).collect();
    let longest = lengths.iter().copied().max().unwrap_or(0);
    let row = |sentence: &&[u32]| {
        let padding = longest - sentence.len() - 1;
        let end = std::iter::once(END).chain(std::iter::repeat_n(PAD, padding));
        sentence.iter().copied().chain(end).collect::<Vec<u32>>()
    };
    (longest, lengths, sentences.iter().flat_map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_ended_and_padded_and_the_decoder_reads_one_token_back() {
        let batch = TokenBatch::new([(&[5, 6, 7][..], &[8][..]), (&[9], &[10, 11])]);
        assert_eq!((batch.source_length, batch.target_length), (4, 3));
        assert_eq!(batch.sources, [5, 6, 7, END, 9, END, PAD, PAD]);
        assert_eq!(batch.targets, [8, END, PAD, 10, 11, END]);
        assert_eq!(batch.decoder_inputs(), [END, 8, PAD, END, 10, 11]);
        assert_eq!(batch.target_tokens(), 5);
    }
}
