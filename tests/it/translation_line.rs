//! The whole line of translation from a corpus to verified models, inside this process.

use engine::{State, Verdict};
use networks::SharingMode;
use stages::artifacts::{EightBitTranslationSubnet, ScoreTable, TranslationSubnet, TranslationSupernet};

use crate::workbench::{Workbench, artifact, number, step, steps_in};
use crate::workspace;

/// Steps of `valid/translation-line.toml`, sorted.
const STEPS: [&str; 12] = [
    "eight-bit",
    "inherited",
    "onnx",
    "onnx-8bit",
    "ranking",
    "search",
    "standalone",
    "supernet",
    "text",
    "verify",
    "verify-8bit",
    "winner",
];

fn line() -> Workbench {
    Workbench::new(&workspace::manifest("valid/translation-line.toml"))
}

#[test]
fn the_line_ends_with_two_models_that_translate_as_in_training() {
    let bench = line();
    let report = bench.done(&[]);
    assert_eq!(steps_in(&report, State::Ran), STEPS);
    let scores: ScoreTable = artifact(&report, "inherited", "scores");
    assert_eq!(scores.scores.len(), 3);
    let float: TranslationSubnet = artifact(&report, "winner", "subnet");
    let eight_bit: EightBitTranslationSubnet = artifact(&report, "eight-bit", "subnet");
    assert_eq!(float.description, eight_bit.description);
    assert_eq!(number(&report, "verify", "reference_sentences"), 20.0);
    assert_eq!(number(&report, "verify", "same_translations"), 1.0);
    let gates = ["verify", "verify-8bit"].map(|id| step(&report, id).gates[0].name.clone());
    assert_eq!(gates, ["parity", "parity"]);
    let (floats, bytes) = (number(&report, "onnx", "files_bytes"), number(&report, "onnx-8bit", "files_bytes"));
    assert!(bytes < floats, "{bytes} and {floats}");
    let again = bench.done(&[]);
    assert_eq!(steps_in(&again, State::Fresh), STEPS);
}

/// 40 updates do not make a translator, but a uniform guess needs log2 of the vocabulary.
#[test]
fn training_learns_more_than_the_vocabulary() {
    let report = line().done(&[]);
    let uniform = number(&report, "text", "vocabulary").log2();
    let learned = number(&report, "winner", "valid_nll_bits");
    assert!(learned < uniform - 1.0, "{learned} of {uniform} bits");
}

#[test]
fn every_sharing_trains_a_translation_supernet() {
    let bench = line();
    for (mode, name) in [(SharingMode::None, "none"), (SharingMode::Naive, "naive"), (SharingMode::Hws, "hws")] {
        let report = bench.done(&[&format!("stage.supernet.params.sharing.mode={name}")]);
        let supernet: TranslationSupernet = artifact(&report, "supernet", "supernet");
        assert_eq!(supernet.settings.sharing.mode, mode);
        let transformed = supernet.tensors.iter().any(|(name, ..)| name.contains("factors"));
        assert_eq!(transformed, mode == SharingMode::Hws, "{name}");
    }
}

#[test]
fn a_published_network_is_an_architecture_and_its_mixes_can_be_replaced() {
    let bench = line();
    let plan = bench.try_plan(&[
        "stage.winner.params.architecture.named=en-de@350ms_update",
        "stage.winner.params.replace_mixes=A",
    ]);
    assert!(plan.is_ok(), "{:?}", plan.err());
    let report = bench.run(&["stage.winner.params.architecture.named=en-de@350ms_update"]);
    let error = step(&report, "winner").error.clone().unwrap_or_default();
    assert!(error.contains("both the input and the parameter `architecture` are given"), "{error}");
}

#[test]
fn a_limit_that_no_translation_network_keeps_is_told_before_anything_runs() {
    let error = line().try_plan(&["stage.search.params.limits.params=1000"]).unwrap_err().to_string();
    assert!(error.contains("`limits.params` is 1000, the smallest of"), "{error}");
}

#[test]
fn another_number_of_pairs_than_expected_fails_a_gate_and_nothing_trains_on_it() {
    let bench = line();
    let report = bench.run(&["stage.text.params.expected.train={ read = 400, kept = 1 }"]);
    let gates = step(&report, "text").gates.iter().map(|gate| (gate.name.as_str(), gate.verdict));
    assert_eq!(gates.collect::<Vec<_>>(), [("train_read", Verdict::Passed), ("train_kept", Verdict::Failed)]);
    assert_eq!(step(&report, "text").state, State::GateFailed);
    assert!(steps_in(&report, State::Ran).is_empty());
}
