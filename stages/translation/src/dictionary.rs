use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::special::{SPELLINGS, UNKNOWN};

/// Entries are filled up to a multiple of this.
const MULTIPLE: usize = 8;

/// Why a dictionary cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DictionaryError {
    /// A line is not a token and its count.
    #[error("line {line} of the dictionary must be a token, a space and its count, found `{found}`")]
    Line {
        /// Which line, from 1.
        line: usize,
        /// The line.
        found: String,
    },
    /// A token occurs twice.
    #[error("line {line} of the dictionary repeats the token `{token}`; remove one of the two lines")]
    Twice {
        /// Which line, from 1.
        line: usize,
        /// The token.
        token: String,
    },
}

/// Which tokens a dictionary takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DictionaryLimits {
    /// Most entries, the special ones included; none is no limit. Default none.
    pub most: Option<usize>,
    /// A token occurs at least this often. Default 1.
    pub least_count: u64,
}

impl Default for DictionaryLimits {
    fn default() -> Self {
        Self { most: None, least_count: 1 }
    }
}

/// Tokens and their ids, in the order of fairseq: the special ones, then by falling count, the spelling at equal counts,
/// then `madeupword0000` and so on up to a multiple of 8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dictionary {
    tokens: Vec<String>,
    counts: Vec<u64>,
    ids: FxHashMap<String, u32>,
}

impl Dictionary {
    /// Returns the dictionary of tokens with their counts; a token occurs once. The order given does not matter.
    #[must_use]
    pub fn new(counts: impl IntoIterator<Item = (String, u64)>, limits: DictionaryLimits) -> Self {
        let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
        counts.retain(|(token, count)| *count >= limits.least_count && !SPELLINGS.contains(&token.as_str()));
        counts.sort_unstable_by(|(token, count), (other, others)| others.cmp(count).then_with(|| token.cmp(other)));
        counts.truncate(limits.most.map_or(usize::MAX, |most| most.saturating_sub(SPELLINGS.len())));
        let mut dictionary = Self::special();
        for (token, count) in counts {
            dictionary.push(token, count);
        }
        for filler in 0..dictionary.len().wrapping_neg() % MULTIPLE {
            dictionary.push(format!("madeupword{filler:04}"), 0);
        }
        dictionary
    }

    /// Reads the text of fairseq's `dict.txt`: a token and its count on each line, no special tokens.
    ///
    /// # Errors
    /// When a line is anything else or repeats a token.
    pub fn parse(text: &str) -> Result<Self, DictionaryError> {
        let mut dictionary = Self::special();
        for (line, content) in (1..).zip(text.split_terminator('\n')) {
            let pair = content.trim_end_matches('\r').rsplit_once(' ');
            let parsed = pair.and_then(|(token, count)| Some((token, count.parse().ok()?)));
            let Some((token, count)) = parsed.filter(|(token, _)| !token.is_empty()) else {
                return Err(DictionaryError::Line { line, found: content.chars().take(40).collect() });
            };
            if dictionary.ids.contains_key(token) {
                return Err(DictionaryError::Twice { line, token: token.to_owned() });
            }
            dictionary.push(token.to_owned(), count);
        }
        Ok(dictionary)
    }

    /// Returns the text of fairseq's `dict.txt`.
    #[must_use]
    pub fn to_text(&self) -> String {
        let entries = self.tokens.iter().zip(&self.counts).skip(SPELLINGS.len());
        entries.map(|(token, count)| format!("{token} {count}\n")).collect()
    }

    /// Returns the number of entries, the special ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Returns whether there are none but the special entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == SPELLINGS.len()
    }

    /// Returns the id of a token, [`UNKNOWN`] for one that is not in the dictionary.
    #[must_use]
    pub fn id(&self, token: &str) -> u32 {
        self.ids.get(token).copied().unwrap_or(UNKNOWN)
    }

    /// Returns the spelling of an id, that of [`UNKNOWN`] for one beyond the dictionary.
    #[must_use]
    pub fn token(&self, id: u32) -> &str {
        self.tokens.get(id as usize).map_or(SPELLINGS[UNKNOWN as usize], String::as_str)
    }

    /// Returns how often the token of an id occurred.
    #[must_use]
    pub fn count(&self, id: u32) -> u64 {
        self.counts.get(id as usize).copied().unwrap_or(0)
    }

    fn special() -> Self {
        let mut dictionary = Self { tokens: Vec::new(), counts: Vec::new(), ids: FxHashMap::default() };
        for spelling in SPELLINGS {
            dictionary.push(spelling.to_owned(), 0);
        }
        dictionary
    }

    fn push(&mut self, token: String, count: u64) {
        self.ids.insert(token.clone(), self.tokens.len() as u32);
        self.tokens.push(token);
        self.counts.push(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(pairs: &[(&str, u64)]) -> Vec<(String, u64)> {
        pairs.iter().map(|&(token, count)| (token.to_owned(), count)).collect()
    }

    #[test]
    fn ids_follow_the_counts_and_then_the_spelling() {
        let dictionary = Dictionary::new(counts(&[("b", 2), ("a", 2), ("c@@", 5)]), DictionaryLimits::default());
        assert_eq!(dictionary.to_text(), "c@@ 5\na 2\nb 2\nmadeupword0000 0\n");
        assert_eq!(["</s>", "c@@", "a", "b", "z"].map(|token| dictionary.id(token)), [2, 4, 5, 6, UNKNOWN]);
        assert_eq!([2, 4, 99].map(|id| dictionary.token(id)), ["</s>", "c@@", "<unk>"]);
    }

    #[test]
    fn limits_cut_the_rare_tokens() {
        let all = counts(&[("a", 9), ("b", 8), ("c", 7), ("d", 1), ("e", 6), ("f", 5)]);
        let most = Dictionary::new(all.clone(), DictionaryLimits { most: Some(8), least_count: 1 });
        assert_eq!((most.len(), most.id("e"), most.id("f")), (8, 7, UNKNOWN));
        let least = Dictionary::new(all, DictionaryLimits { most: None, least_count: 2 });
        assert_eq!((least.len(), least.id("f"), least.id("d")), (16, 8, UNKNOWN));
    }

    #[test]
    fn a_dictionary_is_read_as_it_is_written() {
        let dictionary = Dictionary::new(counts(&[("a", 3), ("b@@", 1)]), DictionaryLimits::default());
        assert_eq!(Dictionary::parse(&dictionary.to_text()).unwrap(), dictionary);
        assert!(Dictionary::parse("").unwrap().is_empty());
    }

    #[test]
    fn wrong_lines_are_told() {
        let line = Dictionary::parse("a 3\nb\n").unwrap_err().to_string();
        assert_eq!(line, "line 2 of the dictionary must be a token, a space and its count, found `b`");
        let twice = Dictionary::parse("a 3\na 2\n").unwrap_err().to_string();
        assert_eq!(twice, "line 2 of the dictionary repeats the token `a`; remove one of the two lines");
    }
}
