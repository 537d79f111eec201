use costs::translation_references;

use crate::shared;

/// The independent calculator's output lists these architectures with difference 0.
#[test]
fn the_calculator_finds_no_difference_for_the_recorded_networks() {
    let Some(text) = shared::reference("translation_calc_output.txt") else { return };
    let exact: Vec<_> = text.lines().filter_map(|line| line.split_once("params delta +0  FLOPs delta +0")).collect();
    assert_eq!(exact.len(), 12);
    for (name, _) in exact {
        let reference = translation_references().iter().find(|reference| reference.network == name.trim());
        assert!(reference.is_some_and(|reference| reference.recorded_params.is_some()), "{name}");
    }
}
