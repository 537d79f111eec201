use std::ops::Range;

/// Tokens looked at together: if the greatest of them is no candidate, none is.
const BLOCK: usize = 64;
/// Greatest values kept side by side within a block, so that they compare as one vector.
const LANES: usize = 16;

/// One more token for one hypothesis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    /// Row of the hypothesis among those of its sentence.
    pub(super) row: usize,
    /// The token.
    pub(super) token: usize,
    /// Log-probability of the hypothesis with the token, never a NaN.
    pub(super) total: f32,
}

/// The best candidates of one sentence, best first; of two as good, the lower row and then the lower token is first.
pub(super) struct Candidates {
    most: usize,
    best: Vec<Candidate>,
}

impl Candidates {
    /// Keeps at most `most` candidates.
    pub(super) fn new(most: usize) -> Self {
        Self { most, best: Vec::new() }
    }

    /// Offers the tokens of a range to the hypothesis of `row`, whose log-probability so far is `before`.
    ///
    /// Rows have to come in order: a later candidate that is as good ranks after an earlier one.
    pub(super) fn offer(&mut self, row: usize, before: f32, log_probabilities: &[f32], allowed: Range<usize>) {
        let (start, tokens) = (allowed.start, &log_probabilities[allowed]);
        for (index, block) in tokens.chunks(BLOCK).enumerate() {
            if !self.would_keep(sum(before, greatest(block))) {
                continue;
            }
            for (token, &value) in (start + index * BLOCK..).zip(block) {
                let total = sum(before, value);
                if self.would_keep(total) {
                    self.insert(Candidate { row, token, total });
                }
            }
        }
    }

    /// Returns the candidates, best first.
    pub(super) fn into_best(self) -> Vec<Candidate> {
        self.best
    }

    fn would_keep(&self, total: f32) -> bool {
        self.best.len() < self.most || self.best.last().is_some_and(|worst| total > worst.total)
    }

    fn insert(&mut self, candidate: Candidate) {
        let place = self.best.partition_point(|other| other.total >= candidate.total);
        self.best.insert(place, candidate);
        self.best.truncate(self.most);
    }
}

/// Returns a sum of log-probabilities; what is not a number is impossible.
fn sum(before: f32, value: f32) -> f32 {
    let total = before + value;
    if total.is_nan() { f32::NEG_INFINITY } else { total }
}

/// Returns the greatest value, NaNs left out.
fn greatest(block: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let mut chunks = block.chunks_exact(LANES);
    for chunk in &mut chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = if value > *lane { value } else { *lane };
        }
    }
    lanes
        .iter()
        .chain(chunks.remainder())
        .fold(f32::NEG_INFINITY, |most, &value| if value > most { value } else { most })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sorted(rows: &[(f32, Vec<f32>)], allowed: &Range<usize>, most: usize) -> Vec<Candidate> {
        let mut all = Vec::new();
        for (row, (before, values)) in rows.iter().enumerate() {
            for token in allowed.clone() {
                let total = before + values[token];
                all.push(Candidate { row, token, total: if total.is_nan() { f32::NEG_INFINITY } else { total } });
            }
        }
        all.sort_by(|a, b| b.total.total_cmp(&a.total).then(a.row.cmp(&b.row)).then(a.token.cmp(&b.token)));
        all.truncate(most);
        all
    }

    fn value() -> impl Strategy<Value = f32> {
        prop_oneof![
            20 => (-40i8..0).prop_map(|steps| f32::from(steps) / 4.0),
            1 => Just(f32::NEG_INFINITY),
            1 => Just(f32::INFINITY),
            1 => Just(f32::NAN),
        ]
    }

    fn rows() -> impl Strategy<Value = Vec<(f32, Vec<f32>)>> {
        (4usize..300)
            .prop_flat_map(|tokens| prop::collection::vec((value(), prop::collection::vec(value(), tokens)), 1..6))
    }

    proptest! {
        #[test]
        fn candidates_are_those_of_a_full_sort(rows in rows(), most in 0usize..12, from in 0usize..4) {
            let allowed = from..rows[0].1.len();
            let mut candidates = Candidates::new(most);
            for (row, (before, values)) in rows.iter().enumerate() {
                candidates.offer(row, sum(0.0, *before), values, allowed.clone());
            }
            let known: Vec<_> = rows.iter().map(|(before, values)| (sum(0.0, *before), values.clone())).collect();
            prop_assert_eq!(candidates.into_best(), sorted(&known, &allowed, most));
        }
    }
}
