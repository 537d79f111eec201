use rustc_hash::FxHashMap;

use super::WORD_END;

type Pair = (u32, u32);

/// Returns the merges learnt from words and how often each occurs, at most `merges` of them.
///
/// Learning stops when no pair occurs `least` times. The order of the words does not matter: of two pairs that occur
/// equally often, the later in the order of their spellings is merged first. Equal to `subword-nmt learn-bpe`, also in
/// its statistics, which forget some rare pairs to be fast and count a symbol again that a merge makes a second time.
#[must_use]
pub fn learn<W: AsRef<str>>(
    words: impl IntoIterator<Item = (W, u64)>,
    merges: usize,
    least: u64,
) -> Vec<(String, String)> {
    let mut learner = Learner::new(words);
    let mut learnt = Vec::with_capacity(merges.min(1 << 16));
    // Like a tenth of the most frequent pair: a guess that changes the speed only, says subword-nmt.
    let mut threshold = learner.most_frequent().map_or(0.0, |(_, count)| count as f64 / 10.0);
    for merge in 0..merges {
        let mut best = learner.most_frequent();
        if best.is_none_or(|(_, count)| merge > 0 && (count as f64) < threshold) {
            learner.forget_below(threshold);
            learner.statistics.clone_from(&learner.all);
            best = learner.most_frequent();
            let Some((_, count)) = best else { break };
            threshold = count as f64 * (merge as f64 / (merge as f64 + 10_000.0));
            learner.forget_below(threshold);
        }
        let Some((pair, count)) = best else { break };
        if count < least as i64 {
            break;
        }
        learnt.push((learner.spelling(pair.0), learner.spelling(pair.1)));
        learner.merge(pair);
        if merge % 100 == 0 {
            learner.forget_below(threshold);
        }
    }
    learnt
}

/// Words as symbols, and the pairs in them.
struct Learner {
    spellings: Vec<String>,
    ids: FxHashMap<String, u32>,
    /// The symbols of all words one after the other; a word only ever shrinks.
    symbols: Vec<u32>,
    words: Vec<Word>,
    /// How often each pair occurs, but for the rare ones.
    statistics: FxHashMap<Pair, i64>,
    /// How often each pair occurred when it was last looked at.
    all: FxHashMap<Pair, i64>,
    /// Changes of how often a pair occurs in a word; their sum per word counts.
    places: FxHashMap<Pair, Vec<(u32, i32)>>,
}

/// Lists of changes shorter than this are not summed up before they grow.
const SHORT: usize = 32;

/// Leaves one change for each word, none where they cancel out.
fn sum_up(places: &mut Vec<(u32, i32)>) {
    places.sort_unstable();
    places.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        kept.1 += if same { next.1 } else { 0 };
        same
    });
    places.retain(|&(_, times)| times != 0);
}

struct Word {
    begin: usize,
    length: u32,
    count: i64,
}

impl Learner {
    fn new<W: AsRef<str>>(words: impl IntoIterator<Item = (W, u64)>) -> Self {
        let mut learner = Self {
            spellings: Vec::new(),
            ids: FxHashMap::default(),
            symbols: Vec::new(),
            words: Vec::new(),
            statistics: FxHashMap::default(),
            all: FxHashMap::default(),
            places: FxHashMap::default(),
        };
        for (word, count) in words {
            learner.add(word.as_ref(), count as i64);
        }
        learner.all = learner.statistics.clone();
        learner
    }

    fn add(&mut self, word: &str, count: i64) {
        let (place, begin) = (self.words.len() as u32, self.symbols.len());
        let mut buffer = String::new();
        for (index, character) in word.char_indices() {
            buffer.clear();
            buffer.push(character);
            if index + character.len_utf8() == word.len() {
                buffer.push_str(WORD_END);
            }
            let symbol = self.id(&buffer);
            self.symbols.push(symbol);
        }
        for index in begin..self.symbols.len().saturating_sub(1) {
            self.count((self.symbols[index], self.symbols[index + 1]), place, count, 1);
        }
        self.words.push(Word { begin, length: (self.symbols.len() - begin) as u32, count });
    }

