use std::fs;

use crate::sandbox::Sandbox;

/// A translator of a few updates: its translations are bad, but the same each time.
const TRANSLATOR: &str = r#"
version = 1
name = "translator"
seed = 1

[stage.text]
kind = "prepare-corpus"
params = { source = "embedded", preparation = { merges = 100, most_pairs = 200 }, longest = 80 }

[stage.winner]
kind = "retrain-translation"
inputs = { corpus = "text" }

[stage.winner.params]
batch = { tokens = 512 }
choice = { beam = { beam = 1, most_length = 5 } }
training = { updates = 3, warmup_updates = 1 }

[stage.winner.params.architecture.sizes]
inner_width = 16
encoder = { width = 16, layers = [{ mlp_width = 16, heads = 2, mix = "AC" }] }
decoder = { width = 16, layers = [{ mlp_width = 16, self_heads = 2, cross_heads = 2, sources = 1, mix = "AD" }] }

[stage.onnx]
kind = "export-translation"
inputs = { corpus = "text", subnet = "winner" }
params = { reference_sentences = 1, beam = { beam = 1, most_length = 5 } }
"#;

#[test]
fn an_exported_model_translates_line_by_line() {
    let sandbox = Sandbox::new(TRANSLATOR);
    sandbox.done(&["-q", "run", "manifest.toml", "onnx"]);
    let translate = |file: &str| sandbox.call(&["translate", "onnx.model", file, "--most-length", "6"]);
    fs::write(sandbox.path("three.txt"), "Open the door.\n\nClose it, please!\n").unwrap();
    let three = translate("three.txt");
    assert_eq!(three.code, Some(0), "{three:?}");
    let lines: Vec<&str> = three.out.split('\n').collect();
    assert_eq!((lines.len(), lines[1], lines[3]), (4, "", ""), "{three:?}");
    assert!(three.err.contains("3 lines in ") && three.err.contains(" tokens/s"), "{three:?}");
    let more = sandbox.call(&["-q", "translate", "onnx.model", "three.txt", "--most-length", "6", "--best", "2"]);
    let numbered: Vec<&str> = more.out.lines().map(|line| line.split('\t').next().unwrap()).collect();
    assert_eq!(numbered, ["1", "1", "2", "3", "3"], "{more:?}");
    assert_eq!(more.err, "");
}

#[test]
fn a_line_that_cannot_be_translated_is_told_with_its_number() {
    let sandbox = Sandbox::new(TRANSLATOR);
    sandbox.done(&["-q", "run", "manifest.toml", "onnx"]);
    let told = |name: &str, bytes: &[u8]| {
        fs::write(sandbox.path(name), bytes).unwrap();
        let answer = sandbox.call(&["-q", "translate", "onnx.model", name]);
        assert_eq!(answer.code, Some(2), "{answer:?}");
        answer.err
    };
    let long = told("long.txt", format!("short\n{}\n", "word ".repeat(300)).as_bytes());
    assert!(long.starts_with("error: long.txt:2: the line has ") && long.contains("split the line"), "{long}");
    let latin = told("latin.txt", b"Zur\xfcck\n");
    assert!(latin.starts_with("error: latin.txt:1: byte 4 is not UTF-8"), "{latin}");
    assert!(told("nul.txt", b"a\n\0\n").starts_with("error: nul.txt:2: byte 1 is NUL"));
    let missing = sandbox.call(&["translate", "onnx.model", "nowhere.txt"]);
    assert!(missing.code == Some(2) && missing.err.contains("cannot read nowhere.txt"), "{missing:?}");
    let beam = sandbox.call(&["translate", "onnx.model", "long.txt", "--beam", "0"]);
    assert!(beam.code == Some(2) && beam.err.contains("`beam` wants at least 1"), "{beam:?}");
    let other = sandbox.call(&["translate", "text.corpus", "long.txt"]);
    assert!(other.code == Some(1) && other.err.starts_with("error: cannot translate: "), "{other:?}");
}
