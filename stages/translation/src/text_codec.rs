use std::borrow::Cow;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bpe::CONTINUED;
use crate::normalize::without_invisible;
use crate::special::{BEGIN, END, PAD};
use crate::{
    BytePairs, Detokenizer, Dictionary, Escaping, Hyphens, Language, Normalizer, Punctuation, Tokenizer, join_pieces,
};

/// What separates a sentence into words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Words {
    /// The rules of the Moses tokenizer.
    #[default]
    Moses,
    /// Spaces alone: the text is tokenized already.
    Spaces,
}

/// What becomes of capital letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Letters {
    /// They stay.
    #[default]
    Keep,
    /// They become small ones.
    Lower,
}

/// How the text of one language becomes words, and words text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TextSettings {
    /// Whose rules hold. Default English.
    pub language: Language,
    /// What becomes of typographic punctuation. Default normalized.
    pub punctuation: Punctuation,
    /// What separates words. Default Moses.
    pub words: Words,
    /// What becomes of hyphens inside words. Default kept.
    pub hyphens: Hyphens,
    /// How characters that Moses uses itself are written. Default as entities.
    pub escaping: Escaping,
    /// What becomes of capital letters. Default kept.
    pub letters: Letters,
}

/// Makes words of sentences and back.
#[derive(Clone, Debug)]
pub struct WordSplitter {
    settings: TextSettings,
    normalizer: Normalizer,
    tokenizer: Tokenizer,
    detokenizer: Detokenizer,
}

impl WordSplitter {
    /// Returns the splitter of these settings.
    #[must_use]
    pub fn new(settings: TextSettings) -> Self {
        let TextSettings { language, hyphens, escaping, .. } = settings;
        Self {
            settings,
            normalizer: Normalizer::new(language),
            tokenizer: Tokenizer::new(language, hyphens, escaping),
            detokenizer: Detokenizer::new(language),
        }
    }

    /// Returns the settings.
    #[must_use]
    pub fn settings(&self) -> &TextSettings {
        &self.settings
    }

    /// Returns the words of a sentence with one space between them: normalized, tokenized, then in small letters.
    #[must_use]
    pub fn split<'a>(&self, sentence: &'a str) -> Cow<'a, str> {
        let text = match self.settings.punctuation {
            Punctuation::Normalize => Cow::Owned(without_invisible(&self.normalizer.normalize(sentence))),
            Punctuation::Keep => Cow::Borrowed(sentence),
        };
        let words = match self.settings.words {
            Words::Moses => Cow::Owned(self.tokenizer.tokenize(&text)),
            Words::Spaces if is_squeezed(&text) => text,
            Words::Spaces => Cow::Owned(squeezed(&text)),
        };
        match self.settings.letters {
            Letters::Keep => words,
            Letters::Lower => Cow::Owned(words.to_lowercase()),
        }
    }

    /// Returns the text of words with one space between them.
    #[must_use]
    pub fn join(&self, words: &str) -> String {
        match self.settings.words {
            Words::Moses => self.detokenizer.detokenize(words),
            Words::Spaces => words.to_owned(),
        }
    }
}

/// Returns whether a text has one space between its words and none at its ends.
fn is_squeezed(text: &str) -> bool {
    let mut after_space = true;
    for character in text.chars() {
        match (character, after_space) {
            (' ', false) => after_space = true,
            (other, _) if other.is_whitespace() => return false,
            (_, _) => after_space = false,
        }
    }
    !after_space || text.is_empty()
}

/// Returns a text with one space for each run of white space, none at its ends.
fn squeezed(text: &str) -> String {
    let mut squeezed = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !squeezed.is_empty() {
            squeezed.push(' ');
        }
        squeezed.push_str(word);
    }
    squeezed
}

/// The ids of words that were met before; a cache for one thread.
#[derive(Clone, Debug, Default)]
pub struct WordCache {
    ids: FxHashMap<Box<str>, Box<[u32]>>,
}

/// Words a cache holds before it starts anew: about 7 MB.
const MOST_CACHED: usize = 1 << 16;

/// Makes token ids of the sentences of one language and back.
///
/// ```
/// use std::sync::Arc;
/// use translation::{BytePairs, Dictionary, DictionaryLimits, TextCodec, TextSettings, learn_byte_pairs};
///
/// let pairs = BytePairs::new(learn_byte_pairs([("lower", 2), ("low", 5)], 10, 2));
/// let counts = ["low", "er"].map(|piece| (piece.to_owned(), 1));
/// let dictionary = Dictionary::new(counts, DictionaryLimits::default());
/// let codec = TextCodec::new(TextSettings::default(), Arc::new(pairs), Arc::new(dictionary));
/// assert_eq!(codec.decode(&codec.encode("low")), "low");
/// ```
#[derive(Clone, Debug)]
pub struct TextCodec {
    splitter: WordSplitter,
    pairs: Arc<BytePairs>,
    dictionary: Arc<Dictionary>,
}

impl TextCodec {
    /// Returns the codec of one language; those of a source and a target may share merges and dictionary.
    #[must_use]
    pub fn new(settings: TextSettings, pairs: Arc<BytePairs>, dictionary: Arc<Dictionary>) -> Self {
        Self { splitter: WordSplitter::new(settings), pairs, dictionary }
    }

    /// Returns how sentences become words.
    #[must_use]
    pub fn splitter(&self) -> &WordSplitter {
        &self.splitter
    }

