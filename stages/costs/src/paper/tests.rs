use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::*;
use crate::Agreement;

static ROWS: LazyLock<Vec<AuditRow>> = LazyLock::new(|| audit(&PaperItem::ALL));

/// Returns our number of a row.
fn ours(item: PaperItem, row: &str, quantity: &str) -> f64 {
    found(item, row, quantity).ours.unwrap_or_else(|| panic!("{item}, {row}, {quantity}: nothing is computed"))
}

fn found(item: PaperItem, row: &str, quantity: &str) -> &'static AuditRow {
    let mut rows = ROWS.iter().filter(|each| each.item == item && each.row == row && each.quantity == quantity);
    let found = rows.next().unwrap_or_else(|| panic!("{item} has no {row}, {quantity}"));
    assert!(rows.next().is_none() || found.printed.is_some(), "{item} has {row}, {quantity} twice");
    found
}

/// Asserts that rows, told as row, quantity, number and its verdict, come out to the digits given.
fn assert_rows(item: PaperItem, expected: &[(&str, &str, &str, &str)]) {
    for (row, quantity, number, verdict) in expected {
        let decimals = number.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let ours = format!("{:.decimals$}", ours(item, row, quantity));
        assert_eq!(
            (&*ours, found(item, row, quantity).verdict.name()),
            (*number, *verdict),
            "{item}, {row}, {quantity}"
        );
    }
}

#[test]
fn every_item_has_these_verdicts() {
    let mut counts: BTreeMap<PaperItem, [usize; 4]> = BTreeMap::new();
    for row in &*ROWS {
        let of_item = counts.entry(row.item).or_default();
        match row.verdict {
            Verdict::Reproduced { .. } => of_item[0] += 1,
            Verdict::Differs { .. } => of_item[1] += 1,
            Verdict::NotRecomputable { .. } => of_item[2] += 1,
            Verdict::NotPrinted { .. } => of_item[3] += 1,
        }
    }
    let counts: Vec<_> = counts.into_iter().collect();
    // Reproduced, differs, not recomputable, not printed.
    let expected = [
        (PaperItem::Table(1), [1, 2, 0, 0]),
        (PaperItem::Table(2), [1, 2, 0, 0]),
        (PaperItem::TABLE_3, [70, 19, 3, 5]),
        (PaperItem::TABLE_4, [75, 10, 6, 0]),
        (PaperItem::Table(5), [4, 2, 3, 0]),
        (PaperItem::Table(6), [8, 18, 2, 0]),
        (PaperItem::TABLE_7, [4, 4, 2, 2]),
        (PaperItem::Table(8), [1, 0, 1, 0]),
        (PaperItem::Table(9), [2, 2, 1, 0]),
        (PaperItem::Table(10), [2, 0, 1, 0]),
        (PaperItem::TABLE_11, [114, 20, 10, 0]),
        (PaperItem::Figure(1), [3, 3, 2, 0]),
        (PaperItem::Figure(4), [1, 2, 1, 0]),
        (PaperItem::Figure(5), [3, 2, 2, 1]),
        (PaperItem::Figure(6), [0, 5, 2, 0]),
        (PaperItem::Figure(9), [2, 0, 0, 0]),
        (PaperItem::Figure(10), [2, 0, 1, 0]),
    ];
    assert_eq!(counts, expected);
}

#[test]
fn every_verdict_but_reproduced_has_a_reason() {
    for row in &*ROWS {
        assert!(!row.verdict.why().is_empty(), "{row:?}");
        let numbers = (row.printed.is_some(), row.ours.is_some());
        match row.verdict {
            Verdict::Reproduced { .. } | Verdict::Differs { .. } => assert_eq!(numbers, (true, true), "{row:?}"),
            Verdict::NotRecomputable { .. } => assert_eq!(numbers, (false, false), "{row:?}"),
            Verdict::NotPrinted { .. } => assert_eq!(numbers, (false, true), "{row:?}"),
        }
    }
}

#[test]
fn reproduced_figures_lie_within_the_printed_digits_and_others_outside() {
    for row in &*ROWS {
        let (Some(printed), Some(ours)) = (row.printed, row.ours) else { continue };
        let (figure, unit) = (printed.figure, 10_f64.powi(-i32::from(printed.figure.decimals)));
        match &row.verdict {
            Verdict::Reproduced { how: How::Rounded } => {
                assert!((ours - figure.value).abs() <= unit / 2.0 + f64::EPSILON, "{row:?}");
            }
            Verdict::Reproduced { how: How::Truncated } => {
                assert!(ours >= figure.value && ours < figure.value + unit, "{row:?}");
            }
            Verdict::Reproduced { how: How::WithinBound } => assert_ne!(printed.relation, Relation::Equals, "{row:?}"),
            Verdict::Differs { by, .. } => {
                assert_eq!(*by, ours - figure.value);
                assert!(
                    printed.relation != Relation::Equals || figure.agreement(ours) == Agreement::Differs,
                    "{row:?}"
                );
            }
            Verdict::NotRecomputable { .. } | Verdict::NotPrinted { .. } => {}
        }
    }
}

