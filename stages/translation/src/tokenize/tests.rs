use proptest::prelude::*;

use super::*;

fn english(sentence: &str) -> String {
    Tokenizer::new(Language::English, Hyphens::Keep, Escaping::Entities).tokenize(sentence)
}

fn plain(language: Language, sentence: &str) -> String {
    Tokenizer::new(language, Hyphens::Keep, Escaping::Keep).tokenize(sentence)
}

#[test]
fn words_and_marks_become_tokens() {
    assert_eq!(english("Hello, world! (It's 5,300 $.)"), "Hello , world ! ( It &apos;s 5,300 $ . )");
    assert_eq!(english("A [b] | <c> & \"d\""), "A &#91; b &#93; &#124; &lt; c &gt; &amp; &quot; d &quot;");
}

#[test]
fn a_full_stop_stays_with_an_abbreviation() {
    assert_eq!(english("Mr. Smith of the U.S. came. He left."), "Mr. Smith of the U.S. came . He left .");
    assert_eq!(english("No. 5 and No. Never."), "No. 5 and No . Never .");
    assert_eq!(plain(Language::German, "Am 3. Mai bzw. später."), "Am 3. Mai bzw. später .");
    assert_eq!(
        plain(Language::English, "the size e.g. a file of approx. three"),
        "the size e.g. a file of approx. three"
    );
}

#[test]
fn runs_of_dots_stay_together() {
    assert_eq!(english("Well... yes.. no."), "Well ... yes .. no .");
    assert_eq!(english("...and so on...."), "... and so on ....");
}

#[test]
fn apostrophes_follow_the_language() {
    assert_eq!(plain(Language::English, "don't the 1990's 'tis dogs'"), "don 't the 1990 's ' tis dogs'");
    assert_eq!(plain(Language::French, "l'eau d'Aix aujourd'hui"), "l' eau d' Aix aujourd' hui");
    assert_eq!(plain(Language::German, "geht's"), "geht ' s");
}

#[test]
fn hyphens_are_split_on_demand_only() {
    let split = Tokenizer::new(Language::English, Hyphens::Split, Escaping::Keep);
    assert_eq!(split.tokenize("well-known x-1-y - z-"), "well @-@ known x @-@ 1 @-@ y - z-");
    assert_eq!(plain(Language::English, "well-known"), "well-known");
}

#[test]
fn commas_between_digits_stay() {
    assert_eq!(plain(Language::English, "1,000,000 a,b 3, 4, 5,"), "1,000,000 a , b 3 , 4 , 5 ,");
}

#[test]
fn a_quote_after_the_last_stop_is_a_token() {
    assert_eq!(plain(Language::English, "He said 'go.'"), "He said ' go . '");
}

proptest! {
    #[test]
    fn no_sentence_panics_and_no_visible_character_is_lost(sentence in "\\PC{0,60}") {
        for language in [Language::English, Language::German, Language::French, Language::Other] {
            let tokens = plain(language, &sentence);
            let visible = |text: &str| text.chars().filter(|character| !character.is_whitespace()).collect::<String>();
            prop_assert_eq!(visible(&tokens), visible(&sentence));
            prop_assert!(!tokens.contains("  ") && tokens.trim() == tokens);
        }
    }
}
