use crate::Language;
use crate::characters::{has_no_spaces, is_currency, is_letter};

/// Joins the tokens of a sentence to a text: the opposite of [`crate::Tokenizer`], by the rules of the Moses
/// detokenizer as sacremoses has them.
#[derive(Clone, Copy, Debug)]
pub struct Detokenizer {
    language: Language,
}

/// Where a token goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Attachment {
    None,
    /// To the token before it.
    Left,
    /// To the token after it.
    Right,
    /// To the token before it, but for a space that French writes there.
    LeftWithSpace,
}

const ENTITIES: [(&str, &str); 11] = [
    ("&bar;", "|"),
    ("&#124;", "|"),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&bra;", "["),
    ("&ket;", "]"),
    ("&quot;", "\""),
    ("&apos;", "'"),
    ("&#91;", "["),
    ("&#93;", "]"),
    ("&amp;", "&"),
];

impl Detokenizer {
    /// Returns the detokenizer of a language.
    #[must_use]
    pub fn new(language: Language) -> Self {
        Self { language }
    }

    /// Returns the text of a sentence of tokens with one space between them; entities become characters.
    #[must_use]
    pub fn detokenize(&self, tokens: &str) -> String {
        let mut plain = format!(" {tokens} ").replace(" @-@ ", "-");
        if plain.contains('&') {
            for (entity, character) in ENTITIES {
                plain = plain.replace(entity, character);
            }
        }
        let tokens: Vec<&str> = plain.split_whitespace().collect();
        let mut text = String::with_capacity(plain.len());
        let mut quotes = Quotes::default();
        let mut joined = true;
        for index in 0..tokens.len() {
            let attachment = self.attachment(&tokens, index, &mut quotes);
            let space = match attachment {
                Attachment::None | Attachment::Right => !joined,
                Attachment::Left => false,
                Attachment::LeftWithSpace => !text.is_empty() && !text.ends_with(' '),
            };
            if space {
                text.push(' ');
            }
            text.push_str(tokens[index]);
            joined = attachment == Attachment::Right;
        }
        text
    }

    fn attachment(self, tokens: &[&str], index: usize, quotes: &mut Quotes) -> Attachment {
        let token = tokens[index];
        let before = index.checked_sub(1).map(|before| tokens[before]);
        let after = tokens.get(index + 1);
        if token.starts_with(has_no_spaces) {
            let follows = before.is_some_and(|before| before.ends_with(has_no_spaces));
            return if follows { Attachment::Left } else { Attachment::None };
        }
        if token.chars().all(|character| is_currency(character) || "([{¿¡".contains(character)) {
            return Attachment::Right;
        }
        if token.chars().all(|character| ",.?!:;\\%}])".contains(character)) {
            let spaced = self.language == Language::French && ["?", "!", ":", ";", "\\", "%"].contains(&token);
            return if spaced { Attachment::LeftWithSpace } else { Attachment::Left };
        }
        let contracted = |mut characters: std::str::Chars<'_>| {
            characters.next() == Some('\'') && characters.next().is_some_and(is_letter)
        };
        if self.language == Language::English && before.is_some() && contracted(token.chars()) {
            return Attachment::Left;
        }
        if self.language == Language::French && elided(token) && after.is_some_and(|after| after.starts_with(is_letter))
        {
            return Attachment::Right;
        }
        if token.chars().all(|character| "'\"„“`".contains(character)) {
            let possessive = self.language == Language::English
                && token == "'"
                && before.is_some_and(|before| before.ends_with('s'));
            return quotes.attachment(token, possessive.then_some(Attachment::Left));
        }
        Attachment::None
    }
}

/// Returns whether a token is a French one that lost its last vowel: `l'`.
fn elided(token: &str) -> bool {
    token.strip_suffix('\'').is_some_and(|stem| stem.ends_with(is_letter))
}

/// How many quotes of each kind were open.
#[derive(Default)]
struct Quotes {
    open: Vec<String>,
}

impl Quotes {
    /// An opening quote goes to the right and a closing one to the left; `instead` is for one that cannot open.
    fn attachment(&mut self, token: &str, instead: Option<Attachment>) -> Attachment {
        let double = token.chars().all(|character| "„“".contains(character));
        let kind = if double { "\"" } else { token };
        if let Some(place) = self.open.iter().position(|open| open == kind) {
            self.open.swap_remove(place);
            return Attachment::Left;
        }
        instead.unwrap_or_else(|| {
            self.open.push(kind.to_owned());
            Attachment::Right
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(language: Language, tokens: &str) -> String {
        Detokenizer::new(language).detokenize(tokens)
    }

    #[test]
    fn tokens_become_a_text() {
        let tokens = "Hello , world ! ( It &apos;s 5,300 $ . ) well @-@ known";
        assert_eq!(text(Language::English, tokens), "Hello, world! (It's 5,300 $.) well-known");
    }

    #[test]
    fn quotes_are_opened_and_closed() {
        assert_eq!(text(Language::English, "a &quot; b c &quot; d ' e '"), "a \"b c\" d 'e'");
        assert_eq!(text(Language::English, "the dogs ' tails"), "the dogs' tails");
    }

    #[test]
    fn french_writes_spaces_before_some_marks_and_joins_elided_words() {
        assert_eq!(text(Language::French, "l&apos; eau : d&apos; Aix , non ?"), "l'eau : d'Aix, non ?");
        assert_eq!(text(Language::German, "Wasser : nein ?"), "Wasser: nein?");
    }

    #[test]
    fn scripts_without_spaces_get_none() {
        assert_eq!(text(Language::Other, "日本 語 is 語"), "日本語 is 語");
    }
}
