//! Memory does not grow with the length of a corpus.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use datasets::{CorpusKind, CorpusOptions, Preparation, TextError, TextPart, encode_text, learn_text, open_corpus};

/// What the issue grants for 36 million pairs.
const MOST_BYTES: u64 = 2 << 30;
/// A chunk of pairs and the caches of words may be larger in a longer corpus, the corpus itself is not kept.
const MOST_GROWTH: u64 = 64 << 20;

/// Returns the largest memory that the process had so far, in bytes, where the system tells.
fn peak_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? << 10)
}

/// Writes `train.en` and `train.de` of as many pairs, by repeating those of the embedded corpus.
fn write_repeated(folder: &Path, pairs: usize) {
    let corpus = open_corpus(CorpusKind::Embedded, None, &CorpusOptions::default()).unwrap();
    let text = learn_text(&corpus, &Preparation { merges: 0, ..Preparation::default() }).unwrap();
    let mut sides: Vec<(String, String)> = Vec::new();
    let kept = encode_text(&corpus, &text, TextPart::Train, |_, pair| {
        sides.push((pair.source.to_owned(), pair.target.to_owned()));
        Ok::<(), TextError>(())
    });
    kept.unwrap();
    let file = |name: &str| BufWriter::new(File::create(folder.join(name)).unwrap());
    let (mut sources, mut targets) = (file("train.en"), file("train.de"));
    for (source, target) in sides.iter().cycle().take(pairs) {
        writeln!(sources, "{source}").unwrap();
        writeln!(targets, "{target}").unwrap();
    }
}

/// Learns from and encodes as many pairs, and returns the peak of memory.
fn peak_of(pairs: usize) -> Option<u64> {
    let folder = tempfile::tempdir().unwrap();
    write_repeated(folder.path(), pairs);
    let options = CorpusOptions { train: vec!["train".to_owned()], ..CorpusOptions::default() };
    let corpus = open_corpus(CorpusKind::Plain, Some(folder.path()), &options).unwrap();
    let text = learn_text(&corpus, &Preparation::default()).unwrap();
    let counts = encode_text(&corpus, &text, TextPart::Train, |_, _| Ok::<(), TextError>(())).unwrap();
    assert_eq!(counts.kept, pairs as u64);
    peak_bytes()
}

#[test]
#[ignore = "two minutes"]
#[expect(clippy::print_stderr, reason = "what it measures is its result")]
fn two_million_pairs_need_no_more_memory_than_a_hundred_thousand() {
    let (Some(short), Some(long)) = (peak_of(100_000), peak_of(2_000_000)) else {
        eprintln!("skipped: this system does not tell how much memory a process had");
        return;
    };
    eprintln!("peak of 100,000 pairs {} MiB, of 2,000,000 pairs {} MiB", short >> 20, long >> 20);
    assert!(long < MOST_BYTES && long - short < MOST_GROWTH, "{short} and {long} bytes");
}