#[test]
fn spaces_of_translation_are_far_larger_than_the_text_says() {
    assert_rows(
        PaperItem::Table(1),
        &[
            ("space of En-De", "architectures, power of ten", "28.31", "differs"),
            ("space of En-Fr, decoder MLP up to 3072", "architectures, power of ten", "27.56", "differs"),
        ],
    );
    let why = found(PaperItem::Table(1), "space of En-De", "architectures, power of ten").verdict.why();
    assert!(why.ends_with("; exactly 20598101001681317971984318464"), "{why}");
    let sampled = "block types that the release samples";
    assert_rows(PaperItem::Table(2), &[(sampled, "architectures, power of ten", "9.12", "reproduced")]);
}

#[test]
fn table_3_mixes_networks_and_settings() {
    let transformer = "En-De Transformer 28.4 as transformer-big@q512";
    let twelve = "En-De ShiftAddNAS (8-bit) 26.8 as en-de@200ms_Jun.29_quant";
    let rival = "En-De ShiftAddNAS 28.2 over HAT 28.2, own sources";
    assert_rows(
        PaperItem::TABLE_3,
        &[
            ("En-De Transformer 28.4", "params", "176.36", "reproduced"),
            ("En-De Transformer 28.4", "energy", "272.95", "differs"),
            ("En-De Transformer 28.4", "latency", "166.22", "differs"),
            (transformer, "energy", "214.34", "reproduced"),
            (transformer, "latency", "130.25", "reproduced"),
            ("En-Fr HAT 41.4", "params", "51.48", "differs"),
            ("En-Fr HAT 41.1", "params", "44.13", "differs"),
            ("En-Fr HAT 41.1 as hat-en-fr-titanxp@168.3ms", "params", "46.23", "reproduced"),
            ("En-Fr HAT 41.1", "energy", "69.13", "reproduced"),
            ("En-Fr ShiftAddNAS 40.2", "latency", "27.2", "differs"),
            ("En-De ShiftAddNAS 28.2, own sources", "energy", "70.04", "differs"),
            ("En-De HAT 28.2, own sources", "energy", "69.77", "reproduced"),
            (rival, "energy saving", "-0.4", "differs"),
            (rival, "latency saving", "-2.1", "differs"),
            ("En-De ShiftAddNAS (8-bit) 26.8", "params", "9.75", "differs"),
            (twelve, "params", "11.99", "reproduced"),
            ("En-De ShiftAddNAS 26.7", "share of multiplications", "99.45", "not-printed"),
            ("En-Fr ShiftAddNAS 41.8", "share of multiplications", "99.98", "not-printed"),
        ],
    );
}

#[test]
fn tables_4_and_11_print_other_resolutions_other_parameters_and_sums_of_rounded_figures() {
    let rounded = ("ShiftAddNAS-T0↑, rounded twice", "#Shift", "1.35", "reproduced");
    let both = [
        ("ViT-B/16", "MACs", "55.51", "differs"),
        ("ViT-B/16, at 224²", "MACs", "17.57", "reproduced"),
        ("AutoFormer-S", "MACs", "5.17", "reproduced"),
        ("AutoFormer-S, without relative positions", "MACs", "4.78", "differs"),
        ("DeepShift-PS, of rounded parts", "#Shift", "3.8", "reproduced"),
        ("ShiftAddNAS-T0↑", "#Shift", "1.345", "differs"),
        rounded,
    ];
    assert_rows(PaperItem::TABLE_4, &both);
    assert_rows(PaperItem::TABLE_11, &both);
    let large = [
        ("SENet-50", "params", "28.09", "differs"),
        ("SENet-101", "params", "49.33", "differs"),
        ("ViT-L/16", "MACs", "191.13", "differs"),
        ("ShiftAddNAS-T1↑²", "#Add", "9.02", "differs"),
        ("ShiftAddNAS-T1↑², of rounded parts", "#Add", "9.1", "reproduced"),
    ];
    assert_rows(PaperItem::TABLE_11, &large);
}

#[test]
fn table_5_contradicts_itself() {
    assert_rows(
        PaperItem::Table(5),
        &[
            ("CIFAR-10 ShiftAddNAS", "#Add, of the other columns", "58", "reproduced"),
            ("CIFAR-100 ShiftAddNAS", "#Add, of the other columns", "61", "differs"),
            ("CIFAR-100 ShiftAddNAS", "accuracy gain, of the accuracies", "0.78", "differs"),
        ],
    );
}

