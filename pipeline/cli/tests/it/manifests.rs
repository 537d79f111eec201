use crate::sandbox::{LETTERS, Sandbox};

#[test]
fn a_sound_manifest_is_found_and_checked() {
    let sandbox = Sandbox::new(LETTERS);
    sandbox.write("Cargo.toml", "[package]\nname = \"other\"\n");
    assert_eq!(sandbox.done(&["check"]), "manifest `letters` is sound; steps: 2\n");
    assert_eq!(sandbox.done(&["check", "manifest.toml"]), sandbox.done(&["check"]));
}

#[test]
fn an_unknown_key_is_shown_with_a_caret_and_a_hint() {
    let sandbox = Sandbox::new(&LETTERS.replace("inputs =", "input ="));
    let answer = sandbox.call(&["check", "manifest.toml"]);
    assert_eq!(answer.code, Some(2));
    insta::assert_snapshot!(answer.err, @r#"
    error: stage `count` has no key `input`
      --> manifest.toml:13:1
       |
    13 | input = { text = "letters" }
       | ^^^^^
       |
       = help: did you mean `inputs`?
    "#);
    assert_eq!(answer.out, "");
}

#[test]
fn a_plan_tells_why_each_step_must_run() {
    let sandbox = Sandbox::new(LETTERS);
    insta::assert_snapshot!(sandbox.done(&["plan"]), @"
    stale  letters
             never ran
    stale  count
             never ran
             input text waits for letters
    letters: 0 fresh, 2 stale
    ");
    sandbox.done(&["-q", "run", "manifest.toml"]);
    insta::assert_snapshot!(sandbox.done(&["plan"]), @"
    fresh  letters
    fresh  count
    letters: 2 fresh, 0 stale
    ");
    insta::assert_snapshot!(sandbox.done(&["plan", "--profile", "long"]), @r#"
    stale  letters
             params.argv ["sh","-c","printf abc > {output.text}/letters.txt"] -> ["sh","-c","printf abcdef > {output.text}/letters.txt"]
    stale  count
             input text waits for letters
    letters: 0 fresh, 2 stale
    "#);
}

#[test]
fn status_is_an_exit_code_only_when_asked() {
    let sandbox = Sandbox::new(LETTERS);
    assert_eq!(sandbox.call(&["status"]).code, Some(0));
    assert_eq!(sandbox.call(&["status", "--exit-code"]).code, Some(4));
    sandbox.done(&["-q", "run", "manifest.toml"]);
    insta::assert_snapshot!(sandbox.done(&["status", "--exit-code"]), @"
    fresh  letters
    fresh  count
    letters: 2 fresh, 0 stale
    ");
}

#[test]
fn why_follows_the_steps_it_waits_for() {
    let sandbox = Sandbox::new(LETTERS);
    sandbox.done(&["-q", "run", "manifest.toml"]);
    let long = ["why", "count", "-m", "manifest.toml", "--profile", "long"];
    insta::assert_snapshot!(sandbox.done(&long), @r#"
    stale  count
      input text waits for letters
        stale  letters
          params.argv ["sh","-c","printf abc > {output.text}/letters.txt"] -> ["sh","-c","printf abcdef > {output.text}/letters.txt"]
    "#);
    let fresh = sandbox.done(&["why", "manifest.toml", "count"]);
    assert!(fresh.starts_with("fresh  count\n  made in "), "{fresh}");
}

#[test]
fn why_names_the_steps_there_are() {
    let sandbox = Sandbox::new(LETTERS);
    let answer = sandbox.call(&["why", "cuont"]);
    assert_eq!(answer.code, Some(2));
    insta::assert_snapshot!(answer.err, @"
    error: there is no step `cuont` in `letters`
    help: the steps are `letters`, `count`
    ");
}

#[test]
fn two_manifests_cannot_both_be_meant() {
    let sandbox = Sandbox::new(LETTERS);
    sandbox.write("other.toml", LETTERS);
    let answer = sandbox.call(&["plan"]);
    assert_eq!(answer.code, Some(2));
    insta::assert_snapshot!(answer.err, @"
    error: wanted one manifest, found `manifest.toml`, `other.toml` in the current folder
    help: name the one that is meant
    ");
}

#[test]
fn a_first_manifest_is_sound_and_never_written_over() {
    let sandbox = Sandbox::new(LETTERS);
    sandbox.done(&["init", "first"]);
    let checked = sandbox.done(&["check", "first/shiftaddnas.toml"]);
    assert!(checked.starts_with("manifest `quickstart` is sound"), "{checked}");
    let again = sandbox.call(&["init", "first"]);
    assert_eq!(again.code, Some(2));
    insta::assert_snapshot!(again.err, @"
    error: wanted to write first/shiftaddnas.toml, which is there already
    help: remove it or name another folder
    ");
}
