use std::fs;

use serde_json::Value;

use crate::sandbox::{LETTERS, PICTURES, Sandbox};

#[test]
fn what_was_made_is_listed_by_name() {
    let sandbox = Sandbox::new(LETTERS);
    assert_eq!(sandbox.done(&["ls"]), "");
    sandbox.done(&["-q", "run", "manifest.toml"]);
    let listed = sandbox.done(&["ls"]);
    let names: Vec<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["letters:count.count", "letters:letters.text"]);
    assert_eq!(sandbox.done(&["ls", "letters"]), listed);
    assert_eq!(sandbox.call(&["ls", "lettres"]).code, Some(2));
}

#[test]
fn an_artifact_is_shown_by_every_name_it_has() {
    let sandbox = Sandbox::new(LETTERS);
    let (_, report) = sandbox.report(&[]);
    let artifact = &report["steps"][0]["artifacts"]["text"];
    let shown = sandbox.done(&["show", "letters.text"]);
    assert!(shown.contains("letters.txt  3 B"), "{shown}");
    let digest = artifact["digest"].as_str().unwrap();
    for name in ["letters", "letters:letters.text", &digest[..12]] {
        assert_eq!(sandbox.done(&["show", name]), shown, "{name}");
    }
    let by_folder = sandbox.done(&["show", artifact["folder"].as_str().unwrap()]);
    assert!(by_folder.contains(digest), "{by_folder}");
    let unknown = sandbox.call(&["show", "letters.txet"]);
    assert_eq!(unknown.code, Some(2));
    insta::assert_snapshot!(unknown.err, @"error: nothing in the store is called `letters.txet`; did you mean `letters.text`?");
}

#[test]
fn tables_are_shown_to_persons_and_programs() {
    let sandbox = Sandbox::new(PICTURES);
    sandbox.done(&["-q", "run", "manifest.toml"]);
    let json: Value = serde_json::from_str(&sandbox.done(&["show", "data", "--json", "--rows", "2"])).unwrap();
    let (name, table) = json["tables"].as_object().unwrap().iter().next().unwrap();
    let rows = table["rows"].as_u64().unwrap();
    let shown = 2.min(rows as usize);
    assert_eq!(table["first"].as_array().unwrap().len(), shown);
    let text = sandbox.done(&["show", "data", "--table", name, "--rows", "2"]);
    assert!(text.starts_with(&format!("\n{name}: {rows} rows\n")), "{text}");
    // An empty line, the heading, the names, the types, the rows.
    assert_eq!(text.lines().count(), 4 + shown);
    assert_eq!(sandbox.call(&["show", "data", "--table", "nothing"]).code, Some(2));
}

#[test]
fn a_difference_is_told_by_file() {
    let sandbox = Sandbox::new(LETTERS);
    let (_, short) = sandbox.report(&[]);
    let (_, long) = sandbox.report(&["--profile", "long"]);
    let digest = |report: &Value| report["steps"][0]["artifacts"]["text"]["digest"].as_str().unwrap().to_owned();
    assert_eq!(sandbox.done(&["diff", &digest(&short), &digest(&long)]), "letters.txt: 3 bytes -> 6 bytes\n");
    assert_eq!(sandbox.done(&["diff", &digest(&long), "letters.text"]), "no difference\n");
}

#[test]
fn a_damaged_artifact_is_told_and_made_again() {
    let sandbox = Sandbox::new(LETTERS);
    let (_, report) = sandbox.report(&[]);
    assert_eq!(sandbox.done(&["verify"]), "all artifacts are sound\n");
    let file = Sandbox::artifact(&report, 0, "text", sandbox.folder()).join("letters.txt");
    fs::remove_file(&file).unwrap();
    fs::write(&file, "abd").unwrap();
    let answer = sandbox.call(&["verify"]);
    assert_eq!(answer.code, Some(5));
    assert!(answer.out.ends_with("is damaged: `letters.txt` has other content\n"), "{answer:?}");
    let again = sandbox.call(&["-q", "run", "manifest.toml"]);
    assert_eq!(again.code, Some(0));
    assert!(again.err.starts_with("warning: [letters] artifact "), "{again:?}");
    assert_eq!(sandbox.call(&["verify"]).code, Some(0));
}

#[test]
fn what_nothing_leads_to_is_collected() {
    let sandbox = Sandbox::new(LETTERS);
    sandbox.done(&["-q", "run", "manifest.toml", "--profile", "long"]);
    sandbox.done(&["-q", "run", "manifest.toml"]);
    let would = sandbox.done(&["gc", "--dry-run"]);
    let told = would.lines().last().unwrap();
    assert!(told.starts_with("would remove 2 artifacts, 2 records, 0 checkpoints, 0 in quarantine: "), "{would}");
    assert_eq!(sandbox.done(&["gc"]).lines().last(), Some(told.replace("would remove", "removed").as_str()));
    assert!(sandbox.done(&["gc"]).starts_with("removed 0 artifacts, 0 records"));
    assert_eq!(sandbox.call(&["status", "--exit-code"]).code, Some(0));
    assert_eq!(sandbox.call(&["gc", "--keep", "lettres"]).code, Some(2));
    assert!(sandbox.done(&["gc", "--keep", "letters"]).starts_with("removed 0"));
}
