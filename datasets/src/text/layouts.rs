//! Under which names the corpora are published.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use translation::BytePairs;

use super::corpus::{Corpus, CorpusKind, CorpusOptions, LanguagePair, PairFiles, Writing};
use super::embedded;
use super::shelf::Shelf;
use super::text_error::TextError;
use super::text_file::{TextFile, open_unpacked};

/// Training corpora of WMT'14 English-French in the order of fairseq's script; `*` is the language.
const EN_FR_TRAIN: [&str; 5] = [
    "europarl-v7.fr-en.*",
    "commoncrawl.fr-en.*",
    "undoc.2000.fr-en.*",
    "news-commentary-v9.fr-en.*",
    "giga-fren.release2.fixed.*",
];
/// Test sets of IWSLT'14 as fairseq's script concatenates them.
const IWSLT_TEST: [&str; 5] = [
    "IWSLT14.TED.dev2010.de-en.*.xml",
    "IWSLT14.TEDX.dev2012.de-en.*.xml",
    "IWSLT14.TED.tst2010.de-en.*.xml",
    "IWSLT14.TED.tst2011.de-en.*.xml",
    "IWSLT14.TED.tst2012.de-en.*.xml",
];

/// Names of the files of a corpus; `*` stands for the language, `?` for `src` or `ref`.
struct Layout {
    train: Vec<String>,
    valid: Vec<String>,
    test: Vec<String>,
}

/// Which side of a pair a file is.
#[derive(Clone, Copy)]
enum Side {
    Source,
    Target,
}

/// Finds the files of a corpus.
pub(super) fn find(kind: CorpusKind, path: Option<&Path>, options: &CorpusOptions) -> Result<Corpus, TextError> {
    let languages = &options.languages;
    check_languages(kind, languages)?;
    if kind == CorpusKind::Embedded {
        return Ok(embedded::corpus(languages));
    }
    let path = path.ok_or(TextError::NoPath { kind, wanted: "a folder of its files or an archive of them" })?;
    let known = published(kind, options)?;
    let wanted = |name: &str| match &known {
        Some(layout) => layout.names(name, languages),
        None => like_wmt(name, languages),
    };
    let enough = |shelf: &Shelf| match &known {
        Some(layout) => layout.pairs(kind, shelf, languages).is_ok(),
        None => shelf.names().any(|name| like_wmt(name, languages)),
    };
    let shelf = Shelf::open(path, &wanted, &enough)?;
    let layout = known.unwrap_or_else(|| wmt_like(&shelf, languages));
    let [train, valid, test] = layout.pairs(kind, &shelf, languages)?;
    let writing = if kind == CorpusKind::Wmt14EnDe { Writing::Pieces } else { Writing::Sentences };
    let codes = codes(kind, &shelf)?;
    let (languages, unpacked) = (languages.clone(), shelf.into_unpacked());
    Ok(Corpus { kind, languages, writing, codes, train, valid, test, unpacked })
}

fn check_languages(kind: CorpusKind, languages: &LanguagePair) -> Result<(), TextError> {
    let (known, needed): (_, &[&str]) = match kind {
        CorpusKind::Plain | CorpusKind::WmtLike => return Ok(()),
        CorpusKind::Multi30k => ("en, de and fr", &["en", "de", "fr"]),
        CorpusKind::Embedded => ("en with de or fr", &["en", "de", "fr"]),
        CorpusKind::Wmt14EnDe | CorpusKind::Iwslt14DeEn => ("en and de", &["en", "de"]),
        CorpusKind::Wmt14EnFr => ("en and fr", &["en", "fr"]),
    };
    let pair = [languages.source.as_str(), languages.target.as_str()];
    let with_english = kind != CorpusKind::Embedded || pair.contains(&"en");
    if with_english && pair.iter().all(|language| needed.contains(language)) {
        return Ok(());
    }
    Err(TextError::Languages { kind, known, found: languages.to_string() })
}

/// The names of a corpus, or none where the folder decides.
fn published(kind: CorpusKind, options: &CorpusOptions) -> Result<Option<Layout>, TextError> {
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    Ok(match kind {
        CorpusKind::Plain if options.train.is_empty() => {
            let wanted = "the prefix of at least one training file";
            return Err(TextError::Setting { field: "train", wanted, found: "none".to_owned() });
        }
        CorpusKind::Plain => {
            let names = |prefixes: &[String]| prefixes.iter().map(|prefix| format!("{prefix}.*")).collect();
            Some(Layout { train: names(&options.train), valid: names(&options.valid), test: names(&options.test) })
        }
        CorpusKind::Multi30k => {
            Some(Layout { train: owned(&["train.*"]), valid: owned(&["val.*"]), test: owned(&["test_2016_flickr.*"]) })
        }
        CorpusKind::Wmt14EnDe => Some(Layout {
            train: owned(&["train.tok.clean.bpe.32000.*"]),
            valid: owned(&["newstest2013.tok.bpe.32000.*"]),
            test: owned(&["newstest2014.tok.bpe.32000.*"]),
        }),
        CorpusKind::Wmt14EnFr => {
            Some(Layout { train: owned(&EN_FR_TRAIN), valid: Vec::new(), test: owned(&["newstest2014-fren-?.*.sgm"]) })
        }
        CorpusKind::Iwslt14DeEn => {
            Some(Layout { train: owned(&["train.tags.de-en.*"]), valid: Vec::new(), test: owned(&IWSLT_TEST) })
        }
        CorpusKind::Embedded | CorpusKind::WmtLike => None,
    })
}

