use super::words::is_space;

/// Splits compounds: `x-y` becomes `x ##AT##-##AT## y`, as fairseq's script for WMT'14 does it.
///
/// Matches are found once from left to right and share no character, so that `a-b-c` is split once.
pub(super) fn split_compounds(line: &str) -> String {
    let mut written = String::with_capacity(line.len() + line.len() / 2);
    let mut rest = line.chars();
    while let Some(before) = rest.next() {
        written.push(before);
        let mut ahead = rest.clone();
        if let (Some('-'), Some(after)) = (ahead.next(), ahead.next())
            && !is_space(before)
            && !is_space(after)
        {
            written.push_str(" ##AT##-##AT## ");
            written.push(after);
            rest = ahead;
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hyphen_between_letters_is_a_word() {
        assert_eq!(split_compounds("ein Nord-Süd-Gefälle"), "ein Nord ##AT##-##AT## Süd ##AT##-##AT## Gefälle");
        assert_eq!(split_compounds("a - b -c d- -"), "a - b -c d- -");
        assert_eq!(split_compounds(""), "");
    }

    /// `(\S)-(\S)` has taken `a-b` when it comes to `-c`.
    #[test]
    fn matches_share_no_letter() {
        assert_eq!(split_compounds("a-b-c"), "a ##AT##-##AT## b-c");
        assert_eq!(split_compounds("a--b"), "a ##AT##-##AT## -b");
        assert_eq!(split_compounds("---"), "- ##AT##-##AT## -");
    }
}
