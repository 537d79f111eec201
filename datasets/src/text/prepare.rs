use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use translation::{BytePairs, Dictionary, Language, TextCodec, WordCache, WordSplitter, learn_byte_pairs};

use super::cleaning::{DropRule, PartCounts};
use super::corpus::{Corpus, PairFiles, TextPart, Writing};
use super::pairs::{PairReader, RawPair};
use super::preparation::{Dictionaries, Preparation};
use super::text_error::TextError;
use super::word_counts::WordCounts;

/// Pairs that a task encodes.
const TASK_PAIRS: usize = 256;

/// How the text of a corpus becomes token ids: what [`learn_text`] learnt of its training pairs.
#[derive(Clone, Debug)]
pub struct PreparedText {
    /// Makes ids of sentences of the source language.
    pub source: TextCodec,
    /// Makes ids of sentences of the target language.
    pub target: TextCodec,
    writing: Writing,
    preparation: Preparation,
}

/// A pair of sentences as token ids, ends of sentences not included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncodedPair {
    /// Ids of the source.
    pub source: Vec<u32>,
    /// Ids of the target.
    pub target: Vec<u32>,
}

/// A pair of sentences as they stand in the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentencePair<'a> {
    /// The source.
    pub source: &'a str,
    /// The target.
    pub target: &'a str,
}

/// Learns merges and dictionaries from the training pairs of a corpus: reads them once, in bounded memory.
///
/// Validation pairs that are carved out are not learnt from.
///
/// # Errors
/// When a setting cannot be, a file cannot be read or is no text, or no pair is left.
pub fn learn_text(corpus: &Corpus, preparation: &Preparation) -> Result<PreparedText, TextError> {
    preparation.check()?;
    let languages = [&corpus.languages.source, &corpus.languages.target];
    let settings = languages.map(|code| preparation.settings(Language::of_code(code)));
    let splitters = settings.map(WordSplitter::new);
    let mut words = [WordCounts::new(preparation.most_words), WordCounts::new(preparation.most_words)];
    let mut chunks = TrainChunks::new(corpus, preparation);
    let mut ahead = chunks.next_chunk()?;
    while let Some(chunk) = ahead {
        let word_pair = |raw| WordPair::new(raw, &splitters, corpus.writing, preparation);
        let (pairs, next) =
            rayon::join(|| chunk.par_iter().map(word_pair).collect::<Vec<WordPair>>(), || chunks.next_chunk());
        let kept: Vec<&WordPair> = pairs
            .iter()
            .filter(|pair| chunks.part(pair.dropped) == TextPart::Train && pair.dropped.is_none())
            .collect();
        for (side, words) in words.iter_mut().enumerate() {
            words.add(&kept.iter().map(|pair| &*pair.words[side]).collect::<Vec<_>>());
        }
        ahead = next?;
    }
    let words = words.map(WordCounts::into_sorted);
    if words.iter().any(Vec::is_empty) {
        return Err(TextError::NothingLeft { read: chunks.read });
    }
    let pairs = Arc::new(match corpus.writing {
        Writing::Sentences => {
            let counts = words.iter().flatten().map(|(word, count)| (word, *count));
            BytePairs::new(learn_byte_pairs(counts, preparation.merges, preparation.least_pair_count))
        }
        Writing::Pieces => corpus.codes.clone().unwrap_or_default(),
    });
    let pieces = words.map(|words| match corpus.writing {
        Writing::Sentences => piece_counts(&words, &pairs),
        Writing::Pieces => words.into_iter().map(|(piece, count)| (piece.into_string(), count)).collect(),
    });
    let [source, target] = dictionaries(pieces, preparation);
    let codec = |side: usize, dictionary| TextCodec::new(settings[side], Arc::clone(&pairs), dictionary);
    let (source, target) = (codec(0, source), codec(1, target));
    Ok(PreparedText { source, target, writing: corpus.writing, preparation: *preparation })
}