/// Returns whether a name is `CORPUS.de-en.de`, `dev.de`, `test.de` or that of a test set in segments.
fn like_wmt(name: &str, languages: &LanguagePair) -> bool {
    let LanguagePair { source, target } = languages;
    let segments = name.ends_with(".sgm") && (name.contains("dev") || name.contains("test"));
    let sides = [source, target];
    segments
        || sides.iter().any(|side| name == format!("dev.{side}") || name == format!("test.{side}"))
        || (trained_on(name, languages).is_some())
}

/// Returns the name of a training file with `*` for its language.
fn trained_on(name: &str, LanguagePair { source, target }: &LanguagePair) -> Option<String> {
    let (stem, language) = name.rsplit_once('.')?;
    let pairs = [format!(".{source}-{target}"), format!(".{target}-{source}")];
    let held_out = ["dev.", "test.", "newstest", "newsdev"].iter().any(|held_out| name.starts_with(held_out));
    let named = (language == source || language == target) && pairs.iter().any(|pair| stem.ends_with(pair));
    (named && !held_out).then(|| format!("{stem}.*"))
}

/// The layout that the names of a folder show; corpora in the order of their names.
///
/// The test set is `test.LANGUAGE` or the last of the sets in segments, the validation set `dev.LANGUAGE` or the last
/// set in segments that is called `dev`, or else the one before the test set.
fn wmt_like(shelf: &Shelf, languages: &LanguagePair) -> Layout {
    let train: BTreeSet<String> = shelf.names().filter_map(|name| trained_on(name, languages)).collect();
    let plain = |part: &str| shelf.find(&format!("{part}.{}", languages.source)).map(|_| format!("{part}.*"));
    let (mut dev, mut test): (Vec<String>, Vec<String>) =
        segment_sets(shelf, languages).into_iter().partition(|set| set.contains("dev"));
    let test_set = plain("test").or_else(|| test.pop());
    let valid_set = plain("dev").or_else(|| dev.pop()).or_else(|| test.pop());
    let (valid, test) = (Vec::from_iter(valid_set), Vec::from_iter(test_set));
    Layout { train: train.into_iter().collect(), valid, test }
}

/// The sets in segments that are there in both languages, sorted by name.
fn segment_sets(shelf: &Shelf, LanguagePair { source, target }: &LanguagePair) -> Vec<String> {
    let sets = shelf.names().filter_map(|name| name.strip_suffix(&format!("-src.{source}.sgm")));
    let both = sets.filter(|set| shelf.find(&format!("{set}-ref.{target}.sgm")).is_some());
    both.map(|set| format!("{set}-?.*.sgm")).collect()
}

impl Layout {
    /// Returns whether a file is one of the corpus.
    fn names(&self, name: &str, languages: &LanguagePair) -> bool {
        let names = self.train.iter().chain(&self.valid).chain(&self.test);
        name == "bpe.32000"
            || names.flat_map(|pattern| candidates(pattern, languages)).any(|candidate| candidate == name)
    }

    /// Returns the files of training, validation and test.
    fn pairs(
        &self,
        kind: CorpusKind,
        shelf: &Shelf,
        languages: &LanguagePair,
    ) -> Result<[Vec<PairFiles>; 3], TextError> {
        if self.train.is_empty() {
            let wanted = format!("`CORPUS.{languages}.{}` or the like", languages.source);
            let (folder, found) = shelf.described();
            return Err(TextError::Missing { kind, wanted, folder, found });
        }
        let pair = |pattern: &String| {
            let file = |side| {
                let names = names(pattern, side, languages);
                names.iter().find_map(|name| shelf.find(name)).ok_or_else(|| {
                    let (folder, found) = shelf.described();
                    TextError::Missing { kind, wanted: format!("`{}`", names.join("` or `")), folder, found }
                })
            };
            Ok(PairFiles { source: file(Side::Source)?, target: file(Side::Target)? })
        };
        let pairs = |patterns: &[String]| patterns.iter().map(pair).collect::<Result<Vec<_>, TextError>>();
        Ok([pairs(&self.train)?, pairs(&self.valid)?, pairs(&self.test)?])
    }
}

/// The names of one side, the usual one first; folders of a prefix are not part of a name.
fn names(pattern: &str, side: Side, LanguagePair { source, target }: &LanguagePair) -> Vec<String> {
    let (language, role) = match side {
        Side::Source => (source, "src"),
        Side::Target => (target, "ref"),
    };
    let pattern = pattern.rsplit('/').next().unwrap_or(pattern);
    let name = pattern.replace('*', language).replace('?', role);
    let segments = pattern.strip_suffix(".*").map(|prefix| format!("{prefix}-{role}.{language}.sgm"));
    std::iter::once(name).chain(segments).collect()
}

fn candidates(pattern: &str, languages: &LanguagePair) -> Vec<String> {
    [Side::Source, Side::Target].into_iter().flat_map(|side| names(pattern, side, languages)).collect()
}

/// The merges that come with the package of WMT'14 English-German; those of subword-nmt before 0.2 are passed over.
fn codes(kind: CorpusKind, shelf: &Shelf) -> Result<Option<BytePairs>, TextError> {
    let Some(file) = (kind == CorpusKind::Wmt14EnDe).then(|| shelf.find("bpe.32000")).flatten() else {
        return Ok(None);
    };
    let text = read_whole(&file)?;
    if !text.starts_with("#version") {
        return Ok(None);
    }
    let codes = BytePairs::parse(&text);
    codes.map(Some).map_err(|source| TextError::Codes { file: file.path(), source })
}

/// Most bytes of a file of codes.
const MOST_CODES: u64 = 64 << 20;

fn read_whole(file: &TextFile) -> Result<String, TextError> {
    let mut text = String::new();
    let mut reader = open_unpacked(&file.raw)?.take(MOST_CODES);
    reader.read_to_string(&mut text).map_err(|source| TextError::Io { path: file.path(), source })?;
    Ok(text)
}
