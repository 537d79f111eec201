use std::path::Path;

use super::*;
use crate::test_stages::{CHAIN, registry};

fn mistakes(text: &str) -> String {
    let manifest = Manifest::parse(Path::new("m.toml"), text.to_owned(), None, &[]).unwrap();
    match wire(&manifest, &registry()) {
        Ok(_) => "none".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn an_unknown_kind_has_a_suggestion() {
    insta::assert_snapshot!(mistakes(&CHAIN.replace("write-letters", "write-leters")), @r##"
    error: there is no stage of kind `write-leters`
     --> m.toml:7:8
      |
    7 | kind = "write-leters"
      |        ^^^^^^^^^^^^^^
      |
      = help: did you mean `write-letters`?
    "##);
}

#[test]
fn a_port_of_another_type_is_told_with_both_types() {
    let text = CHAIN.replace("letters = \"write\"", "letters = \"write\", earlier = \"write.letters\"");
    insta::assert_snapshot!(mistakes(&text), @r##"
    error: input `count.earlier` wants `counts` but `write.letters` is `letters`
      --> m.toml:12:41
       |
    12 | inputs = { letters = "write", earlier = "write.letters" }
       |                                         ^^^^^^^^^^^^^^^
    "##);
}

#[test]
fn missing_and_unknown_ports_are_told_together() {
    let text = CHAIN.replace("letters = \"write\"", "leters = \"write\"");
    insta::assert_snapshot!(mistakes(&text), @r##"
    error: stage `count` has no input `leters`
      --> m.toml:12:12
       |
    12 | inputs = { leters = "write" }
       |            ^^^^^^
       |
       = help: did you mean `letters`?

    error: input `count.letters` is not bound; it wants `letters`
      --> m.toml:10:8
       |
    10 | [stage.count]
       |        ^^^^^
       |
       = help: add `inputs = { letters = "STAGE.PORT" }`
    "##);
}

#[test]
fn unknown_stages_and_outputs_have_suggestions() {
    let text = CHAIN.replace("letters = \"write\"", "letters = \"wrote\"").replace("count.counts", "count.count");
    insta::assert_snapshot!(mistakes(&text), @r##"
    error: input `count.letters` wants stage `wrote`, which is not there
      --> m.toml:12:22
       |
    12 | inputs = { letters = "wrote" }
       |                      ^^^^^^^
       |
       = help: did you mean `write`?

    error: input `merge.counts` wants `count.count`, which is not there
      --> m.toml:16:22
       |
    16 | inputs = { counts = ["count.count"] }
       |                      ^^^^^^^^^^^^^
       |
       = help: did you mean `counts`?
    "##);
}

#[test]
fn a_list_cannot_feed_a_port_that_takes_one() {
    let text = CHAIN.replace("letters = \"write\"", "letters = [\"write\"]");
    insta::assert_snapshot!(mistakes(&text), @r##"
    error: input `count.letters` takes one artifact, found a list
      --> m.toml:12:12
       |
    12 | inputs = { letters = ["write"] }
       |            ^^^^^^^
    "##);
}

#[test]
fn a_stage_of_several_fitting_outputs_must_be_named_with_one() {
    let text = CHAIN.replace("count.counts", "count");
    assert_eq!(mistakes(&text), "none");
    let text = CHAIN.replace("letters = \"write\"", "letters = \"merge\"");
    assert!(mistakes(&text).contains("input `count.letters` wants `letters`, no output of `merge` is that"));
}

#[test]
fn a_ring_is_printed() {
    let text = CHAIN.replace("letters = \"write\"", "letters = \"write\", earlier = \"merge.counts\"");
    insta::assert_snapshot!(mistakes(&text), @"
    error: stages feed each other in a ring: count -> merge -> count
      --> m.toml:10:8
       |
    10 | [stage.count]
       |        ^^^^^
    ");
}

#[test]
fn params_are_checked_where_they_stand() {
    let text = CHAIN.replace("params.text = \"abba\"", "params = { text = 4, repaet = 2, raw = \"none.txt\" }");
    insta::assert_snapshot!(mistakes(&text), @r##"
    error: stage `write` has no param `repaet`
     --> m.toml:8:22
      |
    8 | params = { text = 4, repaet = 2, raw = "none.txt" }
      |                      ^^^^^^
      |
      = help: did you mean `repeat`?

    error: stage `write`, `params.text`: invalid type: integer `4`, expected a string
     --> m.toml:8:19
      |
    8 | params = { text = 4, repaet = 2, raw = "none.txt" }
      |                   ^
    "##);
    let text = CHAIN.replace("params.text = \"abba\"", "params.repeat = 2");
    insta::assert_snapshot!(mistakes(&text), @"
    error: stage `write`, `params`: missing field `text`
     --> m.toml:8:1
      |
    8 | params.repeat = 2
      | ^^^^^^
    ");
}

#[test]
fn a_source_that_is_not_there_is_shown() {
    let text = CHAIN.replace("params.text = \"abba\"", "params = { text = \"a\", raw = \"none.txt\" }");
    let found = mistakes(&text);
    let first: Vec<&str> = found.lines().take(6).collect();
    insta::assert_snapshot!(first.join("\n"), @r##"
    error: stage `write` wants source `none.txt`, which is not there
     --> m.toml:8:30
      |
    8 | params = { text = "a", raw = "none.txt" }
      |                              ^^^^^^^^^^
      |
    "##);
}

#[test]
fn a_bad_matrix_is_told() {
    let text = format!("{CHAIN}\n[stage.write.matrix]\nrepeat = [1, 1, \"x\"]\ntimes = [1]\n");
    insta::assert_snapshot!(mistakes(&text), @r##"
    error: matrix of `repeat` has `1` twice
      --> m.toml:19:14
       |
    19 | repeat = [1, 1, "x"]
       |              ^

    error: stage `write` has no param `times`
      --> m.toml:20:1
       |
    20 | times = [1]
       | ^^^^^
       |
       = help: known are `raw`, `repeat`, `text`

    error: stage `write`, `params.repeat`: invalid type: string "x", expected u32
      --> m.toml:19:17
       |
    19 | repeat = [1, 1, "x"]
       |                 ^^^
    "##);
}

#[test]
fn only_a_command_declares_outputs() {
    let text = CHAIN.replace("params.text = \"abba\"", "params.text = \"a\"\noutputs = { x = \"letters\" }");
    insta::assert_snapshot!(mistakes(&text), @r##"
    error: only a stage of kind `command` declares its outputs here
     --> m.toml:9:13
      |
    9 | outputs = { x = "letters" }
      |             ^
    "##);
}
