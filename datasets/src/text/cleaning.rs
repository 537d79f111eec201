use std::iter::Sum;
use std::ops::Add;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the rules of length count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LengthUnit {
    /// Words: pairs are dropped before merges are learnt, as in the recipe of IWSLT'14.
    #[default]
    Words,
    /// Pieces: merges and dictionary are learnt of all pairs and then pairs are dropped, as in that of WMT'14
    /// English-French.
    Pieces,
}

/// What becomes of pairs whose sides are equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IdenticalPairs {
    /// They stay.
    #[default]
    Keep,
    /// They are dropped: copied, not translated.
    Drop,
}

/// Which training pairs are used. Test and validation files are never touched; validation pairs carved out of the
/// training files are cleaned as they are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Cleaning {
    /// What lengths count. Default words.
    pub unit: LengthUnit,
    /// Fewest words or pieces of a side. Default 1.
    pub least: usize,
    /// Most words or pieces of a side. Default 250.
    pub most: usize,
    /// Most times that one side is as long as the other; none is no rule. Default none.
    pub ratio: Option<f64>,
    /// What becomes of pairs whose sides are equal. Default kept.
    pub identical: IdenticalPairs,
}

impl Default for Cleaning {
    fn default() -> Self {
        Self { unit: LengthUnit::Words, least: 1, most: 250, ratio: None, identical: IdenticalPairs::Keep }
    }
}

/// The rule that a pair broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropRule {
    /// A side is shorter than the least.
    TooShort,
    /// A side is longer than the most.
    TooLong,
    /// One side is too many times as long as the other.
    Ratio,
    /// Both sides are equal.
    Identical,
}

impl Cleaning {
    /// Returns the first rule of length that a pair breaks, if any.
    #[must_use]
    pub fn by_length(&self, source: usize, target: usize) -> Option<DropRule> {
        let (short, long) = (source.min(target), source.max(target));
        if short < self.least {
            Some(DropRule::TooShort)
        } else if long > self.most {
            Some(DropRule::TooLong)
        } else if self.ratio.is_some_and(|ratio| long as f64 > ratio * short as f64) {
            Some(DropRule::Ratio)
        } else {
            None
        }
    }

    /// Returns the first rule that a pair of sentences of words breaks, if any.
    pub(crate) fn by_words(&self, source: &str, target: &str) -> Option<DropRule> {
        if self.identical == IdenticalPairs::Drop && source == target {
            return Some(DropRule::Identical);
        }
        match self.unit {
            LengthUnit::Words => self.by_length(words(source), words(target)),
            LengthUnit::Pieces => None,
        }
    }

    /// Returns the first rule that a pair with so many pieces breaks, if any.
    pub(crate) fn by_pieces(&self, source: usize, target: usize) -> Option<DropRule> {
        match self.unit {
            LengthUnit::Words => None,
            LengthUnit::Pieces => self.by_length(source, target),
        }
    }
}

fn words(sentence: &str) -> usize {
    sentence.split(' ').filter(|word| !word.is_empty()).count()
}

/// How many pairs of a part were read, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartCounts {
    /// Pairs read that belong to the part.
    pub read: u64,
    /// Pairs that are used.
    pub kept: u64,
    /// Pairs with a side shorter than the least.
    pub too_short: u64,
    /// Pairs with a side longer than the most.
    pub too_long: u64,
    /// Pairs with one side too many times as long as the other.
    pub ratio: u64,
    /// Pairs whose sides are equal.
    pub identical: u64,
}

impl PartCounts {
    /// Counts a pair that is read, and kept or dropped.
    pub(crate) fn count(&mut self, dropped: Option<DropRule>) {
        self.read += 1;
        match dropped {
            None => self.kept += 1,
            Some(DropRule::TooShort) => self.too_short += 1,
            Some(DropRule::TooLong) => self.too_long += 1,
            Some(DropRule::Ratio) => self.ratio += 1,
            Some(DropRule::Identical) => self.identical += 1,
        }
    }
}

impl Add for PartCounts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            read: self.read + other.read,
            kept: self.kept + other.kept,
            too_short: self.too_short + other.too_short,
            too_long: self.too_long + other.too_long,
            ratio: self.ratio + other.ratio,
            identical: self.identical + other.identical,
        }
    }
}

impl Sum for PartCounts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), Add::add)
    }
}

/// What became of the pairs of every part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CleaningCounts {
    /// Training pairs.
    pub train: PartCounts,
    /// Validation pairs.
    pub valid: PartCounts,
    /// Test pairs.
    pub test: PartCounts,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_on_a_bound_stay() {
        let cleaning = Cleaning { least: 2, most: 9, ratio: Some(1.5), ..Cleaning::default() };
        assert_eq!(cleaning.by_length(2, 3), None);
        assert_eq!(cleaning.by_length(1, 2), Some(DropRule::TooShort));
        assert_eq!(cleaning.by_length(9, 10), Some(DropRule::TooLong));
        assert_eq!(cleaning.by_length(6, 9), None);
        assert_eq!(cleaning.by_length(4, 7), Some(DropRule::Ratio));
        assert_eq!(cleaning.by_length(7, 4), Some(DropRule::Ratio));
    }

    #[test]
    fn a_rule_acts_on_its_unit_only() {
        let words = Cleaning { most: 2, identical: IdenticalPairs::Drop, ..Cleaning::default() };
        assert_eq!(words.by_words("a b c", "d"), Some(DropRule::TooLong));
        assert_eq!(words.by_words("a b c", "a b c"), Some(DropRule::Identical));
        assert_eq!(words.by_pieces(9, 9), None);
        let pieces = Cleaning { unit: LengthUnit::Pieces, ..words };
        assert_eq!(pieces.by_words("a b c", "d"), None);
        assert_eq!(pieces.by_pieces(3, 1), Some(DropRule::TooLong));
    }

    #[test]
    fn every_pair_is_counted_once() {
        let mut counts = PartCounts::default();
        for dropped in
            [None, Some(DropRule::TooShort), Some(DropRule::TooLong), Some(DropRule::Ratio), Some(DropRule::Identical)]
        {
            counts.count(dropped);
        }
        let twice: PartCounts = [counts, counts].into_iter().sum();
        let PartCounts { read, kept, too_short, too_long, ratio, identical } = twice;
        assert_eq!((read, kept + too_short + too_long + ratio + identical), (10, 10));
    }
}
