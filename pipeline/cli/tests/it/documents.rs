use crate::sandbox::{LETTERS, Sandbox};

#[test]
fn every_shell_has_completions() {
    let sandbox = Sandbox::new(LETTERS);
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = sandbox.done(&["completions", shell]);
        assert!(script.contains("shiftaddnas") && script.contains("status"), "{shell}: {script}");
    }
    assert_eq!(sandbox.call(&["completions", "tcsh"]).code, Some(2));
}

#[test]
fn the_reference_of_stages_has_a_section_of_each() {
    let sandbox = Sandbox::new(LETTERS);
    let all = sandbox.done(&["stages"]);
    assert!(all.starts_with("# Stages\n"), "{all}");
    let one = sandbox.done(&["stages", "prepare-dataset"]);
    assert!(one.starts_with("## prepare-dataset\n") && all.contains(one.trim_end()), "{one}");
    assert!(sandbox.done(&["stages", "command"]).contains("`argv`"));
    let unknown = sandbox.call(&["stages", "prepare-datset"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.err.contains("`prepare-dataset`"), "{unknown:?}");
}

#[test]
fn the_reference_of_commands_has_a_section_of_each() {
    let sandbox = Sandbox::new(LETTERS);
    let reference = sandbox.done(&["reference-cli"]);
    let sections: Vec<&str> = reference.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let commands = "init check plan run status why show ls diff verify gc stages doctor infer translate cost bench fit-latency \
                    paper completions";
    assert_eq!(sections, commands.split(' ').collect::<Vec<_>>());
    assert!(!reference.contains('\u{1b}') && !reference.lines().any(|line| line.ends_with(' ')));
}

#[test]
fn the_doctor_finds_what_a_run_needs() {
    let sandbox = Sandbox::new(LETTERS);
    let found = sandbox.done(&["doctor"]);
    let sound = |name: &str| found.lines().any(|line| line.starts_with(&format!("ok  {name}")));
    for name in ["version", "store", "cpu", "threads", "onnx", "stages", "device flex"] {
        assert!(sound(name), "{name}: {found}");
    }
}

#[test]
fn the_doctor_tells_a_store_that_cannot_be() {
    let sandbox = Sandbox::new(LETTERS);
    let answer = sandbox.call(&["doctor", "--store", "manifest.toml/store"]);
    assert_eq!(answer.code, Some(1));
    assert!(answer.out.contains("no  store"), "{answer:?}");
}

#[test]
fn a_mistake_on_the_command_line_is_code_2_and_help_is_none() {
    let sandbox = Sandbox::new(LETTERS);
    assert_eq!(sandbox.call(&["rnu"]).code, Some(2));
    assert_eq!(sandbox.call(&["run", "manifest.toml", "--jobs", "0"]).code, Some(2));
    assert!(sandbox.done(&["--help"]).contains("Exit codes:"));
    assert!(sandbox.done(&["--version"]).starts_with("shiftaddnas "));
}

#[test]
fn the_generated_documents_are_those_of_this_program() {
    let sandbox = Sandbox::new(LETTERS);
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    for (command, name) in [("stages", "stages.md"), ("reference-cli", "cli.md")] {
        let written = std::fs::read_to_string(docs.join(name)).unwrap();
        let fix = format!("docs/{name} is stale; write it anew with `shiftaddnas {command} > docs/{name}`");
        assert_eq!(written, sandbox.done(&[command]), "{fix}");
    }
}