    fn id(&mut self, spelling: &str) -> u32 {
        if let Some(&id) = self.ids.get(spelling) {
            return id;
        }
        let id = self.spellings.len() as u32;
        self.ids.insert(spelling.to_owned(), id);
        self.spellings.push(spelling.to_owned());
        id
    }

    fn spelling(&self, symbol: u32) -> String {
        self.spellings[symbol as usize].clone()
    }

    fn most_frequent(&self) -> Option<(Pair, i64)> {
        let spelt = |pair: Pair| (&self.spellings[pair.0 as usize], &self.spellings[pair.1 as usize]);
        let mut best: Option<(Pair, i64)> = None;
        for (&pair, &count) in &self.statistics {
            let better = best.is_none_or(|(other, most)| count > most || (count == most && spelt(pair) > spelt(other)));
            if better {
                best = Some((pair, count));
            }
        }
        best
    }

    /// Moves the pairs rarer than `threshold` out of the statistics.
    fn forget_below(&mut self, threshold: f64) {
        let all = &mut self.all;
        self.statistics.retain(|&pair, &mut count| {
            let kept = count as f64 >= threshold;
            if !kept && count < 0 {
                *all.entry(pair).or_default() += count;
            } else if !kept {
                all.insert(pair, count);
            }
            kept
        });
    }

    fn count(&mut self, pair: Pair, word: u32, count: i64, sign: i32) {
        *self.statistics.entry(pair).or_default() += i64::from(sign) * count;
        let places = self.places.entry(pair).or_default();
        if places.len() == places.capacity() && places.len() >= SHORT {
            sum_up(places);
        }
        places.push((word, sign));
    }

    /// Merges a pair in all words and brings the statistics up to date.
    fn merge(&mut self, pair: Pair) {
        let merged = self.id(&format!("{}{}", self.spelling(pair.0), self.spelling(pair.1)));
        let mut places = self.places.remove(&pair).unwrap_or_default();
        sum_up(&mut places);
        for (place, _) in places.into_iter().filter(|&(_, times)| times > 0) {
            self.merge_in(place, pair, merged);
        }
        self.statistics.insert(pair, 0);
    }

    fn merge_in(&mut self, place: u32, pair: Pair, merged: u32) {
        let Word { begin, length, count } = self.words[place as usize];
        let old = self.symbols[begin..begin + length as usize].to_vec();
        self.uncount_neighbours(&old, pair, place, count);
        let mut new = Vec::with_capacity(old.len());
        let mut index = 0;
        while index < old.len() {
            let found = old[index] == pair.0 && old.get(index + 1) == Some(&pair.1);
            new.push(if found { merged } else { old[index] });
            index += 1 + usize::from(found);
        }
        self.symbols[begin..begin + new.len()].copy_from_slice(&new);
        self.words[place as usize].length = new.len() as u32;
        for (index, _) in new.iter().enumerate().filter(|&(_, &symbol)| symbol == merged) {
            if index > 0 {
                self.count((new[index - 1], merged), place, count, 1);
            }
            if index + 1 < new.len() && new[index + 1] != merged {
                self.count((merged, new[index + 1]), place, count, 1);
            }
        }
    }

    /// Takes the pairs that overlap a merged one out of the statistics.
    fn uncount_neighbours(&mut self, old: &[u32], pair: Pair, place: u32, count: i64) {
        let (first, second) = pair;
        let mut index = 0;
        while index + 1 < old.len() {
            if (old[index], old[index + 1]) != pair {
                index += 1;
                continue;
            }
            if index > 0 {
                self.count((old[index - 1], old[index]), place, count, -1);
            }
            // In A B C B C, the second merge takes away the pair C B.
            let again = index + 3 < old.len() && old[index + 2] == first && old[index + 3] == second;
            if index + 2 < old.len() && !again {
                self.count((old[index + 1], old[index + 2]), place, count, -1);
            }
            index += 2;
        }
    }
}
