use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use translation::{DictionaryLimits, Escaping, Hyphens, Language, Letters, Punctuation, TextSettings, Words};

use super::cleaning::{Cleaning, LengthUnit};
use super::corpus::CorpusKind;
use super::text_error::TextError;

/// Whether the two languages share their ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Dictionaries {
    /// They do, as the shared embeddings of the networks want.
    #[default]
    Joined,
    /// Each has its own.
    Separate,
}

/// How sentences become token ids, and which pairs are used.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Preparation {
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
    /// Merges learnt from both languages together; 0 leaves words whole. Default 10,000.
    pub merges: usize,
    /// A pair of symbols that occurs less often is not merged. Default 2.
    pub least_pair_count: u64,
    /// Whether the languages share their ids. Default joined.
    pub dictionaries: Dictionaries,
    /// Which pieces have an id. Default all.
    pub dictionary: DictionaryLimits,
    /// Which training pairs are used.
    pub cleaning: Cleaning,
    /// Every so many of the training pairs that the rules on words leave are validation pairs instead; none is that of
    /// the corpus, which then wants validation files or has no validation pairs. Default none.
    pub validation_every: Option<u64>,
    /// Training pairs read, validation pairs carved out of them included; none is all. Default none.
    pub most_pairs: Option<u64>,
    /// Distinct words of a language that are counted. When there are more, the rarest half is forgotten, so that counts
    /// of rare words are lower bounds and memory stays bounded. Default 2,000,000.
    pub most_words: usize,
}

/// No sentence is as long: a corpus that is clean already loses none.
const CLEAN_ALREADY: usize = 1_000_000;

impl Default for Preparation {
    fn default() -> Self {
        Self {
            punctuation: Punctuation::Normalize,
            words: Words::Moses,
            hyphens: Hyphens::Keep,
            escaping: Escaping::Entities,
            letters: Letters::Keep,
            merges: 10_000,
            least_pair_count: 2,
            dictionaries: Dictionaries::Joined,
            dictionary: DictionaryLimits::default(),
            cleaning: Cleaning::default(),
            validation_every: None,
            most_pairs: None,
            most_words: 2_000_000,
        }
    }
}

impl Preparation {
    /// Returns how the authors of ShiftAddNAS and fairseq's scripts prepare a corpus; the defaults where they do not.
    #[must_use]
    pub fn recipe(kind: CorpusKind) -> Self {
        let plain = Self::default();
        match kind {
            CorpusKind::Embedded | CorpusKind::Plain | CorpusKind::Multi30k | CorpusKind::WmtLike => plain,
            CorpusKind::Wmt14EnDe => Self {
                punctuation: Punctuation::Keep,
                merges: 32_000,
                dictionary: DictionaryLimits { most: Some(32_768), ..DictionaryLimits::default() },
                cleaning: Cleaning { least: 0, most: CLEAN_ALREADY, ..Cleaning::default() },
                ..plain
            },
            CorpusKind::Wmt14EnFr => Self {
                hyphens: Hyphens::Split,
                merges: 40_000,
                cleaning: Cleaning { unit: LengthUnit::Pieces, ratio: Some(1.5), ..Cleaning::default() },
                validation_every: Some(1333),
                ..plain
            },
            CorpusKind::Iwslt14DeEn => Self {
                punctuation: Punctuation::Keep,
                letters: Letters::Lower,
                dictionaries: Dictionaries::Separate,
                cleaning: Cleaning { most: 175, ratio: Some(1.5), ..Cleaning::default() },
                validation_every: Some(23),
                ..plain
            },
        }
    }

    /// Returns how text of a language becomes words.
    #[must_use]
    pub fn settings(&self, language: Language) -> TextSettings {
        let Self { punctuation, words, hyphens, escaping, letters, .. } = *self;
        TextSettings { language, punctuation, words, hyphens, escaping, letters }
    }

    /// Returns `Ok` if the settings make sense together.
    ///
    /// # Errors
    /// The first one that does not.
    pub fn check(&self) -> Result<(), TextError> {
        let setting = |field, wanted, found: String| Err(TextError::Setting { field, wanted, found });
        let Cleaning { least, most, ratio, .. } = self.cleaning;
        if least > most {
            return setting("cleaning.least", "at most `cleaning.most`", format!("{least} above {most}"));
        }
        if let Some(ratio) = ratio.filter(|ratio| ratio.is_nan() || *ratio < 1.0) {
            return setting("cleaning.ratio", "1 or more", ratio.to_string());
        }
        if let Some(every) = self.validation_every.filter(|every| *every < 2) {
            return setting("validation_every", "2 or more", every.to_string());
        }
        if let Some(most) = self.dictionary.most.filter(|most| *most < 16) {
            return setting("dictionary.most", "16 or more", most.to_string());
        }
        if self.most_words < 1000 {
            return setting("most_words", "1000 or more", self.most_words.to_string());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_says_only_what_differs() {
        let read: Preparation =
            serde_json::from_str(r#"{"merges": 500, "cleaning": {"unit": "pieces", "ratio": 1.5}}"#).unwrap();
        let cleaning = Cleaning { unit: LengthUnit::Pieces, ratio: Some(1.5), ..Cleaning::default() };
        assert_eq!(read, Preparation { merges: 500, cleaning, ..Preparation::default() });
        assert!(serde_json::from_str::<Preparation>(r#"{"merge": 500}"#).is_err());
    }

    #[test]
    fn every_recipe_can_be() {
        for kind in CorpusKind::ALL {
            Preparation::recipe(kind).check().unwrap();
        }
    }

    #[test]
    fn settings_that_cannot_be_are_told() {
        let ratio = Cleaning { ratio: Some(0.5), ..Cleaning::default() };
        let error = Preparation { cleaning: ratio, ..Preparation::default() }.check().unwrap_err();
        assert_eq!(error.to_string(), "`cleaning.ratio` must be 1 or more, found 0.5");
        assert!(Preparation { validation_every: Some(1), ..Preparation::default() }.check().is_err());
        assert!(Preparation { most_words: 1, ..Preparation::default() }.check().is_err());
    }
}
