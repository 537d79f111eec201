#[cfg(test)]
mod tests;

use std::fmt;
use std::num::NonZeroUsize;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::compounds::split_compounds;
use super::interval::{Interval, bootstrap};
use super::overlap::{grams, overlap};
use super::tokenizer_13a::tokenize_13a;
use super::words::{is_space, words};
use super::{Case, ScoreError, VERSION, counts};
use crate::special::{SPELLINGS, UNKNOWN};

/// Longest n-grams that count.
const ORDERS: usize = 4;

/// How lines become words, and what a missing n-gram costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BleuScheme {
    /// Of tokenised texts, the figure that papers on WMT'14 give: compounds are split at hyphens, `<unk>` in a
    /// reference never matches, an order without a match makes the score 0.
    Tokenized,
    /// Of ordinary texts, as sacreBLEU 2 scores them by default: tokenizer 13a, exponential smoothing.
    Sacre(Case),
}

impl BleuScheme {
    /// Returns what a figure depends on, in the words of sacreBLEU. Only the version is ours.
    pub fn signature(self) -> String {
        let (case, tokenizer, smoothing) = match self {
            Self::Tokenized => (Case::Mixed, "compounds", "none"),
            Self::Sacre(case) => (case, "13a", "exp"),
        };
        format!("nrefs:1|case:{}|eff:no|tok:{tokenizer}|smooth:{smoothing}|{VERSION}", case.spelling())
    }

    fn count(self, hypothesis: &str, reference: &str) -> Counts {
        match self {
            Self::Tokenized => {
                let (hypothesis, reference) = (split_compounds(hypothesis), split_compounds(reference));
                // No word is empty, so an empty one matches none.
                let known = |word| if word == SPELLINGS[UNKNOWN as usize] { "" } else { word };
                Counts::new(&words(&hypothesis).collect::<Vec<_>>(), &words(&reference).map(known).collect::<Vec<_>>())
            }
            Self::Sacre(case) => {
                let tokenized = |line: &str| tokenize_13a(case.apply(line).trim_end_matches(is_space));
                let (hypothesis, reference) = (tokenized(hypothesis), tokenized(reference));
                Counts::new(&words(&hypothesis).collect::<Vec<_>>(), &words(&reference).collect::<Vec<_>>())
            }
        }
    }
}

/// Corpus BLEU with n-grams of up to four words, by Papineni et al. 2002.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bleu {
    /// `brevity_penalty` x the geometric mean of the precisions, 0 to 100, higher is better.
    pub score: f64,
    /// Percentage of the system's n-grams of 1 to 4 words that are in the reference, each at most as often as there.
    pub precisions: [f64; ORDERS],
    /// min(1, exp(1 - `reference_length` / `system_length`)).
    pub brevity_penalty: f64,
    /// `system_length` / `reference_length`, 0 without a reference.
    pub ratio: f64,
    /// Words of the system.
    pub system_length: u64,
    /// Words of the reference.
    pub reference_length: u64,
}

impl fmt::Display for Bleu {
    /// Writes the line of fairseq:
    /// `BLEU4 = 26.90, 58.1/32.4/20.5/13.5 (BP=1.000, ratio=1.006, syslen=64881, reflen=64496)`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, two, three, four] = self.precisions;
        write!(formatter, "BLEU4 = {:.2}, {one:.1}/{two:.1}/{three:.1}/{four:.1} ", self.score)?;
        write!(formatter, "(BP={:.3}, ratio={:.3}, ", self.brevity_penalty, self.ratio)?;
        write!(formatter, "syslen={}, reflen={})", self.system_length, self.reference_length)
    }
}

/// What BLEU counts in the sentences of a text, so that any draw of them can be scored.
#[derive(Clone, Debug)]
pub struct CorpusBleu {
    scheme: BleuScheme,
    sentences: Vec<Counts>,
}

impl CorpusBleu {
    /// Counts a text against one reference per sentence.
    ///
    /// # Errors
    /// If there is not one hypothesis per reference, or none at all.
    pub fn new<H: AsRef<str>, R: AsRef<str>>(
        scheme: BleuScheme,
        hypotheses: &[H],
        references: &[R],
    ) -> Result<Self, ScoreError> {
        let sentences = counts(hypotheses, references, |hypothesis, reference| scheme.count(hypothesis, reference))?;
        Ok(Self { scheme, sentences })
    }

    /// Returns the score of the text.
    pub fn bleu(&self) -> Bleu {
        self.bleu_of(0..self.sentences.len())
    }

    /// Returns the 95 % bootstrap interval of the score.
    pub fn interval(&self, resamples: NonZeroUsize, seed: u64) -> Interval {
        bootstrap(self.sentences.len(), resamples, seed, |drawn| self.bleu_of(drawn.iter().copied()).score)
    }

    fn bleu_of(&self, sentences: impl Iterator<Item = usize>) -> Bleu {
        let mut sum = Counts::default();
        for sentence in sentences {
            sum.add(&self.sentences[sentence]);
        }
        sum.bleu(self.scheme)
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    system: u64,
    reference: u64,
    matches: [u64; ORDERS],
    totals: [u64; ORDERS],
}

impl Counts {
    fn new(hypothesis: &[&str], reference: &[&str]) -> Self {
        Self {
            system: hypothesis.len() as u64,
            reference: reference.len() as u64,
            matches: std::array::from_fn(|index| overlap(hypothesis, reference, index + 1)),
            totals: std::array::from_fn(|index| grams(hypothesis.len(), index + 1)),
        }
    }

    fn add(&mut self, other: &Self) {
        self.system += other.system;
        self.reference += other.reference;
        for index in 0..ORDERS {
            self.matches[index] += other.matches[index];
            self.totals[index] += other.totals[index];
        }
    }

    fn bleu(&self, scheme: BleuScheme) -> Bleu {
        let (system, reference) = (self.system as f64, self.reference as f64);
        let brevity_penalty = if self.system < self.reference { (1.0 - reference / system).exp() } else { 1.0 };
        let precisions = self.precisions(scheme);
        let mean = precisions.iter().map(|precision| precision.ln()).sum::<f64>() / ORDERS as f64;
        Bleu {
            score: brevity_penalty * mean.exp(),
            precisions,
            brevity_penalty,
            ratio: if self.reference == 0 { 0.0 } else { system / reference },
            system_length: self.system,
            reference_length: self.reference,
        }
    }

    /// Returns the precisions in percent.
    ///
    /// Exponential smoothing (method 3 of Chen and Cherry 2014) counts the k-th order without a match as 2^-k matches,
    /// unless no word matches at all.
    fn precisions(&self, scheme: BleuScheme) -> [f64; ORDERS] {
        let mut missing = match scheme {
            BleuScheme::Sacre(_) if self.matches[0] > 0 => 1.0,
            BleuScheme::Sacre(_) | BleuScheme::Tokenized => 0.0,
        };
        std::array::from_fn(|index| {
            let (matches, total) = (self.matches[index] as f64, self.totals[index] as f64);
            if self.totals[index] == 0 {
                return 0.0;
            }
            if self.matches[index] == 0 {
                missing /= 2.0;
                return 100.0 * missing / total;
            }
            100.0 * matches / total
        })
    }
}
