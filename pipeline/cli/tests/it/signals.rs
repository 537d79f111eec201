use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::sandbox::Sandbox;

/// A step that is ready and then waits; `exec` leaves no shell behind that would hold its output.
fn waiting(before: &str) -> String {
    format!(
        r#"
version = 1
name = "waiting"
seed = 1

[stage.wait]
kind = "command"
params.argv = ["sh", "-c", "{before} echo ready; exec sleep 5"]
"#
    )
}

/// Reads standard error up to a line that contains `word`.
fn read_to(reader: &mut impl BufRead, word: &str) {
    let mut line = String::new();
    while !line.contains(word) {
        line.clear();
        assert!(reader.read_line(&mut line).unwrap() > 0, "`{word}` was never said");
    }
}

fn terminate(child: &Child) {
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn the_first_signal_stops_at_a_safe_point() {
    let sandbox = Sandbox::new(&waiting(""));
    let mut child = sandbox
        .command(&["run", "manifest.toml", "--json"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    read_to(&mut err, "ready");
    terminate(&child);
    read_to(&mut err, "the same command goes on");
    assert_eq!(child.wait().unwrap().code(), Some(75));
}

#[test]
fn the_second_signal_ends_at_once() {
    let sandbox = Sandbox::new(&waiting("trap '' TERM;"));
    let mut child =
        sandbox.command(&["run", "manifest.toml"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    read_to(&mut err, "ready");
    terminate(&child);
    read_to(&mut err, "stopping at the next safe point");
    terminate(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let sandbox = Sandbox::new(crate::sandbox::LETTERS);
    for arguments in [["stages"].as_slice(), &["run", "manifest.toml", "-q"], &["completions", "bash"], &["--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = sandbox.command(arguments).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), err.as_str()), (Some(0), ""), "{arguments:?}");
    }
}
