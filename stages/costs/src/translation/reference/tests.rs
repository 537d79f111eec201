use super::*;
use crate::translation::table3;
use crate::{Agreement, TranslationPass, transformer, translation_network};

#[test]
fn counts_are_those_of_the_references_to_their_digits() {
    let mut checked = 0;
    for reference in translation_references() {
        let (Some(params), Some(flops)) = (reference.params_m, reference.flops_g) else { continue };
        let architecture = translation_network(&reference.network).expect("a published network");
        let official = transformer(&reference.network, &architecture, TranslationPass::default()).official();
        assert_eq!(params.agreement(official.params as f64 / 1e6), Agreement::Rounded, "{}", reference.network);
        assert_eq!(flops.agreement(official.flops as f64 / 1e9), Agreement::Rounded, "{}", reference.network);
        checked += 1;
    }
    assert_eq!(checked, 37);
}

#[test]
fn the_references_agree_with_table_3() {
    for row in table3().iter().filter(|row| row.bits == 32) {
        let known = translation_references().iter().find(|reference| reference.network == row.hardware_network);
        let known = known.expect("every simulated network has a reference");
        let costs = [known.energy_own_mj, known.latency_own_ms, known.energy_one_mj, known.latency_one_ms];
        let expected = [row.energy_own_mj, row.latency_own_ms, row.energy_one_mj, row.latency_one_ms];
        for (found, expected) in costs.into_iter().zip(expected) {
            let found = found.expect("simulated").value;
            assert!((found - expected.value).abs() < 0.011, "{}: {found} and {}", row.network, expected.value);
        }
    }
}
