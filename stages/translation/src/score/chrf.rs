use std::num::NonZeroUsize;

use super::interval::{Interval, bootstrap};
use super::overlap::{grams, overlap};
use super::words::words;
use super::{Case, ScoreError, VERSION, counts};

/// Longest n-grams of characters that count, the default of sacreBLEU.
const ORDERS: usize = 6;
/// How often recall weighs as much as precision, the 2 of chrF2.
const BETA: f64 = 2.0;

/// What chrF2 (Popovic 2015) counts in the sentences of a text, so that any draw of them can be scored.
///
/// N-grams of 1 to 6 characters, spaces left out, no words; the figures are those of sacreBLEU 2 with its defaults.
#[derive(Clone, Debug)]
pub struct CorpusChrF {
    case: Case,
    sentences: Vec<Counts>,
}

impl CorpusChrF {
    /// Counts a text against one reference per sentence.
    ///
    /// # Errors
    /// If there is not one hypothesis per reference, or none at all.
    pub fn new<H: AsRef<str>, R: AsRef<str>>(
        case: Case,
        hypotheses: &[H],
        references: &[R],
    ) -> Result<Self, ScoreError> {
        let characters = |line: &str| words(&case.apply(line)).flat_map(str::chars).collect::<Vec<char>>();
        let count = |hypothesis: &str, reference: &str| Counts::new(&characters(hypothesis), &characters(reference));
        Ok(Self { case, sentences: counts(hypotheses, references, count)? })
    }

    /// Returns the score of the text, 0 to 100, higher is better.
    pub fn score(&self) -> f64 {
        self.score_of(0..self.sentences.len())
    }

    /// Returns the 95 % bootstrap interval of the score.
    pub fn interval(&self, resamples: NonZeroUsize, seed: u64) -> Interval {
        bootstrap(self.sentences.len(), resamples, seed, |drawn| self.score_of(drawn.iter().copied()))
    }

    /// Returns what a figure depends on, in the words of sacreBLEU. Only the version is ours.
    pub fn signature(&self) -> String {
        format!("nrefs:1|case:{}|eff:yes|nc:{ORDERS}|nw:0|space:no|{VERSION}", self.case.spelling())
    }

    fn score_of(&self, sentences: impl Iterator<Item = usize>) -> f64 {
        let mut sum = Counts::default();
        for sentence in sentences {
            sum.add(&self.sentences[sentence]);
        }
        sum.score()
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    system: [u64; ORDERS],
    reference: [u64; ORDERS],
    matches: [u64; ORDERS],
}

impl Counts {
    /// Counts a sentence; what the system has of an order that the reference is too short for does not count.
    fn new(hypothesis: &[char], reference: &[char]) -> Self {
        let possible = |index: usize| reference.len() > index;
        Self {
            system: std::array::from_fn(|index| if possible(index) { grams(hypothesis.len(), index + 1) } else { 0 }),
            reference: std::array::from_fn(|index| grams(reference.len(), index + 1)),
            matches: std::array::from_fn(|index| overlap(hypothesis, reference, index + 1)),
        }
    }

    fn add(&mut self, other: &Self) {
        for index in 0..ORDERS {
            self.system[index] += other.system[index];
            self.reference[index] += other.reference[index];
            self.matches[index] += other.matches[index];
        }
    }

    /// Returns (1 + beta^2) P R / (beta^2 P + R) of the mean precision P and the mean recall R, in percent.
    ///
    /// The means are over the orders that both sides have.
    fn score(&self) -> f64 {
        let (mut precision, mut recall, mut orders) = (0.0, 0.0, 0.0);
        for index in (0..ORDERS).filter(|&index| self.system[index] > 0 && self.reference[index] > 0) {
            precision += self.matches[index] as f64 / self.system[index] as f64;
            recall += self.matches[index] as f64 / self.reference[index] as f64;
            orders += 1.0;
        }
        if precision + recall == 0.0 {
            return 0.0;
        }
        let (precision, recall) = (precision / orders, recall / orders);
        let factor = BETA * BETA;
        100.0 * (1.0 + factor) * precision * recall / (factor * precision + recall)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYPOTHESES: [&str; 6] = [
        "The cat sat on the mat.",
        "It's 3.5% of $1,000.00 (not 2-3).",
        "Ein Mann läuft über die Straße.",
        "",
        "„Nein“, sagte sie — und ging…",
        "a b c",
    ];
    const REFERENCES: [&str; 6] = [
        "The cat is sitting on the mat.",
        "It is 3.5 % of $1,000 (not 2-3).",
        "Ein Mann rennt über die Strasse.",
        "This one is missing.",
        "„Nein“, sagte sie – und ging fort…",
        "A B C d",
    ];

    fn score(case: Case, hypotheses: &[&str], references: &[&str]) -> f64 {
        CorpusChrF::new(case, hypotheses, references).unwrap().score()
    }

    /// `sacrebleu.CHRF(lowercase=...).corpus_score(hypotheses, [references])`, sacrebleu 2.6.0.
    #[test]
    fn scores_are_those_of_sacrebleu() {
        let cases = [
            (score(Case::Mixed, &HYPOTHESES, &REFERENCES), 56.981572739397365),
            (score(Case::Lower, &HYPOTHESES, &REFERENCES), 57.845369042996786),
            (score(Case::Mixed, &["Hello world", "good"], &["Hello there world", "bad"]), 36.473026827660334),
            (score(Case::Mixed, &["a b c d e f g h"], &["a b c d"]), 74.22630560928432),
            (score(Case::Mixed, &["x y z w v"], &["a b c d e"]), 0.0),
            (score(Case::Mixed, &[""], &["a b"]), 0.0),
            (score(Case::Mixed, &["a b"], &[""]), 0.0),
        ];
        for (found, wanted) in cases {
            // Both are f64 and add in the same order.
            assert!((found - wanted).abs() < 1e-9, "{found} is not {wanted}");
        }
    }

    /// `abc` against `abd`: precision and recall 2/3, 1/2 and 0 of the orders 1 to 3, 7/18 in the mean.
    #[test]
    fn a_score_weighs_the_orders_that_both_sides_have() {
        assert!((score(Case::Mixed, &["a bc"], &["ab d"]) - 700.0 / 18.0).abs() < 1e-9);
    }

    #[test]
    fn a_perfect_text_scores_a_hundred_with_certainty() {
        let corpus = CorpusChrF::new(Case::Mixed, &REFERENCES, &REFERENCES).unwrap();
        let interval = corpus.interval(NonZeroUsize::new(40).unwrap(), 1);
        assert_eq!((interval.low, corpus.score(), interval.high), (100.0, 100.0, 100.0));
        let version = env!("CARGO_PKG_VERSION");
        let signature = format!("nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:shiftaddnas-{version}");
        assert_eq!(corpus.signature(), signature);
    }
}
