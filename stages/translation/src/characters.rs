//! Classes of characters, named as in the regular expressions of Moses.

/// The zeros of the decimal digits (Unicode 14, category Nd); each is followed by the other nine.
const ZEROS: [u32; 66] = [
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620,
    0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0,
    0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60,
    0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
];

/// Currency signs (Unicode 14, category Sc), as ranges with both ends.
const CURRENCIES: [(u32, u32); 21] = [
    (0x24, 0x24),
    (0xa2, 0xa5),
    (0x58f, 0x58f),
    (0x60b, 0x60b),
    (0x7fe, 0x7ff),
    (0x9f2, 0x9f3),
    (0x9fb, 0x9fb),
    (0xaf1, 0xaf1),
    (0xbf9, 0xbf9),
    (0xe3f, 0xe3f),
    (0x17db, 0x17db),
    (0x20a0, 0x20c0),
    (0xa838, 0xa838),
    (0xfdfc, 0xfdfc),
    (0xfe69, 0xfe69),
    (0xff04, 0xff04),
    (0xffe0, 0xffe1),
    (0xffe5, 0xffe6),
    (0x11fdd, 0x11fe0),
    (0x1e2ff, 0x1e2ff),
    (0x1ecb0, 0x1ecb0),
];

/// Invisible marks of format (Unicode 14, category Cf), as ranges with both ends.
const FORMATS: [(u32, u32); 21] = [
    (0xad, 0xad),
    (0x600, 0x605),
    (0x61c, 0x61c),
    (0x6dd, 0x6dd),
    (0x70f, 0x70f),
    (0x890, 0x891),
    (0x8e2, 0x8e2),
    (0x180e, 0x180e),
    (0x200b, 0x200f),
    (0x202a, 0x202e),
    (0x2060, 0x2064),
    (0x2066, 0x206f),
    (0xfeff, 0xfeff),
    (0xfff9, 0xfffb),
    (0x110bd, 0x110bd),
    (0x110cd, 0x110cd),
    (0x13430, 0x13438),
    (0x1bca0, 0x1bca3),
    (0x1d173, 0x1d17a),
    (0xe0001, 0xe0001),
    (0xe0020, 0xe007f),
];

/// Scripts written without spaces, as the detokenizer of Moses knows them, as ranges with both ends.
const WITHOUT_SPACES: [(u32, u32); 11] = [
    (0x1100, 0x11ff),
    (0x2e80, 0xa4cf),
    (0xa840, 0xa87f),
    (0xac00, 0xd7af),
    (0xf900, 0xfaff),
    (0xfe30, 0xfe4f),
    (0xff65, 0xffdc),
    (0x17000, 0x18aff),
    (0x1b000, 0x1b12f),
    (0x1b170, 0x1b2ff),
    (0x20000, 0x2ffff),
];

/// Letters: `\p{IsAlpha}`.
pub(crate) fn is_letter(character: char) -> bool {
    character.is_alphabetic()
}

/// Letters and decimal digits: `\p{IsAlnum}`; no fractions, no superscripts.
pub(crate) fn is_letter_or_digit(character: char) -> bool {
    if character.is_ascii() { character.is_ascii_alphanumeric() } else { is_letter(character) || is_digit(character) }
}

/// Numbers of any kind: `\p{IsN}`.
pub(crate) fn is_number(character: char) -> bool {
    character.is_numeric()
}

/// Currency signs: `\p{IsSc}`.
pub(crate) fn is_currency(character: char) -> bool {
    within(&CURRENCIES, character)
}

/// What has no shape on paper: controls, marks of format, private use and noncharacters.
pub(crate) fn is_invisible(character: char) -> bool {
    let code = u32::from(character);
    character.is_control()
        || (!character.is_ascii() && within(&FORMATS, character))
        || (0xe000..=0xf8ff).contains(&code)
        || (0xfdd0..=0xfdef).contains(&code)
        || code >= 0xf_0000
        || code & 0xfffe == 0xfffe
}

/// Characters of scripts written without spaces.
pub(crate) fn has_no_spaces(character: char) -> bool {
    u32::from(character) >= WITHOUT_SPACES[0].0 && within(&WITHOUT_SPACES, character)
}

/// Decimal digits: `\d`.
pub(crate) fn is_digit(character: char) -> bool {
    let code = u32::from(character);
    let zeros = ZEROS.partition_point(|&zero| zero <= code);
    zeros > 0 && code - ZEROS[zeros - 1] < 10
}

fn within(ranges: &[(u32, u32)], character: char) -> bool {
    let code = u32::from(character);
    let begun = ranges.partition_point(|&(first, _)| first <= code);
    begun > 0 && code <= ranges[begun - 1].1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn superscripts_and_fractions_are_numbers_but_no_digits() {
        for character in ['²', '½', '①'] {
            assert!(is_number(character) && !is_letter_or_digit(character), "{character}");
        }
        for character in ['7', '٣', '９', 'é', 'ß', 'ª'] {
            assert!(is_letter_or_digit(character), "{character}");
        }
    }

    #[test]
    fn every_table_is_sorted_and_disjoint() {
        for table in [&CURRENCIES[..], &FORMATS, &WITHOUT_SPACES] {
            assert!(table.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
        assert!(ZEROS.windows(2).all(|pair| pair[0] + 10 <= pair[1]));
    }

    #[test]
    fn a_soft_hyphen_is_invisible_and_a_currency_sign_is_not() {
        assert!(is_invisible('\u{ad}') && is_invisible('\u{7}') && is_invisible('\u{feff}'));
        assert!(!is_invisible('€') && is_currency('€') && is_currency('$'));
    }
}
