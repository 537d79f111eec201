use std::collections::HashSet;

use super::*;

fn corrupted(from: &str, to: &str) -> HardwareError {
    let text = Hardware::preset_text("corrected").unwrap();
    assert!(text.contains(from), "the preset has no `{from}`");
    Hardware::parse("mine", &text.replacen(from, to, 1)).unwrap_err()
}

#[test]
fn every_preset_parses_and_has_its_own_digest_at_every_width() {
    let mut digests = HashSet::new();
    for name in Hardware::preset_names() {
        let hardware = Hardware::preset(name).unwrap();
        assert_eq!(hardware.name(), name);
        assert!(digests.insert(hardware.digest(BitWidth::Eight)));
        assert!(digests.insert(hardware.digest(BitWidth::ThirtyTwo)));
    }
    assert_eq!(digests.len(), 8);
}

#[test]
fn the_digest_ignores_name_and_sources_and_sees_every_constant() {
    let text = Hardware::preset_text("shiftaddnas-pe168").unwrap();
    let digest = |text: &str| Hardware::parse("any", text).unwrap().digest(BitWidth::ThirtyTwo);
    let preset = Hardware::preset("shiftaddnas-pe168").unwrap().digest(BitWidth::ThirtyTwo);
    assert_eq!(digest(&text.replace("source = \"", "source = \"again ")), preset);
    assert_ne!(digest(&text.replacen("pj = 22.2", "pj = 22.3", 1)), preset);
    assert_ne!(digest(&text.replacen("limit = 168", "limit = 169", 1)), preset);
    assert_eq!(digest(&text.replacen("limit = 672", "limit = 673", 1)), preset, "that limit holds at 8 bits");
    assert_ne!(digest(&text.replacen("\"dense\"", "\"per-group\"", 1)), preset);
}

#[test]
fn digests_are_pinned_because_stored_rows_carry_them() {
    let digest = |name| Hardware::preset(name).unwrap().digest(BitWidth::ThirtyTwo).to_string();
    let pinned = Hardware::preset_names().map(|name| digest(name)[..16].to_owned());
    assert_eq!(pinned, ["627ac12662b0dbf2", "a53e6e27b8d6749d", "943f91c41955e44b", "b68e89307e07d4e3"]);
}

#[test]
fn an_unknown_preset_names_those_there_are() {
    let message = Hardware::preset("eyeriss").unwrap_err().to_string();
    assert_eq!(
        message,
        "no hardware preset is called `eyeriss`; there are shiftaddnas-pe168, shiftaddnas-pe192, shiftaddnas-nlp, \
         corrected"
    );
}

#[test]
fn constants_that_are_none_are_refused_by_name() {
    let place = "memory.dram.pj".to_owned();
    let name = "mine".to_owned();
    let with = |value: &str| corrupted("pj = 200.0", &format!("pj = {value}"));
    let negative = HardwareError::Negative { name: name.clone(), place: place.clone(), value: -1.0 };
    assert_eq!(with("-1.0"), negative);
    assert_eq!(with("0.0"), HardwareError::Zero { name: name.clone(), place: place.clone() });
    assert!(matches!(with("nan"), HardwareError::NotFinite { .. }));
    let infinite = HardwareError::NotFinite { name: name.clone(), place: place.clone(), value: f64::INFINITY };
    assert_eq!(with("inf"), infinite);
    let large = HardwareError::TooLarge { name: name.clone(), place: place.clone(), value: 1e7, limit: 1e6 };
    assert_eq!(with("1e7"), large);
    assert_eq!(with("0.0000001"), HardwareError::TooFine { name, place, value: 1e-7 });
    assert!(matches!(corrupted("limit = 168", "limit = 0"), HardwareError::Zero { .. }));
    assert!(matches!(corrupted("limit = 168", "limit = -168"), HardwareError::Negative { .. }));
    assert!(matches!(corrupted("limit = 168", "limit = 4294967297"), HardwareError::TooLarge { .. }));
    assert!(matches!(corrupted("bits = 64", "bits = 0"), HardwareError::Zero { .. }));
    let unsourced = corrupted("Eyeriss (Chen et al., JSSC 2017): 64-bit bus to DRAM", " ");
    assert_eq!(unsourced.to_string(), "hardware `mine`: the source of `dram_bus.width` is empty");
}

#[test]
fn missing_and_unknown_keys_are_refused_with_their_place() {
    let message = corrupted("[memory]\n", "[memory]\ncache = 3\n").to_string();
    assert!(message.starts_with("hardware `mine`: TOML parse error at line 21, column 1"), "{message}");
    assert!(message.contains("unknown field `cache`"), "{message}");
    let message = corrupted("accumulation = \"counted\"\n", "").to_string();
    assert!(message.contains("missing field `accumulation`"), "{message}");
    let message = corrupted("accumulation = \"counted\"", "accumulation = \"sometimes\"").to_string();
    assert!(message.contains("unknown variant `sometimes`, expected `free` or `counted`"), "{message}");
}

#[test]
fn other_versions_and_long_texts_are_refused() {
    let version = corrupted("version = 1", "version = 2");
    assert_eq!(version.to_string(), "hardware `mine` has version 2, wanted 1");
    let long = Hardware::parse("mine", &"#".repeat(LONGEST_TEXT + 1)).unwrap_err();
    assert!(matches!(long, HardwareError::Length { bytes: 65537, .. }));
}
