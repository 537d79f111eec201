use crate::sandbox::{FLOW, LETTERS, PICTURES, Sandbox};

const FAILING: &str = r#"
version = 1
name = "failing"
seed = 1

[stage.broken]
kind = "command"
outputs = { text = "letters" }
params.argv = ["sh", "-c", "echo no paper left >&2; exit 7"]

[stage.after]
kind = "command"
inputs = { text = "broken" }
params.argv = ["true"]

[stage.other]
kind = "command"
params.argv = ["true"]
"#;

#[test]
fn a_report_holds_states_artifacts_and_headlines() {
    let sandbox = Sandbox::new(PICTURES);
    let (code, report) = sandbox.report(&[]);
    assert_eq!(code, Some(0));
    assert_eq!(report["manifest"], "pictures");
    assert_eq!(report["exit_code"], 0);
    assert_eq!(report["results"]["data.test_pictures"], 8);
    let step = &report["steps"][0];
    assert_eq!((&step["id"], &step["kind"]), (&"data".into(), &"prepare-dataset".into()));
    assert_eq!(step["state"], "ran");
    assert_eq!(step["headlines"]["test_pictures"]["value"], 8);
    assert_eq!(step["reasons"], serde_json::json!(["never ran"]));
    assert!(Sandbox::artifact(&report, 0, "dataset", sandbox.folder()).is_dir());
    let (_, again) = sandbox.report(&[]);
    assert_eq!(again["steps"][0]["state"], "fresh");
    assert_eq!(again["results"], report["results"]);
    assert_eq!(again["steps"][0]["artifacts"], step["artifacts"]);
}

#[test]
fn a_person_reads_states_and_results_and_follows_the_run() {
    let sandbox = Sandbox::new(PICTURES);
    let answer = sandbox.call(&["run", "manifest.toml"]);
    assert_eq!(answer.code, Some(0));
    let lines: Vec<&str> = answer.out.lines().collect();
    assert!(lines[0].starts_with("data  ran "), "{lines:?}");
    assert!(lines.contains(&"  test_pictures   8"), "{lines:?}");
    assert!(answer.err.contains("[data] prepare-dataset begins: never ran\n"), "{answer:?}");
    assert!(!answer.err.contains('\u{1b}'), "no terminal, no escapes");
    let quiet = sandbox.call(&["run", "manifest.toml", "-q", "--force", "data"]);
    assert_eq!((quiet.code, quiet.err.as_str()), (Some(0), ""));
}

#[test]
fn overrides_reach_the_stage() {
    let sandbox = Sandbox::new(PICTURES);
    let (_, report) = sandbox.report(&["--set", "stage.data.params.options.synthetic.test=12"]);
    assert_eq!(report["results"]["data.test_pictures"], 12);
}

#[test]
fn a_run_can_be_limited_and_forced() {
    let sandbox = Sandbox::new(LETTERS);
    let states = |report: &serde_json::Value| -> Vec<String> {
        let steps = report["steps"].as_array().unwrap().iter();
        steps.map(|step| format!("{} {}", step["id"].as_str().unwrap(), step["state"].as_str().unwrap())).collect()
    };
    let (_, report) = sandbox.report(&["letters"]);
    assert_eq!(states(&report), ["letters ran"]);
    let (_, report) = sandbox.report(&["--force", "count", "--threads", "1", "-j", "2", "--device", "flex"]);
    assert_eq!(states(&report), ["letters fresh", "count ran"]);
    let answer = sandbox.call(&["run", "manifest.toml", "cuont"]);
    assert_eq!(answer.code, Some(2));
    insta::assert_snapshot!(answer.err, @"error: there is no step `cuont`; there are `count`, `letters`");
}

#[test]
fn a_failed_stage_is_told_and_stops_the_run() {
    let sandbox = Sandbox::new(FAILING);
    let answer = sandbox.call(&["-q", "run", "manifest.toml"]);
    assert_eq!(answer.code, Some(1));
    insta::assert_snapshot!(answer.err, @"
    error: step `broken`: `sh` ended with exit status: 7; its last words:
    no paper left
    ");
    let (code, report) = sandbox.report(&["--keep-going"]);
    assert_eq!(code, Some(1));
    assert_eq!(report["exit_code"], 1);
    let state = |step: usize| report["steps"][step]["state"].as_str().unwrap().to_owned();
    assert_eq!([state(0), state(1), state(2)], ["failed", "skipped", "ran"]);
    assert!(report["steps"][0]["error"].as_str().unwrap().contains("no paper left"));
}

#[test]
fn a_device_that_is_not_there_is_a_mistake_of_the_command_line() {
    let sandbox = Sandbox::new(LETTERS);
    let answer = sandbox.call(&["run", "manifest.toml", "--device", "tpu"]);
    assert_eq!(answer.code, Some(2));
    insta::assert_snapshot!(answer.err, @"error: unknown device `tpu`; known are auto, flex, libtorch, cuda, vulkan");
}

#[test]
fn another_store_starts_afresh() {
    let sandbox = Sandbox::new(LETTERS);
    sandbox.done(&["-q", "run", "manifest.toml"]);
    assert_eq!(sandbox.call(&["status", "--exit-code", "--store", "other"]).code, Some(4));
    let mut named = sandbox.command(&["status", "--exit-code"]);
    assert_eq!(named.env("SHIFTADDNAS_STORE", "third").output().unwrap().status.code(), Some(4));
    assert!(sandbox.path("third/artifacts").is_dir());
}

#[test]
fn a_failed_gate_has_its_own_code() {
    let sandbox = Sandbox::new(FLOW);
    // No two runtimes agree to the last bit of every logit.
    let strict = ["-q", "run", "manifest.toml", "--set", "stage.verify.params.tolerance=0.0"];
    let answer = sandbox.call(&strict);
    assert_eq!(answer.code, Some(3), "{answer:?}");
    assert_eq!(answer.err, "error: step `verify`: gate failed: parity\n");
    assert!(answer.out.contains("\n  gate parity failed: "), "{answer:?}");
    let (code, report) = sandbox.report(&["--set", "stage.verify.params.tolerance=0.0"]);
    assert_eq!(code, Some(3));
    let gate = &report["steps"][5]["gates"][0];
    assert_eq!((&gate["name"], &gate["passed"]), (&"parity".into(), &false.into()));
}

#[test]
fn a_manifest_says_what_a_run_prints() {
    let summary = "[summary]\n\"pictures: train / test\" = [\"data.train_pictures\", \"data.test_pictures\"]\n";
    let sandbox = Sandbox::new(&format!("{PICTURES}\n{summary}"));
    let text = sandbox.done(&["run", "manifest.toml"]);
    assert!(text.contains("pictures: train / test") && !text.contains("valid_pictures"), "{text}");
    assert!(sandbox.done(&["run", "manifest.toml", "--verbose"]).contains("valid_pictures"));
    let (_, report) = sandbox.report(&[]);
    assert_eq!(report["summary"]["pictures: train / test"][1], report["results"]["data.test_pictures"]);
    assert_eq!(report["summary"].as_object().unwrap().len(), 1);
}
