use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Language;
use crate::characters::{is_digit, is_invisible};

/// What becomes of typographic punctuation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Punctuation {
    /// Quotes, dashes, apostrophes and spaces become ASCII as `normalize-punctuation.perl` of Moses writes them, and
    /// characters without a shape become spaces as with `remove-non-printing-char.perl`.
    #[default]
    Normalize,
    /// It stays as it is.
    Keep,
}

const NO_BREAK: char = '\u{a0}';

/// `([^ ]*)` of the first half of Moses: brackets and signs take the spaces that belong to them.
const BRACKETS: [(&str, &str); 3] = [("\r", ""), ("(", " ("), (")", ") ")];
const CLOSED: [(&str, &str); 6] =
    [(") .", ")."), (") !", ")!"), (") :", "):"), (") ?", ")?"), (") ;", ");"), (") ,", "),")];
/// What stands for an apostrophe or a quote in ASCII.
const TYPED_QUOTES: [(&str, &str); 2] = [("`", "'"), ("''", " \" ")];
const QUOTES: [(&str, &str); 5] = [("„", "\""), ("“", "\""), ("”", "\""), ("–", "-"), ("—", " - ")];
const APOSTROPHES: [(&str, &str); 6] = [("´", "'"), ("‘", "'"), ("‚", "'"), ("’", "'"), ("''", "\""), ("…", "...")];
const FRENCH_QUOTES: [(&str, &str); 6] =
    [("\u{a0}«\u{a0}", "\""), ("«\u{a0}", "\""), ("«", "\""), ("\u{a0}»\u{a0}", "\""), ("\u{a0}»", "\""), ("»", "\"")];
const NO_BREAK_SPACES: [(&str, &str); 9] = [
    ("\u{a0}%", "%"),
    ("nº\u{a0}", "nº "),
    ("\u{a0}:", ":"),
    ("\u{a0}ºC", " ºC"),
    ("\u{a0}cm", " cm"),
    ("\u{a0}?", "?"),
    ("\u{a0}!", "!"),
    ("\u{a0};", ";"),
    (",\u{a0}", ", "),
];

/// Writes punctuation in one way: the substitutions of `normalize-punctuation.perl` of Moses in its order.
///
/// A lone typographic apostrophe becomes an ASCII one, as in sacremoses; the script itself makes it a double quote.
#[derive(Clone, Copy, Debug)]
pub struct Normalizer {
    language: Language,
}

impl Normalizer {
    /// Returns the normalizer of a language.
    #[must_use]
    pub fn new(language: Language) -> Self {
        Self { language }
    }

    /// Returns a sentence with its punctuation normalized.
    #[must_use]
    pub fn normalize(&self, sentence: &str) -> String {
        let mut text = sentence.to_owned();
        replace_all(&mut text, &BRACKETS);
        squeeze_spaces(&mut text);
        close_up_brackets(&mut text);
        replace_all(&mut text, &TYPED_QUOTES);
        if text.is_ascii() {
            squeeze_spaces(&mut text);
        } else {
            replace_all(&mut text, &QUOTES);
            squeeze_spaces(&mut text);
            replace_all(&mut text, &APOSTROPHES);
            replace_all(&mut text, &FRENCH_QUOTES);
            replace_all(&mut text, &NO_BREAK_SPACES);
            squeeze_spaces(&mut text);
        }
        if text.contains('"') {
            text = self.order_quotes(&text);
        }
        if text.contains(NO_BREAK) {
            text = self.join_thousands(&text);
        }
        text.trim().to_owned()
    }

    /// English puts commas and full stops before a closing quote, German and French after it.
    fn order_quotes(self, text: &str) -> String {
        match self.language {
            Language::English => stops_before_quotes(text),
            Language::German | Language::French => stops_after_quotes(&text.replace(",\"", "\",")),
            Language::Other => text.to_owned(),
        }
    }

    /// `(\d)\u{a0}(\d)`: a match uses up both digits.
    fn join_thousands(self, text: &str) -> String {
        let mark = match self.language {
            Language::German | Language::French => ',',
            Language::English | Language::Other => '.',
        };
        let characters: Vec<char> = text.chars().collect();
        let mut joined = String::with_capacity(text.len());
        let mut index = 0;
        while index < characters.len() {
            joined.push(characters[index]);
            if let [before, NO_BREAK, after, ..] = characters[index..]
                && is_digit(before)
                && is_digit(after)
            {
                joined.extend([mark, after]);
                index += 2;
            }
            index += 1;
        }
        joined
    }
}

