use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// How often words occur, in bounded memory.
#[derive(Clone, Debug)]
pub(crate) struct WordCounts {
    counts: FxHashMap<Box<str>, u64>,
    most: usize,
}

impl WordCounts {
    /// Returns counts of at most `most` distinct words.
    pub(crate) fn new(most: usize) -> Self {
        Self { counts: FxHashMap::default(), most }
    }

    /// Counts the words of sentences; what is counted does not depend on the number of threads.
    pub(crate) fn add(&mut self, sentences: &[&str]) {
        let each = sentences.len().div_ceil(rayon::current_num_threads()).max(1);
        let parts: Vec<FxHashMap<&str, u64>> = sentences.par_chunks(each).map(count).collect();
        for (word, count) in parts.into_iter().flatten() {
            match self.counts.get_mut(word) {
                Some(known) => *known += count,
                None => {
                    self.counts.insert(word.into(), count);
                }
            }
        }
        if self.counts.len() > self.most {
            self.forget_rare();
        }
    }

    /// Returns the words and their counts, sorted by word.
    pub(crate) fn into_sorted(self) -> Vec<(Box<str>, u64)> {
        let mut words: Vec<(Box<str>, u64)> = self.counts.into_iter().collect();
        words.par_sort_unstable();
        words
    }

    /// Drops the rarest words, all of one count together, until at most half of the limit is left.
    fn forget_rare(&mut self) {
        let mut counts: Vec<u64> = self.counts.values().copied().collect();
        let place = counts.len() - self.most / 2 - 1;
        let (_, &mut rare, _) = counts.select_nth_unstable(place);
        self.counts.retain(|_, count| *count > rare);
    }
}

fn count<'a>(sentences: &[&'a str]) -> FxHashMap<&'a str, u64> {
    let mut counts = FxHashMap::default();
    for word in sentences.iter().flat_map(|sentence| sentence.split_whitespace()) {
        *counts.entry(word).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(counts: WordCounts) -> Vec<(String, u64)> {
        counts.into_sorted().into_iter().map(|(word, count)| (word.into(), count)).collect()
    }

    #[test]
    fn words_are_counted_over_all_sentences() {
        let mut counts = WordCounts::new(100);
        counts.add(&["b a b", "", "a  c"]);
        counts.add(&["b"]);
        assert_eq!(sorted(counts), [("a".to_owned(), 2), ("b".to_owned(), 3), ("c".to_owned(), 1)]);
    }

    #[test]
    fn the_rarest_words_are_forgotten_when_there_are_too_many() {
        let mut counts = WordCounts::new(4);
        counts.add(&["a a a b b b c c d"]);
        counts.add(&["e"]);
        assert_eq!(sorted(counts), [("a".to_owned(), 3), ("b".to_owned(), 3)]);
    }
}
