//! One store under several runs, and under damage.

use std::fs;
use std::path::{Path, PathBuf};

use crate::program::{Sandbox, digests, states};
use crate::workspace;

fn sandbox() -> Sandbox {
    Sandbox::new(&workspace::manifest("valid/line.toml"))
}

#[test]
fn two_runs_at_once_do_each_step_once() {
    let sandbox = sandbox();
    let runs = [sandbox.start(&[]), sandbox.start(&[])];
    let reports = runs.map(|running| {
        let answer = running.finish();
        assert_eq!(answer.code, Some(0), "{answer:?}");
        answer.report()
    });
    assert_eq!(digests(&reports[0]), digests(&reports[1]));
    for (left, right) in states(&reports[0]).into_iter().zip(states(&reports[1])) {
        let ran = [&left, &right].into_iter().filter(|state| state.ends_with(" ran")).count();
        let fresh = [&left, &right].into_iter().filter(|state| state.ends_with(" fresh")).count();
        assert_eq!((ran, fresh), (1, 1), "{left}, {right}");
    }
}

/// Changes one bit in the middle of a file that is made anew: published files cannot be written.
fn flip_a_bit(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::remove_file(file).unwrap();
    fs::write(file, bytes).unwrap();
}

#[test]
fn a_flipped_bit_is_found_put_away_and_made_again() {
    let sandbox = sandbox();
    let report = sandbox.report(&["onnx"]);
    let step = report["steps"].as_array().unwrap().iter().find(|step| step["id"] == "winner").unwrap();
    let artifact = &step["artifacts"]["subnet"];
    let folder = PathBuf::from(artifact["folder"].as_str().unwrap());
    flip_a_bit(&folder.join("weights.parquet"));

    let told = sandbox.call(&["verify"]);
    assert_eq!(told.code, Some(5), "{told:?}");
    let short = &artifact["digest"].as_str().unwrap()[..8];
    assert!(told.out.contains(short) && told.out.contains("`weights.parquet` has other content"), "{told:?}");

    let again = sandbox.call(&["run", "manifest.toml", "onnx", "--json"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.err.contains("warning: [winner] artifact "), "{again:?}");
    let ran: Vec<String> = states(&again.report()).into_iter().filter(|state| state.ends_with(" ran")).collect();
    assert_eq!(ran, ["winner ran"], "what depends on it is as it was");
    assert_eq!(digests(&again.report()), digests(&report));
    assert_eq!(sandbox.path(".shiftaddnas/quarantine").read_dir().unwrap().count(), 1);
    assert_eq!(sandbox.call(&["verify"]).code, Some(0));
}