#[test]
fn table_6_compares_two_accelerators() {
    let (naive, heterogeneous) =
        ("w/ Naive WS: T1_mix_v3@224, fewer than 168 elements", "w/ HWS: T1_mix_v4@224, fewer than 192 elements");
    let gain = "HWS over naive WS, both fewer than 192 elements";
    assert_rows(
        PaperItem::Table(6),
        &[
            (naive, "energy", "440.62", "reproduced"),
            (naive, "latency", "387.66", "reproduced"),
            (heterogeneous, "energy", "413.23", "reproduced"),
            (heterogeneous, "latency", "252.70", "reproduced"),
            ("w/ Naive WS, fewer than 192 elements", "latency", "270.39", "differs"),
            ("w/ HWS, fewer than 168 elements", "latency", "362.31", "differs"),
            (gain, "energy saving", "5.1", "differs"),
            (gain, "latency saving", "6.5", "differs"),
            ("w/ HWS, depth-wise layers as such", "energy", "271.1", "differs"),
            ("w/ HWS, depth-wise layers as such", "latency", "175.7", "differs"),
            ("supernet w/o WS (v1)", "scalars", "615.390116", "reproduced"),
            ("supernet w/ HWS (v5-PS)", "scalars", "364.242340", "reproduced"),
            ("supernet w/ HWS over w/o WS", "saving", "40.8", "reproduced"),
            ("supernet w/ HWS as on CIFAR-100 (v5-Q)", "scalars", "238.503844", "differs"),
        ],
    );
}

#[test]
fn table_7_compares_two_resolutions() {
    assert_rows(
        PaperItem::TABLE_7,
        &[
            ("All, our space, at 256²", "#Mult", "3.57", "reproduced"),
            ("All, our space, at 224² as the others look", "#Mult", "2.73", "differs"),
            ("Shift&Add, our space", "MACs, of the other columns", "4.3", "not-printed"),
        ],
    );
}

#[test]
fn figures_name_the_wrong_technology_and_the_wrong_share() {
    let ratio = "multiplication over it";
    assert_rows(
        PaperItem::Figure(1),
        &[
            ("shift FIX32, 45 nm as the text says", ratio, "23.8", "differs"),
            ("shift FIX32, 45 nm with the text's FPGA figure", ratio, "23.8", "reproduced"),
            ("add FP32, 45 nm as the text says", ratio, "4.11", "differs"),
            ("add FP32, 45 nm with the text's FPGA figure", ratio, "4.11", "reproduced"),
        ],
    );
    let share = "share of the supernet";
    assert_rows(PaperItem::Figure(4), &[("factors of the weight transforms, v5-PS", share, "0.021", "differs")]);
    assert_rows(
        PaperItem::Figure(6),
        &[
            ("T1 over BossNAS-T1 with two classifiers as ours", "energy saving", "31.3", "differs"),
            ("T0 over BossNAS-T0 with two classifiers as ours", "energy saving", "16.6", "differs"),
        ],
    );
}

#[test]
fn a_table_alone_has_its_rows_of_the_whole() {
    for item in [PaperItem::Table(2), PaperItem::Table(6), PaperItem::Figure(1)] {
        let of_item: Vec<_> = ROWS.iter().filter(|row| row.item == item).cloned().collect();
        assert_eq!(audit(&[item]), of_item);
    }
}

#[test]
fn a_bound_is_reproduced_on_its_side_only() {
    let below = Quoted { relation: Relation::Below, figure: "0.01".parse().unwrap() };
    let above = Quoted { relation: Relation::Above, ..below };
    let name = |printed, ours| Verdict::on(Some(printed), ours, "why").name();
    assert_eq!([name(below, 0.009), name(below, 0.0105)], ["reproduced", "differs"]);
    assert_eq!([name(above, 0.009), name(above, 0.0105)], ["differs", "reproduced"]);
    assert_eq!([below.to_string(), above.to_string()], ["<0.01", ">0.01"]);
    assert_eq!(Verdict::on(None, 1.0, "why"), Verdict::NotPrinted { why: "why".to_owned() });
}

#[test]
fn subjects_that_are_not_there_are_told() {
    for (text, message) in [
        ("T1_mix_v4", "``: no subject is called `T1_mix_v4`"),
        ("T1_mix_v4@x shiftaddnas-pe168", "``: no subject is called `T1_mix_v4@x shiftaddnas-pe168`"),
        ("transformer-big two 32", "``: no subject is called `transformer-big two 32`"),
        ("transformer-big one 16", "``: no bit width is called `16`"),
    ] {
        let error = costing::Subject::parse(text).err().expect("it is not there");
        assert_eq!(error.to_string(), message);
        assert_eq!(error.in_row("a row").to_string(), message.replacen("``", "`a row`", 1));
    }
}
