use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|&(first, second)| (first.to_owned(), second.to_owned())).collect()
}

/// The same merging, with strings instead of ids.
fn slow_pieces(pairs: &[(String, String)], word: &str) -> Vec<String> {
    let mut symbols: Vec<String> = word.chars().map(String::from).collect();
    if let Some(last) = symbols.last_mut() {
        last.push_str(WORD_END);
    }
    loop {
        let rank = |two: &[String]| pairs.iter().position(|(first, second)| *first == two[0] && *second == two[1]);
        let Some(best) = symbols.windows(2).filter_map(rank).min() else { break };
        let (first, second) = &pairs[best];
        let mut merged: Vec<String> = Vec::new();
        let mut index = 0;
        while index < symbols.len() {
            if symbols[index] == *first && symbols.get(index + 1) == Some(second) {
                merged.push(format!("{first}{second}"));
                index += 2;
            } else {
                merged.push(symbols[index].clone());
                index += 1;
            }
        }
        symbols = merged;
    }
    symbols.iter().map(|symbol| symbol.strip_suffix(WORD_END).unwrap_or(symbol).to_owned()).collect()
}

#[test]
fn the_example_of_the_paper_is_learnt() {
    // arXiv 1508.07909, algorithm 1: its first merges are es, est, est</w>, lo, low with the end as a symbol of its
    // own; with the end in the last character, as subword-nmt 0.2 has it, est</w> takes two merges.
    let counts = HashMap::from([("low", 5), ("lower", 2), ("newest", 6), ("widest", 3)]);
    let pairs = learn(counts, 4, 2);
    assert_eq!(pairs, owned(&[("s", "t</w>"), ("e", "st</w>"), ("l", "o"), ("w", "est</w>")]));
}

#[test]
fn a_word_is_cut_where_no_merge_is_left() {
    let pairs = BytePairs::new(owned(&[("s", "t</w>"), ("e", "st</w>"), ("l", "o")]));
    assert_eq!(pairs.apply("lowest  l"), "lo@@ w@@ est l");
    assert_eq!(join_pieces("lo@@ w@@ est l"), "lowest l");
    assert_eq!(join_pieces("lo@@"), "lo");
}

#[test]
fn codes_are_read_as_they_are_written() {
    let pairs = BytePairs::new(owned(&[("s", "t</w>"), ("e", "st</w>")]));
    assert_eq!(pairs.to_codes(), "#version: 0.2\ns t</w>\ne st</w>\n");
    assert_eq!(BytePairs::parse(&pairs.to_codes()).unwrap().pairs(), pairs.pairs());
}

#[test]
fn wrong_codes_are_told_with_their_line() {
    let version = BytePairs::parse("a b\n").unwrap_err().to_string();
    assert!(version.starts_with("line 1 of the codes must be `#version: 0.2`, found `a b`"), "{version}");
    let pair = BytePairs::parse("#version: 0.2\na b\nc\n").unwrap_err().to_string();
    assert_eq!(pair, "line 3 of the codes must be two symbols with one space between, found `c`");
}

#[test]
fn learning_stops_when_no_pair_is_frequent_enough() {
    assert_eq!(learn(HashMap::from([("ab", 1)]), 10, 2), []);
    assert_eq!(learn(HashMap::from([("ab", 2), ("b", 9)]), 10, 2), owned(&[("a", "b</w>")]));
    assert_eq!(learn(HashMap::<&str, u64>::new(), 10, 2), []);
}

proptest! {
    #[test]
    fn pieces_equal_the_slow_merging(words in prop::collection::vec("[abc]{1,8}", 1..12), merges in 0usize..20) {
        let mut counts: HashMap<&str, u64> = HashMap::new();
        for word in &words {
            *counts.entry(word).or_default() += 2;
        }
        let pairs = learn(counts, merges, 2);
        let encoding = BytePairs::new(pairs.clone());
        for word in words.iter().map(String::as_str).chain(["abcabcabc", "aaaa", "xay"]) {
            prop_assert_eq!(encoding.pieces(word), slow_pieces(&pairs, word));
        }
    }
}
