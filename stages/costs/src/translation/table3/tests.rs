use super::*;
use crate::{Agreement, TranslationPass, transformer, translation_network};

fn official(name: &str) -> Official {
    let architecture = translation_network(name).expect("a published network");
    transformer(name, &architecture, TranslationPass::default()).official()
}

#[test]
fn the_counts_of_every_row_are_recomputed_to_the_digits_given() {
    assert_eq!(table3().len(), 17);
    for row in table3() {
        let official = official(&row.network);
        assert_eq!(row.params_m.agreement(row.stated_params_m(official)), Agreement::Rounded, "row {}", row.row);
        assert_eq!(row.flops_g.agreement(row.stated_flops_g(official)), Agreement::Rounded, "row {}", row.row);
    }
}

/// Row 10 alone prints counts of no network that was released; the article cuts digits off three times.
#[test]
fn the_printed_counts_are_those_of_the_counted_networks_but_for_one_row() {
    let agreements = table3().iter().map(|row| {
        let official = official(&row.counts_network);
        let params = row.printed_params_m.agreement(row.stated_params_m(official));
        (row.row, params, row.printed_flops_g.agreement(row.stated_flops_g(official)))
    });
    let rounded = (Agreement::Rounded, Agreement::Rounded);
    let others: Vec<_> = agreements.filter(|&(_, params, flops)| (params, flops) != rounded).collect();
    let expected = [
        (3, Agreement::Rounded, Agreement::Truncated),
        (7, Agreement::Truncated, Agreement::Rounded),
        (10, Agreement::Differs, Agreement::Differs),
        (15, Agreement::Rounded, Agreement::Truncated),
    ];
    assert_eq!(others, expected);
}

/// The recomputed energies, given to two decimals, against the printed ones; row 15 is the misprint.
#[test]
fn one_source_explains_every_printed_energy_and_latency_but_one() {
    let differing = table3().iter().filter(|row| {
        let energy = row.printed_energy_mj.agreement(row.energy_one_mj.value);
        let latency = row.printed_latency_ms.agreement(row.latency_one_ms.value);
        energy != Agreement::Rounded || latency != Agreement::Rounded
    });
    assert_eq!(differing.map(|row| row.row).collect::<Vec<_>>(), [15]);
}

#[test]
fn the_networks_that_are_simulated_are_known_by_name() {
    for row in table3() {
        assert!(translation_network(&row.hardware_network).is_ok(), "row {}", row.row);
        assert_eq!(row.remark.is_empty(), ![1, 9, 10, 12, 15].contains(&row.row), "row {}", row.row);
    }
}