    /// Returns how words become pieces.
    #[must_use]
    pub fn byte_pairs(&self) -> &BytePairs {
        &self.pairs
    }

    /// Returns the ids of pieces.
    #[must_use]
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// Returns the ids of a sentence, without its end.
    #[must_use]
    pub fn encode(&self, sentence: &str) -> Vec<u32> {
        self.encode_words(&self.splitter.split(sentence), &mut WordCache::default())
    }

    /// Returns the ids of words with one space between them, without the end of sentence.
    #[must_use]
    pub fn encode_words(&self, words: &str, cache: &mut WordCache) -> Vec<u32> {
        let mut ids = Vec::with_capacity(words.len() / 3);
        for word in words.split_ascii_whitespace() {
            if let Some(known) = cache.ids.get(word) {
                ids.extend_from_slice(known);
                continue;
            }
            let found = self.encode_word(word);
            ids.extend_from_slice(&found);
            if cache.ids.len() >= MOST_CACHED {
                cache.ids.clear();
            }
            cache.ids.insert(word.into(), found.into());
        }
        ids
    }

    /// Returns the ids of a sentence of pieces with one space between them, without its end.
    #[must_use]
    pub fn encode_pieces(&self, pieces: &str) -> Vec<u32> {
        pieces.split_whitespace().map(|piece| self.dictionary.id(piece)).collect()
    }

    /// Returns the words of ids with one space between them: pieces joined, special tokens left out.
    #[must_use]
    pub fn words(&self, ids: &[u32]) -> String {
        let shown = ids.iter().filter(|&&id| ![BEGIN, PAD, END].contains(&id));
        let pieces: Vec<&str> = shown.map(|&id| self.dictionary.token(id)).collect();
        join_pieces(&pieces.join(" "))
    }

    /// Returns the text of ids.
    #[must_use]
    pub fn decode(&self, ids: &[u32]) -> String {
        self.splitter.join(&self.words(ids))
    }

    fn encode_word(&self, word: &str) -> Vec<u32> {
        let pieces = self.pairs.pieces(word);
        let mut ids = Vec::with_capacity(pieces.len());
        if let Some((last, rest)) = pieces.split_last() {
            let mut spelling = String::new();
            for piece in rest {
                spelling.clear();
                spelling.extend([piece, CONTINUED]);
                ids.push(self.dictionary.id(&spelling));
            }
            ids.push(self.dictionary.id(last));
        }
        ids
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::special::UNKNOWN;
    use crate::{DictionaryLimits, learn_byte_pairs};

    const SENTENCES: [&str; 3] = ["Don't open \"the door\"!", "Open the door, please.", "The well-known door (5 %)."];

    fn codec(settings: TextSettings) -> TextCodec {
        let splitter = WordSplitter::new(settings);
        let mut words: HashMap<String, u64> = HashMap::new();
        for sentence in SENTENCES {
            for word in splitter.split(sentence).split(' ') {
                *words.entry(word.to_owned()).or_default() += 1;
            }
        }
        let pairs = BytePairs::new(learn_byte_pairs(words.iter().map(|(word, &count)| (word, count)), 20, 2));
        let mut pieces: HashMap<String, u64> = HashMap::new();
        for (word, count) in &words {
            for piece in pairs.apply(word).split(' ') {
                *pieces.entry(piece.to_owned()).or_default() += count;
            }
        }
        let dictionary = Dictionary::new(pieces, DictionaryLimits::default());
        TextCodec::new(settings, Arc::new(pairs), Arc::new(dictionary))
    }

    #[test]
    fn sentences_come_back_from_their_ids() {
        let hyphens = TextSettings { hyphens: Hyphens::Split, ..TextSettings::default() };
        for codec in [codec(TextSettings::default()), codec(hyphens)] {
            for sentence in SENTENCES {
                let normal = Normalizer::new(Language::English).normalize(sentence);
                assert_eq!(codec.decode(&codec.encode(sentence)), normal);
            }
        }
    }

    #[test]
    fn tokenized_text_is_taken_as_it_is_and_other_white_space_is_squeezed() {
        let splitter = WordSplitter::new(TextSettings {
            words: Words::Spaces,
            punctuation: Punctuation::Keep,
            ..TextSettings::default()
        });
        for text in ["", "a", "a b", "die Tür ."] {
            assert!(matches!(splitter.split(text), Cow::Borrowed(found) if found == text), "{text:?}");
        }
        for (text, wanted) in
            [(" ", ""), ("a  b", "a b"), ("a ", "a"), (" a", "a"), ("a\tb", "a b"), ("a\u{a0}b", "a b")]
        {
            assert_eq!(splitter.split(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn a_character_never_seen_is_unknown() {
        let codec = codec(TextSettings::default());
        assert_eq!(codec.encode("ø"), [UNKNOWN]);
        assert_eq!(codec.decode(&[UNKNOWN, END, PAD]), "<unk>");
    }

    #[test]
    fn a_cache_changes_nothing() {
        let codec = codec(TextSettings { letters: Letters::Lower, ..TextSettings::default() });
        let mut cache = WordCache::default();
        for sentence in SENTENCES.iter().chain(&SENTENCES) {
            let words = codec.splitter().split(sentence);
            assert_eq!(codec.encode_words(&words, &mut cache), codec.encode(sentence));
            assert_eq!(codec.encode_pieces(&codec.byte_pairs().apply(&words)), codec.encode(sentence));
        }
    }
}
