//! Work that was broken off goes on, and ends with the bytes it would have had.

use crate::program::{Sandbox, digests};
use crate::workspace;

/// All steps but those whose results hold times.
const TARGETS: [&str; 3] = ["ranking", "onnx", "onnx-8bit"];

/// Long enough to be broken off in the middle.
const LONG: [&str; 4] =
    ["--set", "stage.supernet.params.training.epochs=8", "--set", "stage.search.params.evolution.generations=12"];

fn sandbox() -> Sandbox {
    Sandbox::new(&workspace::manifest("valid/line.toml"))
}

fn arguments(more: &[&'static str]) -> Vec<&'static str> {
    [&TARGETS[..], &LONG, more].concat()
}

/// Returns the digests of a run that nothing broke off.
fn uninterrupted() -> Vec<String> {
    let digests = digests(&sandbox().report(&arguments(&[])));
    assert!(digests.len() > 10, "{digests:?}");
    digests
}

#[test]
fn broken_off_anywhere_a_run_goes_on_to_the_same_bytes() {
    let whole = uninterrupted();
    let sandbox = sandbox();
    let arguments = arguments(&[]);

    let mut running = sandbox.start(&arguments);
    running.wait_for("[supernet] ");
    running.wait_for("epoch 3 of 8");
    running.kill();

    let mut running = sandbox.start(&arguments);
    running.wait_for("[supernet] resumed after epoch ");
    running.wait_for("epoch 6 of 8");
    running.interrupt();
    let answer = running.finish();
    assert_eq!(answer.code, Some(75), "{answer:?}");
    assert!(answer.err.ends_with("interrupted; the same command goes on where it stopped\n"), "{answer:?}");

    let mut running = sandbox.start(&arguments);
    running.wait_for("[supernet] resumed after epoch ");
    running.wait_for("[search] 9/");
    running.kill();

    let mut running = sandbox.start(&arguments);
    running.wait_for("[search] resumed after ");
    let answer = running.finish();
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert_eq!(digests(&answer.report()), whole);
    assert!(!sandbox.path(".shiftaddnas/checkpoints").read_dir().unwrap().any(|_| true), "checkpoints go with success");
}

#[test]
fn threads_and_jobs_change_no_byte() {
    let whole = uninterrupted();
    for more in [["--threads", "1", "-j", "1"], ["--threads", "2", "-j", "2"], ["--threads", "3", "-j", "4"]] {
        assert_eq!(digests(&sandbox().report(&arguments(&more))), whole, "{more:?}");
    }
}