/// Hands every pair of a part that the rules keep to `sink`, in the order of the files, and returns what became of all.
///
/// Two chunks of pairs are in memory at a time: one is encoded in parallel while the next is read.
///
/// # Errors
/// When a file cannot be read or is no text, and those of `sink`.
pub fn encode_text<E: From<TextError>>(
    corpus: &Corpus,
    text: &PreparedText,
    part: TextPart,
    mut sink: impl FnMut(EncodedPair, SentencePair<'_>) -> Result<(), E>,
) -> Result<PartCounts, E> {
    let carved = part == TextPart::Valid && text.preparation.validation_every.is_some();
    let caches = Caches::new();
    let mut counts = PartCounts::default();
    if part != TextPart::Train && !carved {
        let mut reader = PairReader::new(corpus.files(part));
        loop {
            let chunk = reader.next_chunk()?;
            if chunk.is_empty() {
                return Ok(counts);
            }
            for (raw, pair) in chunk.iter().zip(text.encode_chunk(&chunk, &caches)) {
                counts.count(None);
                sink(pair.encoded, raw.as_sentences())?;
            }
        }
    }
    let mut chunks = TrainChunks::new(corpus, &text.preparation);
    let mut ahead = chunks.next_chunk()?;
    while let Some(chunk) = ahead {
        let (encoded, next) = rayon::join(|| text.encode_chunk(&chunk, &caches), || chunks.next_chunk());
        for (raw, pair) in chunk.iter().zip(encoded) {
            if chunks.part(pair.dropped) != part {
                continue;
            }
            let lengths = (pair.encoded.source.len(), pair.encoded.target.len());
            let dropped = pair.dropped.or_else(|| text.preparation.cleaning.by_pieces(lengths.0, lengths.1));
            counts.count(dropped);
            if dropped.is_none() {
                sink(pair.encoded, raw.as_sentences())?;
            }
        }
        ahead = next?;
    }
    Ok(counts)
}

/// The caches of each thread, of sources and of targets.
struct Caches(Vec<Mutex<[WordCache; 2]>>);

impl Caches {
    fn new() -> Self {
        Self((0..rayon::current_num_threads()).map(|_| Mutex::default()).collect())
    }

    /// Returns those of the running thread of the pool, which no other thread asks for.
    fn of_thread(&self) -> MutexGuard<'_, [WordCache; 2]> {
        let thread = rayon::current_thread_index().unwrap_or(0);
        self.0[thread].lock().expect("no thread panicked while encoding")
    }
}

impl RawPair {
    fn as_sentences(&self) -> SentencePair<'_> {
        SentencePair { source: &self.source, target: &self.target }
    }
}

/// A pair of sentences as words, and the rule on words that it breaks.
struct WordPair<'a> {
    words: [Cow<'a, str>; 2],
    dropped: Option<DropRule>,
}

impl<'a> WordPair<'a> {
    fn new(raw: &'a RawPair, splitters: &[WordSplitter; 2], writing: Writing, preparation: &Preparation) -> Self {
        let words = match writing {
            Writing::Sentences => [splitters[0].split(&raw.source), splitters[1].split(&raw.target)],
            Writing::Pieces => [Cow::Borrowed(raw.source.as_str()), Cow::Borrowed(raw.target.as_str())],
        };
        let dropped = preparation.cleaning.by_words(&words[0], &words[1]);
        Self { words, dropped }
    }
}

/// A pair as token ids, and the rule on words that it breaks.
struct Encoded {
    encoded: EncodedPair,
    dropped: Option<DropRule>,
}

impl PreparedText {
    /// Returns how the text of the corpus is written.
    #[must_use]
    pub fn writing(&self) -> Writing {
        self.writing
    }

    /// Returns the settings that it was learnt with.
    #[must_use]
    pub fn preparation(&self) -> &Preparation {
        &self.preparation
    }

