use costs::{Network, network, released_supernets, vision_spaces};
use serde_json::Value;
use spaces::Arithmetic;

use crate::shared;

fn fixtures() -> Option<Value> {
    shared::reference("vision_fixtures.json").map(|text| serde_json::from_str(&text).unwrap())
}

/// Returns the name that the fixtures' `T0_mix_v4` or `boss_T0` has here.
fn named(name: &str, form: &str) -> String {
    match name.strip_prefix("boss_") {
        Some(size) => format!("BossNAS-{size}{}", form.trim_start_matches("_Q").trim_start_matches("_PS")),
        None => format!("{name}{form}"),
    }
}

fn macs(network: &Network) -> [u64; 3] {
    let macs = network.macs().unwrap();
    [macs.multiply, macs.add, macs.shift]
}

fn flops(network: &Network) -> [u64; 3] {
    [Arithmetic::Multiply, Arithmetic::Add, Arithmetic::Shift].map(|each| network.official_flops(each))
}

#[test]
fn searched_networks_count_as_an_independent_calculator_says_to_the_last_digit() {
    let Some(fixtures) = fixtures() else { return };
    let totals = fixtures["arch_totals"].as_object().unwrap();
    assert_eq!(totals.len(), 14);
    for (key, wanted) in totals {
        let (name, size) = key.split_once('@').unwrap();
        let of = |form| network(&named(name, form), size.parse().unwrap()).unwrap();
        let by_class = |field: &str| ["mult", "add", "shift"].map(|class| wanted[field][class].as_u64().unwrap());
        let distilled = of("_Q_distilled");
        assert_eq!(distilled.params(), wanted["params"], "{key}");
        assert_eq!(of("_Q").params(), wanted["params_single_head"], "{key}");
        assert_eq!(of("_PS_distilled").params(), wanted["params_shift_ps"], "{key}");
        assert_eq!(macs(&distilled), by_class("strict_macs"), "{key}");
        assert_eq!(flops(&distilled), by_class("official_flops"), "{key}");
    }
}

#[test]
fn released_supernets_have_the_scalars_of_their_training_logs() {
    let Some(fixtures) = fixtures() else { return };
    for (name, wanted) in fixtures["supernet_params_100_classes"].as_object().unwrap() {
        let name = name.replace('_', "-");
        let supernet = released_supernets().into_iter().find(|supernet| supernet.name == name).unwrap();
        assert_eq!(supernet.scalars.total(), wanted.as_u64().unwrap(), "{name}");
    }
}

#[test]
fn search_spaces_have_the_sizes_of_an_enumeration() {
    let Some(fixtures) = fixtures() else { return };
    let wanted = |field: &str| u128::from(fixtures["search_space"][field].as_u64().unwrap());
    for (name, allocations, size) in [
        ("paper", "table2_sum16_allocations", "table2_sum16_size"),
        ("release-v2", "code_v2_allocations", "code_v2_size"),
        ("release-v1", "code_v1_allocations", "code_v1_size_with_hybrid_ops"),
    ] {
        let space = vision_spaces().iter().find(|space| space.name == name).unwrap();
        assert_eq!(space.allocations().len() as u128, wanted(allocations), "{name}");
        assert_eq!(space.size(), Some(wanted(size)), "{name}");
    }
}
