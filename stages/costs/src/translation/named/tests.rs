use std::collections::BTreeSet;

use spaces::{HybridTransformer, SearchSpace};

use super::*;

#[test]
fn names_and_aliases_stand_for_one_network_each() {
    let networks = parse(FILE).expect("the file is well formed");
    let names = networks.iter().flat_map(|network| network.aliases.iter().chain([&network.name]));
    let unique: BTreeSet<_> = names.clone().collect();
    assert_eq!(unique.len(), names.count());
    assert_eq!(networks.len(), 48);
}

#[test]
fn an_alias_finds_the_network_of_the_release() {
    let long = translation_network("wmt14ende_gpu_V100_shiftadd_v3@350ms_update");
    assert_eq!(translation_network("en-de@350ms_update"), long);
    assert_eq!(long.expect("published").sizes().decoder.layers.len(), 3);
}

#[test]
fn an_unknown_name_is_told_with_a_similar_one_or_all() {
    let message = |name| translation_network(name).expect_err("there is none").to_string();
    assert_eq!(
        message("en-de@350ms_updat"),
        "no network is called `en-de@350ms_updat`; did you mean `en-de@350ms_update`?"
    );
    let all = message("zzz");
    assert!(all.ends_with("`transformer-big@q512`, `transformer-base`, `transformer-small`"), "{all}");
}

#[test]
fn every_network_is_of_its_space() {
    let space = |name: &str| match name.split(['_', '@']).next() {
        Some("wmt14ende") => Some(HybridTransformer::en_de_v3()),
        Some("wmt14enfr") => Some(HybridTransformer::en_fr_v1()),
        Some("HAT") => Some(HybridTransformer::hat()),
        _ => None,
    };
    let mut points = 0;
    for network in translation_networks() {
        let Some(space) = space(&network.name) else { continue };
        let genome = space.encode(&network.architecture).expect("a point of its space");
        assert_eq!(space.decode(&genome), network.architecture, "{}", network.name);
        assert_eq!(space.parse(&network.architecture.name()), Ok(genome), "{}", network.name);
        points += 1;
    }
    // 19 of En-De, 10 of En-Fr and 15 of HAT; the four Transformers are of no space.
    assert_eq!(points, 44);
}

#[test]
fn lists_of_different_lengths_are_refused() {
    let text = FILE.replacen("heads = [8, ", "heads = [", 1);
    let error = parse(&text).expect_err("one head is missing").to_string();
    let name = "wmt14ende_gpu_V100_shiftadd_v3@100ms_update";
    assert_eq!(error, format!("`{name}`: `encoder.heads` lists 5 layers, `mixes` of the same side 6"));
}