    /// Encodes pairs in parallel, in order; each thread has its caches.
    fn encode_chunk(&self, chunk: &[RawPair], caches: &Caches) -> Vec<Encoded> {
        let encode = |part: &[RawPair]| {
            let mut caches = caches.of_thread();
            part.iter().map(|raw| self.encode(raw, &mut caches)).collect::<Vec<_>>()
        };
        chunk.par_chunks(TASK_PAIRS).flat_map_iter(encode).collect()
    }

    fn encode(&self, raw: &RawPair, [source_cache, target_cache]: &mut [WordCache; 2]) -> Encoded {
        let cleaning = &self.preparation.cleaning;
        match self.writing {
            Writing::Sentences => {
                let source = self.source.splitter().split(&raw.source);
                let target = self.target.splitter().split(&raw.target);
                let dropped = cleaning.by_words(&source, &target);
                let source = self.source.encode_words(&source, source_cache);
                let target = self.target.encode_words(&target, target_cache);
                Encoded { encoded: EncodedPair { source, target }, dropped }
            }
            Writing::Pieces => {
                let source = self.source.encode_pieces(&raw.source);
                let target = self.target.encode_pieces(&raw.target);
                let dropped = cleaning.by_words(&raw.source, &raw.target);
                Encoded { encoded: EncodedPair { source, target }, dropped }
            }
        }
    }
}

/// The pairs of the training files, and to which part each belongs.
struct TrainChunks<'a> {
    reader: PairReader<'a>,
    every: Option<u64>,
    left: u64,
    read: u64,
    /// Pairs so far that no rule on words dropped.
    clean: u64,
}

impl<'a> TrainChunks<'a> {
    fn new(corpus: &'a Corpus, preparation: &Preparation) -> Self {
        let files: &'a [PairFiles] = corpus.files(TextPart::Train);
        let left = preparation.most_pairs.unwrap_or(u64::MAX);
        Self { reader: PairReader::new(files), every: preparation.validation_every, left, read: 0, clean: 0 }
    }

    fn next_chunk(&mut self) -> Result<Option<Vec<RawPair>>, TextError> {
        if self.left == 0 {
            return Ok(None);
        }
        let mut chunk = self.reader.next_chunk()?;
        chunk.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= chunk.len() as u64;
        self.read += chunk.len() as u64;
        Ok((!chunk.is_empty()).then_some(chunk))
    }

    /// Returns the part of the next pair; what a rule on words dropped is a training pair.
    fn part(&mut self, dropped: Option<DropRule>) -> TextPart {
        self.clean += u64::from(dropped.is_none());
        match self.every {
            Some(every) if dropped.is_none() && self.clean.is_multiple_of(every) => TextPart::Valid,
            Some(_) | None => TextPart::Train,
        }
    }
}

type PieceCounts = FxHashMap<String, u64>;

/// Counts the pieces of words that are counted.
fn piece_counts(words: &[(Box<str>, u64)], pairs: &BytePairs) -> PieceCounts {
    let count = |mut counts: PieceCounts, (word, times): &(Box<str>, u64)| {
        for piece in pairs.apply(word).split(' ') {
            match counts.get_mut(piece) {
                Some(known) => *known += times,
                None => {
                    counts.insert(piece.to_owned(), *times);
                }
            }
        }
        counts
    };
    words.par_iter().fold(PieceCounts::default, count).reduce(PieceCounts::default, merged)
}

fn merged(one: PieceCounts, other: PieceCounts) -> PieceCounts {
    let (mut large, small) = if one.len() >= other.len() { (one, other) } else { (other, one) };
    for (piece, count) in small {
        *large.entry(piece).or_default() += count;
    }
    large
}

fn dictionaries([source, target]: [PieceCounts; 2], preparation: &Preparation) -> [Arc<Dictionary>; 2] {
    match preparation.dictionaries {
        Dictionaries::Joined => {
            let joined = Arc::new(Dictionary::new(merged(source, target), preparation.dictionary));
            [Arc::clone(&joined), joined]
        }
        Dictionaries::Separate => {
            [source, target].map(|counts| Arc::new(Dictionary::new(counts, preparation.dictionary)))
        }
    }
}

#[cfg(test)]
mod tests;
