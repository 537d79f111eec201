/// Returns whether Python's `str.split` and `\s` split at a character: Unicode's white space and four separators.
pub(super) fn is_space(character: char) -> bool {
    character.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&character)
}

/// Returns the words of a line, none of them empty.
pub(super) fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(is_space).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_between_spaces_of_any_kind() {
        assert_eq!(words(" a\u{a0}b\u{3000}c\u{1c}d\t\n").collect::<Vec<_>>(), ["a", "b", "c", "d"]);
        assert_eq!(words(" \u{2009} ").count(), 0);
    }
}
