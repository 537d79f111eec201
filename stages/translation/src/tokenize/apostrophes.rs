use crate::Language;
use crate::characters::{is_letter, is_number};

/// A substitution of the form `(before)'(after)`; a match uses up all three characters.
type Rule = (fn(char, char) -> bool, Side);

/// Where an apostrophe goes.
#[derive(Clone, Copy)]
enum Side {
    /// A token of its own.
    Alone,
    /// To the word after it: `don 't`.
    After,
    /// To the word before it: `l' eau`.
    Before,
}

const ENGLISH: [Rule; 5] = [
    (|before, after| !is_letter(before) && !is_letter(after), Side::Alone),
    (|before, after| !is_letter(before) && !is_number(before) && is_letter(after), Side::Alone),
    (|before, after| is_letter(before) && !is_letter(after), Side::Alone),
    (|before, after| is_letter(before) && is_letter(after), Side::After),
    (|before, after| is_number(before) && after == 's', Side::After),
];

const FRENCH: [Rule; 4] = [
    (|before, after| !is_letter(before) && !is_letter(after), Side::Alone),
    (|before, after| !is_letter(before) && is_letter(after), Side::Alone),
    (|before, after| is_letter(before) && !is_letter(after), Side::Alone),
    (|before, after| is_letter(before) && is_letter(after), Side::Before),
];

/// Separates apostrophes as Moses does in a language.
pub(super) fn pad(text: &[char], language: Language) -> Vec<char> {
    match language {
        Language::English => ENGLISH.iter().fold(text.to_vec(), |text, rule| substitute(&text, *rule)),
        Language::French => FRENCH.iter().fold(text.to_vec(), |text, rule| substitute(&text, *rule)),
        Language::German | Language::Other => all_alone(text),
    }
}

fn substitute(text: &[char], (matches, side): Rule) -> Vec<char> {
    let mut padded = Vec::with_capacity(text.len() + 8);
    let mut index = 0;
    while index < text.len() {
        match text[index..] {
            [before, '\'', after, ..] if matches(before, after) => {
                padded.push(before);
                padded.extend_from_slice(match side {
                    Side::Alone => &[' ', '\'', ' '],
                    Side::After => &[' ', '\''],
                    Side::Before => &['\'', ' '],
                });
                padded.push(after);
                index += 3;
            }
            _ => {
                padded.push(text[index]);
                index += 1;
            }
        }
    }
    padded
}

fn all_alone(text: &[char]) -> Vec<char> {
    let mut padded = Vec::with_capacity(text.len() + 8);
    for &character in text {
        match character {
            '\'' => padded.extend([' ', '\'', ' ']),
            other => padded.push(other),
        }
    }
    padded
}
