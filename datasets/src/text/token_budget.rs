use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha12Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How large a batch of pairs of sentences may be; the defaults are those of ShiftAddNAS for WMT'14.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TokenBudget {
    /// Most pairs times tokens of the longest sentence, ends of sentences and padding included. Default 4096.
    pub tokens: usize,
    /// Longest sentence, its end included; pairs with a longer one are left out. Default 1024.
    pub longest: usize,
    /// Batches of more pairs than this have a multiple of it, where possible. Default 8.
    pub multiple: usize,
}

impl Default for TokenBudget {
    fn default() -> Self {
        Self { tokens: 4096, longest: 1024, multiple: 8 }
    }
}

impl TokenBudget {
    /// Returns whether a pair of these lengths, ends of sentences not included, is too long for any batch.
    #[must_use]
    pub fn leaves_out(&self, lengths: (u32, u32)) -> bool {
        tokens(lengths) > self.longest.min(self.tokens)
    }
}

/// Returns the batches of an epoch as indices of pairs: a pure function of its arguments.
///
/// `lengths` are the tokens of sources and targets, ends of sentences not included. The pairs are permuted by `seed` and
/// then sorted by target and by source length, both stable; a batch takes as many as its budget allows, rounded down to
/// a multiple where possible; the batches are shuffled by `seed` and `epoch`. So an epoch changes the order of the
/// batches and not what is in them, as in fairseq.
#[must_use]
pub fn batches(lengths: &[(u32, u32)], budget: &TokenBudget, seed: u64, epoch: u64) -> Vec<Vec<usize>> {
    let mut batches = Vec::new();
    let mut batch: Vec<usize> = Vec::new();
    let mut longest = 0;
    for pair in sorted(lengths, seed).into_iter().filter(|&pair| !budget.leaves_out(lengths[pair])) {
        longest = longest.max(tokens(lengths[pair]));
        if (batch.len() + 1) * longest > budget.tokens {
            let rest = batch.split_off(rounded(batch.len(), budget.multiple));
            batches.push(std::mem::replace(&mut batch, rest));
            let left = batch.iter().chain([&pair]);
            longest = left.map(|&pair| tokens(lengths[pair])).max().unwrap_or(0);
            if (batch.len() + 1) * longest > budget.tokens {
                batches.push(std::mem::take(&mut batch));
                longest = tokens(lengths[pair]);
            }
        }
        batch.push(pair);
    }
    if !batch.is_empty() {
        batches.push(batch);
    }
    batches.shuffle(&mut generator(seed, epoch + 1));
    batches
}

/// Tokens of the longer sentence with its end.
fn tokens((source, target): (u32, u32)) -> usize {
    source.max(target) as usize + 1
}

/// The largest multiple that is not above `pairs`, or `pairs` when there is none.
fn rounded(pairs: usize, multiple: usize) -> usize {
    match pairs - pairs % multiple.max(1) {
        0 => pairs,
        whole => whole,
    }
}

fn sorted(lengths: &[(u32, u32)], seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.shuffle(&mut generator(seed, 0));
    order.sort_by_key(|&pair| lengths[pair]);
    order
}

fn generator(seed: u64, stream: u64) -> ChaCha12Rng {
    let mut generator = ChaCha12Rng::seed_from_u64(seed);
    generator.set_stream(stream);
    generator
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn budget(tokens: usize, longest: usize, multiple: usize) -> TokenBudget {
        TokenBudget { tokens, longest, multiple }
    }

    #[test]
    fn pairs_of_like_length_share_a_batch() {
        let lengths = [(9, 9), (1, 1), (9, 8), (1, 2), (2, 1)];
        let mut found = batches(&lengths, &budget(20, 100, 8), 1, 0);
        found.iter_mut().for_each(|batch| batch.sort_unstable());
        found.sort();
        assert_eq!(found, [vec![0, 2], vec![1, 3, 4]]);
    }

    #[test]
    fn a_batch_is_rounded_down_to_a_multiple() {
        let lengths = vec![(3, 3); 20];
        let mut sizes: Vec<usize> = batches(&lengths, &budget(44, 100, 8), 1, 0).iter().map(Vec::len).collect();
        sizes.sort_unstable();
        assert_eq!(sizes, [4, 8, 8]);
    }

    #[test]
    fn an_epoch_changes_the_order_of_the_batches_only() {
        let lengths: Vec<(u32, u32)> = (0..200).map(|index| (index % 17, index % 13)).collect();
        let epoch = |epoch| batches(&lengths, &budget(64, 100, 8), 1, epoch);
        assert_eq!(epoch(3), epoch(3));
        assert_ne!(epoch(3), epoch(4));
        let as_set = |epoch: Vec<Vec<usize>>| epoch.into_iter().collect::<std::collections::BTreeSet<_>>();
        assert_eq!(as_set(epoch(3)), as_set(epoch(4)));
    }

    proptest! {
        #[test]
        fn every_pair_that_fits_is_in_one_batch_within_the_budget(
            lengths in prop::collection::vec((0u32..40, 0u32..40), 0..300),
            tokens in 1usize..300,
            longest in 1usize..50,
            multiple in 1usize..9,
            seed in 0u64..5,
        ) {
            let budget = budget(tokens, longest, multiple);
            let batches = batches(&lengths, &budget, seed, 2);
            let mut seen: Vec<usize> = batches.iter().flatten().copied().collect();
            seen.sort_unstable();
            let fit: Vec<usize> = (0..lengths.len()).filter(|&pair| !budget.leaves_out(lengths[pair])).collect();
            prop_assert_eq!(seen, fit);
            for batch in &batches {
                let longest = batch.iter().map(|&pair| super::tokens(lengths[pair])).max().unwrap_or(0);
                prop_assert!(!batch.is_empty() && batch.len() * longest <= tokens);
            }
        }
    }
}
