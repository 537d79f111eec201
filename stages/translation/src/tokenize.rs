mod apostrophes;
mod prefixes;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Language;
use crate::characters::{is_letter, is_letter_or_digit, is_number};
use prefixes::Prefixes;

/// What a tokenizer does with hyphens between letters or digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Hyphens {
    /// Words keep them.
    #[default]
    Keep,
    /// They become tokens `@-@`, as with the option `-a` of Moses.
    Split,
}

/// How a tokenizer writes the characters that Moses uses for its own ends: `& | < > ' " [ ]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Escaping {
    /// As entities: `&amp; &#124; &lt; &gt; &apos; &quot; &#91; &#93;`.
    #[default]
    Entities,
    /// As they are, as with the option `-no-escape` of Moses.
    Keep,
}

/// Separates the words and punctuation marks of a sentence by the rules of the Moses tokenizer.
///
/// The rules are those of `tokenizer.perl` in the order of its regular expressions, as sacremoses 0.2 has them: the
/// last word of a sentence is treated like any other. Abbreviations are a list of our own.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    language: Language,
    hyphens: Hyphens,
    escaping: Escaping,
    prefixes: Prefixes,
}

impl Tokenizer {
    /// Returns the tokenizer of a language.
    #[must_use]
    pub fn new(language: Language, hyphens: Hyphens, escaping: Escaping) -> Self {
        Self { language, hyphens, escaping, prefixes: Prefixes::of(language) }
    }

    /// Returns the tokens of a sentence, one space between them.
    #[must_use]
    pub fn tokenize(&self, sentence: &str) -> String {
        let mut text = without_controls(sentence);
        text = self.pad_marks(&text);
        text = pad_runs_of_dots(&text);
        if text.contains(&',') {
            text = pad_commas(&text);
        }
        if text.contains(&'\'') {
            text = apostrophes::pad(&text, self.language);
        }
        let text: String = text.into_iter().collect();
        let mut tokens = self.split_full_stops(&text);
        split_last_quote(&mut tokens);
        match self.escaping {
            Escaping::Entities => escaped(&tokens),
            Escaping::Keep => tokens,
        }
    }

    /// `([^\p{IsAlnum}\s\.\'\`\,\-])` becomes a token; with [`Hyphens::Split`] so does a hyphen inside a word.
    fn pad_marks(&self, text: &[char]) -> Vec<char> {
        let mut padded = Vec::with_capacity(text.len() * 2);
        for (index, &character) in text.iter().enumerate() {
            let inside = || {
                let around = (text.get(index.wrapping_sub(1)), text.get(index + 1));
                matches!(around, (Some(&before), Some(&after)) if is_letter_or_digit(before) && is_letter_or_digit(after))
            };
            match character {
                ' ' | '.' | '\'' | '`' | ',' => padded.push(character),
                '-' if self.hyphens == Hyphens::Split && inside() => padded.extend([' ', '@', '-', '@', ' ']),
                '-' => padded.push('-'),
                letter if is_letter_or_digit(letter) => padded.push(letter),
                mark => padded.extend([' ', mark, ' ']),
            }
        }
        padded
    }

    /// Separates the full stop at the end of each word that is no abbreviation.
    fn split_full_stops(&self, text: &str) -> String {
        let mut tokens = String::with_capacity(text.len() + 8);
        let mut words = text.split(' ').filter(|word| !word.is_empty()).peekable();
        while let Some(word) = words.next() {
            if !tokens.is_empty() {
                tokens.push(' ');
            }
            match word.strip_suffix('.') {
                Some(stem) if !stem.is_empty() && !self.keeps_stop(stem, words.peek().copied()) => {
                    tokens.push_str(stem);
                    tokens.push_str(" .");
                }
                Some(_) | None => tokens.push_str(word),
            }
        }
        tokens
    }

    fn keeps_stop(&self, stem: &str, next: Option<&str>) -> bool {
        let dots = stem.bytes().all(|byte| byte == b'.');
        let inner = stem.contains('.') && stem.chars().any(is_letter);
        let next_starts = |test: fn(char) -> bool| next.is_some_and(|next| next.starts_with(test));
        dots || inner
            || self.prefixes.always(stem)
            || next_starts(char::is_lowercase)
            || (self.prefixes.before_numbers(stem) && next_starts(|character| character.is_ascii_digit()))
    }
}

/// Spaces of any kind become one plain space; ASCII controls and the spaces at both ends go.
fn without_controls(sentence: &str) -> Vec<char> {
    let mut text = Vec::with_capacity(sentence.len());
    for character in sentence.trim().chars() {
        if character.is_whitespace() {
            if text.last().is_some_and(|&last| last != ' ') {
                text.push(' ');
            }
        } else if character >= ' ' {
            text.push(character);
        }
    }
    text
}

/// Two and more dots become one token.
fn pad_runs_of_dots(text: &[char]) -> Vec<char> {
    let mut padded = Vec::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(&first) = rest.first() {
        let dots = rest.iter().take_while(|&&character| character == '.').count();
        let taken = dots.max(1);
        if dots > 1 {
            padded.push(' ');
            padded.extend_from_slice(&rest[..dots]);
            padded.push(' ');
        } else {
            padded.push(first);
        }
        rest = &rest[taken..];
    }
    padded
}

/// A comma becomes a token unless digits are on both sides.
///
/// The three substitutions of Moses, in order: `([^\p{IsN}]),`, `,([^\p{IsN}])`, `([\p{IsN}]),$`.
fn pad_commas(text: &[char]) -> Vec<char> {
    let mut after_words = Vec::with_capacity(text.len() + 16);
    let mut index = 0;
    while index < text.len() {
        after_words.push(text[index]);
        if !is_number(text[index]) && text.get(index + 1) == Some(&',') {
            after_words.extend([' ', ',', ' ']);
            index += 1;
        }
        index += 1;
    }
    let mut padded = Vec::with_capacity(after_words.len() + 16);
    index = 0;
    while index < after_words.len() {
        match (after_words[index], after_words.get(index + 1)) {
            (',', Some(&next)) if !is_number(next) => {
                padded.extend([' ', ',', ' ', next]);
                index += 1;
            }
            (character, _) => padded.push(character),
        }
        index += 1;
    }
    if let [.., before, ','] = padded[..]
        && is_number(before)
    {
        padded.pop();
        padded.extend([' ', ',']);
    }
    padded
}

/// `.'` at the end of a sentence becomes two tokens.
fn split_last_quote(tokens: &mut String) {
    if tokens.ends_with(".'") {
        tokens.truncate(tokens.len() - 2);
        if !tokens.is_empty() && !tokens.ends_with(' ') {
            tokens.push(' ');
        }
        tokens.push_str(". '");
    }
}

/// Writes the characters that Moses uses for its own ends as entities.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '|' => escaped.push_str("&#124;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\'' => escaped.push_str("&apos;"),
            '"' => escaped.push_str("&quot;"),
            '[' => escaped.push_str("&#91;"),
            ']' => escaped.push_str("&#93;"),
            plain => escaped.push(plain),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
