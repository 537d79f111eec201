//! Limits on what architectures cost: refused before anything runs where no architecture is within them, kept otherwise.

use std::fs;

use engine::{Folder, Value};
use stages::artifacts::{ArchitectureArtifact, ScoreTable};

use crate::program::Sandbox;
use crate::workbench::{Workbench, artifact, number, step};
use crate::workspace;

/// A space of two architectures; the smaller one has 193 trained scalars.
fn manifest() -> String {
    workspace::manifest("invalid/infeasible-limits.toml")
}

fn set(assignment: &str) -> [&str; 2] {
    ["--set", assignment]
}

#[test]
fn what_no_architecture_keeps_is_refused_by_every_command_before_anything_runs() {
    let sandbox = Sandbox::new(&manifest());
    let before = sandbox.call(&["ls"]).out;
    let [check, plan, run] = ["check", "plan", "run"].map(|command| sandbox.call(&[command, "manifest.toml"]));
    assert_eq!([check.code, plan.code, run.code], [Some(3); 3], "{check:?}");
    assert!(
        check.err.contains("step `search`: `limits.params` is 10, the smallest of 2 architectures is 193, "),
        "{check:?}"
    );
    assert_eq!([&plan.err, &run.err], [&check.err; 2]);
    assert_eq!([check.out, plan.out, run.out], [""; 3]);
    assert_eq!(sandbox.call(&["ls"]).out, before);
}

#[test]
fn the_smallest_value_of_the_space_is_a_limit_that_can_be_kept() {
    let sandbox = Sandbox::new(&manifest());
    let check = |limit: &str| {
        let assignment = format!("stage.search.params.limits.params={limit}");
        sandbox.call(&[&["check", "manifest.toml"], set(&assignment).as_slice()].concat()).code
    };
    assert_eq!([check("193"), check("192.9")], [Some(0), Some(3)]);
}

#[test]
fn a_limit_is_judged_as_soon_as_the_classes_can_be_counted_and_not_before() {
    let sandbox = Sandbox::new(&manifest());
    let check = || {
        let raw = ["stage.data.params.source=image-folder", "stage.data.params.path=raw"].map(set).concat();
        sandbox.call(&[&["check", "manifest.toml"], raw.as_slice()].concat())
    };
    fs::create_dir_all(sandbox.path("raw")).unwrap();
    assert_eq!(check().code, Some(0), "{:?}", check());
    for class in ["cat", "dog"] {
        fs::create_dir_all(sandbox.path("raw/train").join(class)).unwrap();
    }
    assert_eq!(check().code, Some(3), "{:?}", check());
}

#[test]
fn a_search_keeps_limits_on_every_cost_and_tells_each_candidate_s() {
    let bench = Workbench::new(&manifest());
    let preset = workspace::root().join("stages/costs/data/hardware/shiftaddnas-pe168.toml");
    fs::copy(preset, bench.path("mine.toml")).unwrap();
    let names = ["macs", "multiply_macs", "params", "size_bytes", "energy_mj", "latency_ms"];
    let limits = names.map(|name| format!("stage.search.params.limits.{name}=1e9"));
    let mut sets: Vec<&str> = limits.iter().map(String::as_str).collect();
    sets.extend([
        "stage.search.params.hardware={ file = \"mine.toml\" }",
        "stage.search.params.front_costs=[\"energy_mj\", \"params\"]",
    ]);
    let report = bench.done(&sets);
    let table = Folder::open(&step(&report, "search").outputs["history"].folder).unwrap().table("candidates").unwrap();
    let winner: ArchitectureArtifact = artifact(&report, "search", "architecture");
    let architectures: Vec<String> = table.get("architecture").unwrap();
    let at = architectures.iter().position(|name| *name == winner.architecture.name()).unwrap();
    for name in names {
        let costs: Vec<f64> = table.get(name).unwrap();
        assert!(costs.iter().all(|cost| *cost > 0.0 && *cost >= number(&report, "search", &format!("least_{name}"))));
        if ["params", "size_bytes", "energy_mj", "latency_ms"].contains(&name) {
            assert_eq!(costs[at], number(&report, "search", name), "{name}");
        }
    }
    let hardware = step(&report, "search").headlines.iter().find(|headline| headline.name == "hardware").unwrap();
    assert_eq!(hardware.value, Value::Text("mine".to_owned()));
    let front: ScoreTable = artifact(&report, "search", "front");
    assert!(!front.scores.is_empty());
}
