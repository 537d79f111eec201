/// Splits punctuation from words as `mteval-v13a` does, the rules that sacreBLEU calls `13a`.
///
/// Punctuation and symbols of ASCII become words, but for apostrophes, and for periods, commas and hyphens that numbers
/// hold together. Returns words with any spaces between them.
pub(super) fn tokenize_13a(line: &str) -> String {
    let plain = line.replace("<skipped>", "").replace("-\n", "").replace('\n', " ");
    let plain = plain.replace("&quot;", "\"").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">");
    let apart = symbols_apart(&format!(" {plain} "));
    let apart = rewritten(&apart, |first, second| !first.is_ascii_digit() && is_stop(second), after_both);
    let apart = rewritten(&apart, |first, second| is_stop(first) && !second.is_ascii_digit(), before_both);
    rewritten(&apart, |first, second| first.is_ascii_digit() && second == '-', after_both)
}

fn symbols_apart(line: &str) -> String {
    let mut written = String::with_capacity(2 * line.len());
    for character in line.chars() {
        match character {
            '{'..='~' | '['..='`' | ' '..='&' | '('..='+' | ':'..='@' | '/' => written.extend([' ', character, ' ']),
            other => written.push(other),
        }
    }
    written
}

fn is_stop(character: char) -> bool {
    matches!(character, '.' | ',')
}

fn after_both(first: char, second: char) -> [char; 4] {
    [first, ' ', second, ' ']
}

fn before_both(first: char, second: char) -> [char; 4] {
    [' ', first, ' ', second]
}

/// Rewrites pairs of neighbours from left to right; pairs share no character.
fn rewritten(line: &str, is_pair: impl Fn(char, char) -> bool, write: impl Fn(char, char) -> [char; 4]) -> String {
    let mut written = String::with_capacity(line.len() + line.len() / 2);
    let mut rest = line.chars();
    while let Some(first) = rest.next() {
        let mut ahead = rest.clone();
        match ahead.next() {
            Some(second) if is_pair(first, second) => {
                written.extend(write(first, second));
                rest = ahead;
            }
            Some(_) | None => written.push(first),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::words::words;

    fn tokenized(line: &str) -> String {
        words(&tokenize_13a(line)).collect::<Vec<_>>().join(" ")
    }

    /// `sacrebleu.tokenizers.tokenizer_13a.Tokenizer13a()(line)`, sacrebleu 2.6.0.
    #[test]
    fn lines_are_split_as_sacrebleu_splits_them() {
        for (line, wanted) in LINES {
            assert_eq!(tokenized(line), wanted, "{line:?}");
        }
    }

    const LINES: [(&str, &str); 14] = [
        ("Hello, world!", "Hello , world !"),
        ("It's 3.5% of $1,000.00 (not 2-3).", "It's 3.5 % of $ 1,000.00 ( not 2 - 3 ) ."),
        ("e.g. U.S.A. vs. 1,2,a 3.x .5 5. ,", "e . g . U . S . A . vs . 1,2 , a 3 . x . 5 5 . ,"),
        ("a..b ...c 10-20 x-ray 5-", "a . . b . . . c 10 - 20 x-ray 5 -"),
        (
            "Er sagte: \"Ja\" — und „Nein“ – 50 % mehr/weniger…",
            "Er sagte : \" Ja \" — und „Nein“ – 50 % mehr / weniger…",
        ),
        ("&quot;AT&amp;T&quot; &lt;b&gt; &amp;lt;", "\" AT & T \" < b > <"),
        (
            "<skipped>a [b] {c} ~d `e` ^f _g \\h |i @j #k *l +m =n ?o ;p",
            "a [ b ] { c } ~ d ` e ` ^ f _ g \\ h | i @ j # k * l + m = n ? o ; p",
        ),
        ("  tab\there\u{a0}nbsp\u{3000}wide  ", "tab here nbsp wide"),
        ("L'été, qu'il fait 30°C", "L'été , qu'il fait 30°C"),
        ("", ""),
        ("naïve-Straße 12.-13. Jh.", "naïve-Straße 12 . -13 . Jh ."),
        ("'quoted' don't 'tis", "'quoted' don't 'tis"),
        ("wei-\nter\nzeile", "weiter zeile"),
        ("5.é ٣.٤ 3,٤", "5 . é ٣ . ٤ 3 , ٤"),
    ];
}
