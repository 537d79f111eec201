mod learn;

use rustc_hash::FxHashMap;
use thiserror::Error;

pub use learn::learn;

/// Follows each piece of a word but the last.
pub const CONTINUED: &str = "@@";
/// Ends the last symbol of a word while merging.
const WORD_END: &str = "</w>";
const HEADER: &str = "#version: 0.2";

/// Why codes cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CodesError {
    /// The first line is not the version that is known.
    #[error("line 1 of the codes must be `{HEADER}`, found `{found}`; learn the codes with subword-nmt 0.2 or later")]
    Version {
        /// The line.
        found: String,
    },
    /// A line is no pair of symbols.
    #[error("line {line} of the codes must be two symbols with one space between, found `{found}`")]
    Pair {
        /// Which line, from 1.
        line: usize,
        /// The line.
        found: String,
    },
}

/// Byte-pair encoding (arXiv 1508.07909): merges of pairs of symbols, the first has precedence.
///
/// The same as `subword-nmt` 0.2 and later with its defaults: symbols begin as characters, the last one of a word with
/// its end; equal to it in what it learns, reads, writes and cuts.
#[derive(Clone, Debug, Default)]
pub struct BytePairs {
    pairs: Vec<(String, String)>,
    single: FxHashMap<char, u32>,
    last: FxHashMap<char, u32>,
    merges: FxHashMap<(u32, u32), Merge>,
}

#[derive(Clone, Copy, Debug)]
struct Merge {
    rank: u32,
    symbol: u32,
}

/// A symbol of no merge.
const FOREIGN: u32 = u32::MAX;

