use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A language whose punctuation and abbreviations are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// German.
    #[serde(rename = "de")]
    German,
    /// French.
    #[serde(rename = "fr")]
    French,
    /// Any other that writes spaces between words; the rules that name no language, English abbreviations.
    #[serde(rename = "other")]
    Other,
}

impl Language {
    /// Returns the language with an ISO 639-1 code such as `de`.
    #[must_use]
    pub fn of_code(code: &str) -> Self {
        match code {
            "en" => Self::English,
            "de" => Self::German,
            "fr" => Self::French,
            _ => Self::Other,
        }
    }
}
