use super::corpus::{Corpus, CorpusKind, LanguagePair, PairFiles, Writing};
use super::text_file::{TextFile, TextFormat};
use crate::stream::RawFile;

macro_rules! text {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../../embedded/mt-apache2/", $name, ".gz")))
    };
}

/// Every file of the embedded corpus, by name.
const FILES: [(&str, &[u8]); 12] = [
    text!("train.de-en.de"),
    text!("train.de-en.en"),
    text!("dev.de-en.de"),
    text!("dev.de-en.en"),
    text!("test.de-en.de"),
    text!("test.de-en.en"),
    text!("train.fr-en.fr"),
    text!("train.fr-en.en"),
    text!("dev.fr-en.fr"),
    text!("dev.fr-en.en"),
    text!("test.fr-en.fr"),
    text!("test.fr-en.en"),
];

/// Returns the embedded corpus between English and German or French, in either direction.
pub(super) fn corpus(languages: &LanguagePair) -> Corpus {
    let foreign = if languages.source == "en" { &languages.target } else { &languages.source };
    let file = |part: &str, language: &str| {
        let wanted = format!("{part}.{foreign}-en.{language}");
        let found = FILES.iter().find(|(name, _)| *name == wanted);
        found.map(|&(name, bytes)| TextFile { raw: RawFile::Embedded { name, bytes }, format: TextFormat::Plain })
    };
    let pairs = |part: &str| {
        let pair = file(part, &languages.source).zip(file(part, &languages.target));
        pair.map(|(source, target)| PairFiles { source, target }).into_iter().collect::<Vec<_>>()
    };
    Corpus {
        kind: CorpusKind::Embedded,
        languages: languages.clone(),
        writing: Writing::Sentences,
        codes: None,
        train: pairs("train"),
        valid: pairs("dev"),
        test: pairs("test"),
        unpacked: None,
    }
}
