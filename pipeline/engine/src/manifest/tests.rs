use super::*;

fn load(text: &str, profile: Option<&str>, sets: &[&str]) -> Result<Manifest, ManifestError> {
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    Manifest::parse(Path::new("m.toml"), text.to_owned(), profile, &sets)
}

fn mistakes(text: &str) -> String {
    load(text, None, &[]).unwrap_err().to_string()
}

const GOOD: &str = r#"
version = 1
name = "good"
seed = 3
[stage.a]
kind = "write-letters"
params.text = "x"
[profile.small]
seed = 4
[profile.small.stage.a.params]
text = "y"
"#;

#[test]
fn broken_toml_is_shown_where_it_breaks() {
    insta::assert_snapshot!(mistakes("version = 1\nname = \"x"), @r##"
    error: invalid basic string, expected `"`
     --> m.toml:2:10
      |
    2 | name = "x
      |          ^
    "##);
}

#[test]
fn unknown_keys_and_wrong_types_are_told_together() {
    let text = "version = 1\nname = \"Bad Name\"\nsede = 3\n[stage.a]\nknid = \"x\"\n\
                kind = 4\n[profile.p.stage.b.params]\nx = 1\n";
    insta::assert_snapshot!(mistakes(text), @r##"
    error: profile `p` lays over stage `b`, which is not there
     --> m.toml:7:18
      |
    7 | [profile.p.stage.b.params]
      |                  ^
      |
      = help: known are `a`

    error: the manifest has no key `sede`
     --> m.toml:3:1
      |
    3 | sede = 3
      | ^^^^
      |
      = help: did you mean `seed`?

    error: name `Bad Name` may have only a-z, 0-9 and `-`
     --> m.toml:2:8
      |
    2 | name = "Bad Name"
      |        ^^^^^^^^^^

    error: the manifest has no `seed`
     --> m.toml:1:1
      |
    1 | version = 1
      | ^

    error: stage `a` has no key `knid`
     --> m.toml:5:1
      |
    5 | knid = "x"
      | ^^^^
      |
      = help: did you mean `kind`?

    error: wanted a string, found an integer
     --> m.toml:6:8
      |
    6 | kind = 4
      |        ^
    "##);
}

#[test]
fn a_newer_manifest_is_refused_politely() {
    insta::assert_snapshot!(mistakes(&GOOD.replace("version = 1", "version = 2")), @"
    error: manifest version 2 is not known, wanted 1
     --> m.toml:2:11
      |
    2 | version = 2
      |           ^
    ");
}

#[test]
fn a_profile_is_laid_over() {
    let manifest = load(GOOD, Some("small"), &[]).unwrap();
    assert_eq!(manifest.seed(), 4);
    let text = manifest.stages[0].params.get("text").unwrap();
    assert!(matches!(&text.value.value, NodeValue::Text(text) if text == "y"));
    let error = load(GOOD, Some("smal"), &[]).unwrap_err();
    insta::assert_snapshot!(error, @"
    error: there is no profile `smal`
     |
     = help: did you mean `small`?
    ");
}

#[test]
fn an_override_comes_after_the_profile() {
    let value = |set: &str| {
        let manifest = load(GOOD, Some("small"), &[set]).unwrap();
        manifest.stages[0].params.get("text").unwrap().value.to_json().unwrap()
    };
    assert_eq!(value("stage.a.params.text=bare word"), "bare word");
    assert_eq!(value("stage.a.params.text = \"quoted\""), "quoted");
    assert_eq!(value("stage.a.params.text=[1, 2.5]"), serde_json::json!([1, 2.5]));
    assert_eq!(load(GOOD, Some("small"), &["seed=9"]).unwrap().seed(), 9);
}

#[test]
fn bad_overrides_are_shown_as_written() {
    let sets = [
        "stage.a.params.text",
        "stage.b.params.text=1",
        "stage.a.params..text=1",
        "version=2",
        "stage.a.params.text=[1,",
    ];
    insta::assert_snapshot!(load(GOOD, None, &sets).unwrap_err(), @"
    error: wanted PATH=VALUE, found no `=`
     --> --set:1:1
      |
    1 | stage.a.params.text
      | ^^^^^^^^^^^^^^^^^^^
      |
      = help: write `stage.ID.params.KEY=VALUE`

    error: there is no stage `b` to set
     --> --set:1:7
      |
    1 | stage.b.params.text=1
      |       ^
      |
      = help: known are `a`

    error: wanted a key between the dots, found none
     --> --set:1:16
      |
    1 | stage.a.params..text=1
      |                ^

    error: `version` cannot be set
     --> --set:1:1
      |
    1 | version=2
      | ^^^^^^^
      |
      = help: write `stage.ID.params.KEY=VALUE` or `seed=NUMBER`

    error: unclosed array, expected `]`
     --> --set:1:24
      |
    1 | stage.a.params.text=[1,
      |                        ^
    ");
}

#[test]
fn a_manifest_that_is_too_large_is_not_read() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "#".repeat(MAX_BYTES as usize + 1)).unwrap();
    let error = Manifest::load(file.path(), None, &[]).unwrap_err();
    assert!(error.to_string().contains("is larger than 1048576 bytes"), "{error}");
}

#[test]
fn a_manifest_that_is_not_there_is_told() {
    let error = Manifest::load(Path::new("/nowhere/m.toml"), None, &[]).unwrap_err();
    assert!(error.to_string().contains("cannot read manifest /nowhere/m.toml"), "{error}");
}
