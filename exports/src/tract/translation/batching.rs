use std::num::NonZeroUsize;

/// How many sentences are translated at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batching {
    /// Most sentences of a batch, times the tokens of its longest.
    pub tokens: usize,
    /// Most sentences of a batch.
    pub sentences: usize,
    /// Batches at the same time, each on a thread of its own.
    pub threads: NonZeroUsize,
}

impl Default for Batching {
    fn default() -> Self {
        Self { tokens: 512, sentences: 32, threads: NonZeroUsize::MIN }
    }
}

impl Batching {
    /// Returns indices of sentences of the given lengths, batch by batch: the longest first, so that the last batch to
    /// end is a short one. A sentence above the limit stands alone.
    pub(super) fn batches(&self, lengths: &[usize]) -> Vec<Vec<usize>> {
        let mut order: Vec<usize> = (0..lengths.len()).collect();
        order.sort_by_key(|&sentence| std::cmp::Reverse(lengths[sentence]));
        let mut batches: Vec<Vec<usize>> = Vec::new();
        for sentence in order {
            match batches.last_mut() {
                Some(batch) if batch.len() < self.room(lengths[batch[0]]) => batch.push(sentence),
                _ => batches.push(vec![sentence]),
            }
        }
        batches
    }

    /// Returns how many sentences a batch holds whose longest has `length` tokens.
    fn room(&self, length: usize) -> usize {
        self.sentences.min(self.tokens / length.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_hold_sentences_of_like_length_within_the_limits() {
        let batching = Batching { tokens: 12, sentences: 3, ..Batching::default() };
        let found = batching.batches(&[2, 6, 1, 20, 5, 1, 1]);
        assert_eq!(found, [vec![3], vec![1, 4], vec![0, 2, 5], vec![6]]);
    }
}
