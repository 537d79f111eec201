use std::fs;

use serde_json::Value;

use crate::sandbox::{FLOW, LETTERS, Sandbox};

/// A PNG of two by two pixels, green on the left and red on the right.
const PICTURE: [u8; 72] = [
    137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 2, 0, 0, 0, 2, 8, 2, 0, 0, 0, 253, 212, 154,
    115, 0, 0, 0, 15, 73, 68, 65, 84, 120, 218, 99, 96, 248, 15, 132, 64, 0, 166, 0, 29, 240, 3, 253, 250, 227, 154,
    246, 0, 0, 0, 0, 73, 69, 78, 68, 174, 66, 96, 130,
];

#[test]
fn an_exported_model_classifies_pictures() {
    let sandbox = Sandbox::new(FLOW);
    sandbox.done(&["-q", "run", "manifest.toml", "onnx"]);
    fs::write(sandbox.path("picture.png"), PICTURE).unwrap();
    let json = sandbox.done(&["infer", "onnx.model", "picture.png", "picture.png", "--top", "2", "--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    let pictures = json["pictures"].as_array().unwrap();
    assert_eq!(pictures.len(), 2);
    let probability = |class: usize| pictures[0]["classes"][class]["probability"].as_f64().unwrap();
    assert!(probability(0) >= probability(1) && probability(0) <= 1.0 && probability(1) > 0.0, "{json}");
    assert!(pictures[0]["classes"][2].is_null());
    let text = sandbox.done(&["infer", json["model"].as_str().unwrap(), "picture.png", "--top", "1"]);
    let best = pictures[0]["classes"][0]["name"].as_str().unwrap();
    assert!(text.starts_with("picture.png\n") && text.ends_with(&format!(" %  {best}\n")), "{text}");
    let broken = sandbox.call(&["infer", "onnx.model", "manifest.toml"]);
    assert_eq!(broken.code, Some(1));
    assert!(broken.err.starts_with("error: cannot classify: `manifest.toml`: expected a JPEG or PNG"), "{broken:?}");
    assert_eq!(sandbox.call(&["infer", "onnx.reference", "picture.png"]).code, Some(2));
}

#[test]
fn a_model_that_is_not_there_is_a_mistake_of_the_command_line() {
    let sandbox = Sandbox::new(LETTERS);
    let answer = sandbox.call(&["infer", "model.onnx", "cat.png"]);
    assert_eq!(answer.code, Some(2));
    insta::assert_snapshot!(answer.err, @"error: there is no file model.onnx");
    assert_eq!(sandbox.call(&["infer", "manifest.toml"]).code, Some(2));
}

#[test]
fn a_file_that_is_no_model_is_told_as_one() {
    let sandbox = Sandbox::new(LETTERS);
    let answer = sandbox.call(&["infer", "manifest.toml", "manifest.toml"]);
    assert_eq!((answer.code, answer.out.as_str()), (Some(1), ""));
    let start = "error: cannot classify: `manifest.toml` is no ONNX model, or is damaged";
    assert!(answer.err.starts_with(start), "{answer:?}");
}
