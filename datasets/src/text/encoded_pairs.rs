use super::token_batch::TokenBatch;

/// Pairs of sentences as token ids, held in memory without a vector per sentence. No sentence has its end yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncodedPairs {
    sources: Sentences,
    targets: Sentences,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sentences {
    tokens: Vec<u32>,
    /// Behind the last token of each sentence.
    ends: Vec<usize>,
}

impl EncodedPairs {
    /// Adds a pair.
    pub fn push(&mut self, source: &[u32], target: &[u32]) {
        self.sources.push(source);
        self.targets.push(target);
    }

    /// Returns the number of pairs.
    pub const fn len(&self) -> usize {
        self.sources.ends.len()
    }

    /// Returns whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.sources.ends.is_empty()
    }

    /// Returns the tokens of the source of pair `at`.
    pub fn source(&self, at: usize) -> &[u32] {
        self.sources.get(at)
    }

    /// Returns the tokens of the target of pair `at`.
    pub fn target(&self, at: usize) -> &[u32] {
        self.targets.get(at)
    }

    /// Returns the tokens of source and target of every pair, ends of sentences not included.
    pub fn lengths(&self) -> Vec<(u32, u32)> {
        let length = |sentence: &[u32]| sentence.len() as u32;
        (0..self.len()).map(|at| (length(self.source(at)), length(self.target(at)))).collect()
    }

    /// Returns the pairs at `positions`, in that order.
    pub fn select(&self, positions: &[usize]) -> Self {
        let mut selected = Self::default();
        positions.iter().for_each(|&at| selected.push(self.source(at), self.target(at)));
        selected
    }

    /// Returns the pairs at `positions` as one batch.
    pub fn batch(&self, positions: &[usize]) -> TokenBatch {
        TokenBatch::new(positions.iter().map(|&at| (self.source(at), self.target(at))))
    }
}

impl Sentences {
    fn push(&mut self, sentence: &[u32]) {
        self.tokens.extend_from_slice(sentence);
        self.ends.push(self.tokens.len());
    }

    fn get(&self, at: usize) -> &[u32] {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.tokens[start..self.ends[at]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_back_as_they_went_in() {
        let mut pairs = EncodedPairs::default();
        pairs.push(&[4, 5], &[6]);
        pairs.push(&[], &[7, 8, 9]);
        assert_eq!((pairs.len(), pairs.source(0), pairs.target(1)), (2, &[4, 5][..], &[7, 8, 9][..]));
        assert!(pairs.source(1).is_empty());
        assert_eq!(pairs.lengths(), [(2, 1), (0, 3)]);
        assert_eq!(pairs.select(&[1]).target(0), &[7, 8, 9]);
        assert_eq!(pairs.batch(&[1, 0]).target_tokens(), 6);
    }
}