impl BytePairs {
    /// Returns the encoding with these merges, the first has precedence.
    #[must_use]
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        let mut ids: FxHashMap<String, u32> = FxHashMap::default();
        let mut merges = FxHashMap::default();
        let mut id = |symbol: &str| {
            let next = ids.len() as u32;
            *ids.entry(symbol.to_owned()).or_insert(next)
        };
        for (rank, (first, second)) in (0..).zip(&pairs) {
            let pair = (id(first), id(second));
            let symbol = id(&format!("{first}{second}"));
            merges.entry(pair).or_insert(Merge { rank, symbol });
        }
        let (mut single, mut last) = (FxHashMap::default(), FxHashMap::default());
        for (symbol, &id) in &ids {
            let (text, place) = match symbol.strip_suffix(WORD_END) {
                Some(text) if !text.is_empty() => (text, &mut last),
                Some(_) | None => (symbol.as_str(), &mut single),
            };
            let mut characters = text.chars();
            if let (Some(character), None) = (characters.next(), characters.next()) {
                place.insert(character, id);
            }
        }
        Self { pairs, single, last, merges }
    }

    /// Reads the text of a codes file, as `subword-nmt learn-bpe` writes it.
    ///
    /// # Errors
    /// When the version is another one or a line is no pair.
    pub fn parse(codes: &str) -> Result<Self, CodesError> {
        let mut lines = codes.trim_end_matches('\n').split('\n').map(|line| line.trim_matches(['\r', ' ']));
        let header = lines.next().unwrap_or_default();
        if header != HEADER {
            return Err(CodesError::Version { found: header.chars().take(40).collect() });
        }
        let pair = |(line, text): (usize, &str)| match text.split_once(' ') {
            Some((first, second)) if !first.is_empty() && !second.is_empty() && !second.contains(' ') => {
                Ok((first.to_owned(), second.to_owned()))
            }
            Some(_) | None => Err(CodesError::Pair { line, found: text.chars().take(40).collect() }),
        };
        Ok(Self::new((2..).zip(lines).map(pair).collect::<Result<_, _>>()?))
    }

    /// Returns the text of a codes file.
    #[must_use]
    pub fn to_codes(&self) -> String {
        let mut codes = format!("{HEADER}\n");
        for (first, second) in &self.pairs {
            codes.extend([first, " ", second, "\n"]);
        }
        codes
    }

    /// Returns the merges, the first has precedence.
    #[must_use]
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// Returns the pieces of a word, in order; together they are the word.
    #[must_use]
    pub fn pieces<'word>(&self, word: &'word str) -> Vec<&'word str> {
        let mut symbols = self.symbols(word);
        while let Some(best) = symbols.iter().map(|symbol| symbol.merge).min_by_key(|merge| merge.rank)
            && best.rank != NONE.rank
        {
            merge_all(&mut symbols, best);
            self.find_stale(&mut symbols);
        }
        let mut begin = 0;
        let piece = |symbol: Symbol| {
            let piece = &word[begin..symbol.end];
            begin = symbol.end;
            piece
        };
        symbols.into_iter().map(piece).collect()
    }

    /// Returns a sentence of words with its pieces, `@@` after each that goes on.
    #[must_use]
    pub fn apply(&self, sentence: &str) -> String {
        let mut cut = String::with_capacity(sentence.len() + sentence.len() / 2);
        for word in sentence.split(' ').filter(|word| !word.is_empty()) {
            for (index, piece) in self.pieces(word).into_iter().enumerate() {
                if index > 0 {
                    cut.push_str(CONTINUED);
                }
                if !cut.is_empty() {
                    cut.push(' ');
                }
                cut.push_str(piece);
            }
        }
        cut
    }

    /// The symbols of the characters of a word.
    fn symbols(&self, word: &str) -> Vec<Symbol> {
        let symbol = |(begin, character): (usize, char)| {
            let end = begin + character.len_utf8();
            let place = if end == word.len() { &self.last } else { &self.single };
            Symbol { id: place.get(&character).copied().unwrap_or(FOREIGN), end, merge: STALE }
        };
        let mut symbols: Vec<Symbol> = word.char_indices().map(symbol).collect();
        self.find_stale(&mut symbols);
        symbols
    }

    /// Looks up the merges of symbols whose neighbour is another one than before.
    fn find_stale(&self, symbols: &mut [Symbol]) {
        for index in 0..symbols.len() {
            if symbols[index].merge.rank == STALE.rank {
                let next = symbols.get(index + 1).map(|next| (symbols[index].id, next.id));
                symbols[index].merge = next.and_then(|pair| self.merges.get(&pair)).copied().unwrap_or(NONE);
            }
        }
    }
}

/// A part of a word while merging.
#[derive(Clone, Copy, Debug)]
struct Symbol {
    id: u32,
    /// The byte of the word that it ends at.
    end: usize,
    /// With the symbol behind it.
    merge: Merge,
}

/// Of two symbols that do not merge.
const NONE: Merge = Merge { rank: u32::MAX, symbol: FOREIGN };
/// Of a symbol whose merge has to be looked up.
const STALE: Merge = Merge { rank: u32::MAX - 1, symbol: FOREIGN };

/// Merges symbols wherever they have this merge, from the left; theirs and their neighbours' next merges are stale then.
fn merge_all(symbols: &mut Vec<Symbol>, merge: Merge) {
    let (mut kept, mut index) = (0, 0);
    while index < symbols.len() {
        symbols[kept] = symbols[index];
        if symbols[index].merge.rank == merge.rank {
            symbols[kept] = Symbol { id: merge.symbol, end: symbols[index + 1].end, merge: STALE };
            if kept > 0 {
                symbols[kept - 1].merge = STALE;
            }
            index += 1;
        }
        (kept, index) = (kept + 1, index + 1);
    }
    symbols.truncate(kept);
}

/// Returns a sentence with its pieces joined to words.
#[must_use]
pub fn join_pieces(sentence: &str) -> String {
    let joined = sentence.replace("@@ ", "");
    joined.strip_suffix(CONTINUED).map_or(joined.clone(), str::to_owned)
}

#[cfg(test)]
mod tests;
