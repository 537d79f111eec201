//! The whole line from a data set to a verified 8-bit model, inside this process.
//!
//! That a stage that selects cannot open the test split needs no test here: `SelectionData` has no method for it, so
//! such a stage does not compile.

use engine::State;
use networks::SharingMode;
use stages::artifacts::{EightBitSubnet, OnnxModel, ReferenceBatch, ScoreTable, Subnet, Supernet};

use crate::workbench::{Workbench, artifact, number, step, steps_in};
use crate::workspace;

/// Steps of `valid/line.toml`, sorted.
const STEPS: [&str; 12] = [
    "data",
    "eight-bit",
    "inherited",
    "onnx",
    "onnx-8bit",
    "ranking",
    "search",
    "standalone",
    "supernet",
    "verify",
    "verify-8bit",
    "winner",
];

/// What a guess among four classes gets right.
const CHANCE: f64 = 0.25;

fn line() -> Workbench {
    Workbench::new(&workspace::manifest("valid/line.toml"))
}

#[test]
fn the_line_ends_with_two_verified_models() {
    let bench = line();
    let report = bench.done(&[]);
    assert_eq!(steps_in(&report, State::Ran), STEPS);
    assert!(report.steps.iter().all(|step| !step.outputs.is_empty()));
    let scores: ScoreTable = artifact(&report, "inherited", "scores");
    assert_eq!(scores.scores.len(), 3);
    let float: Subnet = artifact(&report, "winner", "subnet");
    let eight_bit: EightBitSubnet = artifact(&report, "eight-bit", "subnet");
    assert_eq!(float.architecture, eight_bit.architecture);
    let models = ["onnx", "onnx-8bit"].map(|id| {
        let model: OnnxModel = artifact(&report, id, "model");
        exports::check(&model.bytes).unwrap()
    });
    assert_eq!(models.each_ref().map(|model| model.form), [exports::Form::Float, exports::Form::Int8]);
    let digest = step(&report, "winner").outputs["subnet"].digest.to_string();
    assert!(models.iter().all(|model| model.metadata.lineage["subnet"] == digest), "a model names its weights");
    let reference: ReferenceBatch = artifact(&report, "onnx", "reference");
    assert_eq!((reference.inputs.len(), reference.logits[0].len()), (16, 4));
}

#[test]
fn the_line_learns_and_its_models_know_what_the_network_knew() {
    let report = line().done(&[]);
    let trained = number(&report, "winner", "valid_accuracy");
    assert!(trained > 3.0 * CHANCE, "{trained}");
    for (made, verified, accuracy) in
        [("eight-bit", "verify", "float_test_accuracy"), ("eight-bit", "verify-8bit", "eight_bit_test_accuracy")]
    {
        let (known, found) = (number(&report, made, accuracy), number(&report, verified, "test_accuracy"));
        // Of 96 test pictures one may sit on the border between two classes.
        assert!((known - found).abs() < 1.5 / 96.0, "{verified}: {known} and {found}");
        assert!(found > 3.0 * CHANCE, "{verified}: {found}");
        let gates = &step(&report, verified).gates;
        assert_eq!(gates.iter().map(|gate| gate.name.as_str()).collect::<Vec<_>>(), ["parity"]);
    }
}

#[test]
fn a_changed_param_runs_its_step_and_what_depends_on_it_alone() {
    let bench = line();
    let first = bench.done(&[]);
    let again = bench.done(&[]);
    assert_eq!(steps_in(&again, State::Fresh), STEPS);
    assert_eq!(
        number(&again, "winner", "params"),
        number(&first, "winner", "params"),
        "a fresh step tells its results"
    );
    let changed = bench.done(&["stage.winner.params.training.learning_rate=3e-3"]);
    let dependents = ["eight-bit", "onnx", "onnx-8bit", "verify", "verify-8bit", "winner"];
    assert_eq!(steps_in(&changed, State::Ran), dependents);
    let reasons = |id: &str| step(&changed, id).reasons.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(reasons("winner"), ["params.training.learning_rate 0.004 -> 0.003"]);
    assert!(reasons("verify")[0].starts_with("input model "), "{:?}", reasons("verify"));
    let back = bench.done(&[]);
    assert_eq!(steps_in(&back, State::Fresh), STEPS, "what was made before is still there");
}

#[test]
fn a_default_written_out_changes_nothing() {
    let bench = line();
    bench.done(&[]);
    let plan = bench.plan(&["stage.supernet.params.sharing.segments=200", "stage.eight-bit.params.batch_size=64"]);
    assert!(plan.is_fresh(), "{plan:?}");
}

#[test]
fn every_sharing_trains_and_scores_with_every_shift_form_it_allows() {
    let bench = line();
    for (mode, shift) in [
        (SharingMode::None, "q"),
        (SharingMode::None, "ps"),
        (SharingMode::Naive, "q"),
        (SharingMode::Naive, "ps"),
        (SharingMode::Hws, "q"),
        (SharingMode::Hws, "ps"),
    ] {
        let shared = match shift {
            "ps" => r#"["conv", "add"]"#,
            _ => r#"["conv", "shift", "add"]"#,
        };
        let name = format!("{mode:?}").to_lowercase();
        let sets = [
            format!("stage.supernet.params.sharing.mode={name}"),
            format!("stage.supernet.params.sharing.operators={shared}"),
            format!("stage.supernet.params.shift={shift}"),
            format!("stage.standalone.params.shift={shift}"),
            format!("stage.winner.params.shift={shift}"),
        ];
        let report = bench.done(&sets.each_ref().map(String::as_str));
        let supernet: Supernet = artifact(&report, "supernet", "supernet");
        assert_eq!(supernet.settings.sharing.mode, mode);
        let kept = |part: &str| supernet.tensors.iter().any(|(name, ..)| name.contains(part));
        assert_eq!(kept(".pool."), mode != SharingMode::None, "{name} {shift}");
        assert_eq!(kept(".factors"), mode == SharingMode::Hws, "{name} {shift}");
        assert_eq!(kept(".exponent"), shift == "ps", "{name} {shift}");
    }
}

#[test]
fn exponents_and_signs_cannot_be_shared() {
    let error = line().try_plan(&["stage.supernet.params.shift=ps"]).unwrap_err().to_string();
    let wanted = "shift form `ps` trains exponents and signs, not a weight; take `shift` out of `sharing.operators`";
    assert!(error.contains(wanted), "{error}");
}