/// Returns a text with a space in the place of each character that has no shape on paper.
#[must_use]
pub fn without_invisible(text: &str) -> String {
    text.chars().map(|character| if is_invisible(character) { ' ' } else { character }).collect()
}

fn replace_all(text: &mut String, substitutions: &[(&str, &str)]) {
    for (wanted, replacement) in substitutions {
        if text.contains(wanted) {
            *text = text.replace(wanted, replacement);
        }
    }
}

fn squeeze_spaces(text: &mut String) {
    if text.contains("  ") {
        let mut last = None;
        text.retain(|character| last.replace(character) != Some(' ') || character != ' ');
    }
}

/// `\) ([.!:?;,])`, `\( `, ` \)`, `(\d) %`, ` :` and ` ;` lose their space.
fn close_up_brackets(text: &mut String) {
    if text.contains(['(', ')']) {
        replace_all(text, &CLOSED);
        replace_all(text, &[("( ", "("), (" )", ")")]);
    }
    if text.contains(" %") {
        let mut closed = String::with_capacity(text.len());
        for (index, part) in text.split(" %").enumerate() {
            if index > 0 {
                closed.push_str(if closed.ends_with(is_digit) { "%" } else { " %" });
            }
            closed.push_str(part);
        }
        *text = closed;
    }
    replace_all(text, &[(" :", ":"), (" ;", ";")]);
}

/// `"([,.]+)` becomes `$1"`.
fn stops_before_quotes(text: &str) -> String {
    let mut ordered = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(quote) = rest.find('"') {
        ordered.push_str(&rest[..quote]);
        rest = &rest[quote + 1..];
        let stops = rest.len() - rest.trim_start_matches([',', '.']).len();
        ordered.push_str(&rest[..stops]);
        ordered.push('"');
        rest = &rest[stops..];
    }
    ordered + rest
}

/// `(\.+)"(\s*[^<])` becomes `"$1$2`.
fn stops_after_quotes(text: &str) -> String {
    let mut ordered = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find('.') {
        ordered.push_str(&rest[..begin]);
        rest = &rest[begin..];
        let dots = rest.len() - rest.trim_start_matches('.').len();
        let (stops, after) = rest.split_at(dots);
        rest = after;
        match after.strip_prefix('"') {
            Some(quoted) if quoted.starts_with(|next| next != '<') => {
                ordered.push('"');
                ordered.push_str(stops);
                let used = used_after_quote(quoted);
                ordered.push_str(&quoted[..used]);
                rest = &quoted[used..];
            }
            Some(_) | None => ordered.push_str(stops),
        }
    }
    ordered + rest
}

/// Returns the length of `\s*[^<]` at the start of a text.
fn used_after_quote(text: &str) -> usize {
    let spaces = text.len() - text.trim_start().len();
    let next = text[spaces..].chars().next().filter(|&next| next != '<');
    spaces + next.map_or(0, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalized(language: Language, sentence: &str) -> String {
        Normalizer::new(language).normalize(sentence)
    }

    #[test]
    fn typographic_marks_become_ascii() {
        assert_eq!(normalized(Language::German, "„Ja“ – sagte er … nicht’s"), "\"Ja\" - sagte er ... nicht's");
        assert_eq!(normalized(Language::French, "«\u{a0}Oui\u{a0}» dit-il\u{a0}!"), "\"Oui\" dit-il!");
        assert_eq!(normalized(Language::Other, "a—b"), "a - b");
    }

    #[test]
    fn brackets_and_signs_take_their_spaces() {
        assert_eq!(normalized(Language::English, "a( b )c ( d ) . 5 % x %"), "a (b) c (d). 5% x %");
        assert_eq!(normalized(Language::English, "a : b ; c"), "a: b; c");
    }

    #[test]
    fn stops_and_quotes_follow_the_language() {
        assert_eq!(normalized(Language::English, "\"go\". \"no\",.x"), "\"go.\" \"no,.\"x");
        assert_eq!(
            normalized(Language::German, "\"geh,\" sagt er. \"Nein.\" Ja.\""),
            "\"geh\", sagt er. \"Nein\". Ja.\""
        );
        assert_eq!(normalized(Language::Other, "\"go\"."), "\"go\".");
    }

    #[test]
    fn a_space_between_digits_becomes_the_mark_of_the_language() {
        assert_eq!(normalized(Language::English, "1\u{a0}000\u{a0}000"), "1.000.000");
        assert_eq!(normalized(Language::French, "1\u{a0}0\u{a0}0"), "1,0\u{a0}0");
    }

    #[test]
    fn what_cannot_be_seen_becomes_a_space() {
        assert_eq!(without_invisible("a\u{ad}b\u{200b}c\td"), "a b c d");
    }
}
