use spaces::{Arithmetic, Operator};

use crate::{Network, Work, named_networks, network};

fn at(name: &str, image_size: u64) -> Network {
    network(name, image_size).unwrap()
}

fn strict(name: &str, image_size: u64) -> [u64; 3] {
    let macs = at(name, image_size).macs().unwrap();
    [macs.multiply, macs.shift, macs.add]
}

/// Rounds to thousandths of a giga, as the tables of the authors' counter print.
fn giga(count: u64) -> String {
    format!("{:.3}", count as f64 / 1e9)
}

/// MACs, #Mult, #Add, #Shift of Table 4 by the authors' counter, in G: MACs are half its operations.
fn printed(name: &str, image_size: u64) -> [String; 4] {
    let network = at(name, image_size);
    let half = |arithmetic| network.official_flops(arithmetic) / 2;
    let [multiply, shift, add] = [Arithmetic::Multiply, Arithmetic::Shift, Arithmetic::Add].map(half);
    [multiply + shift + add, multiply, multiply + shift + 2 * add, shift].map(giga)
}

#[test]
fn searched_networks_print_as_tables_4_and_11_recomputed() {
    for (name, image_size, row) in [
        ("T0_mix_v4", 224, ["3.759", "2.729", "3.759", "1.030"]),
        ("T0_mix_v4", 256, ["4.920", "3.574", "4.920", "1.345"]),
        ("T1_mix_v4", 224, ["6.417", "5.387", "6.417", "1.030"]),
        ("T1_mix_v4", 256, ["8.451", "7.105", "8.451", "1.345"]),
        ("T1_mix_v3", 256, ["8.451", "7.392", "9.023", "0.487"]),
        ("BossNAS-T0", 224, ["3.452", "3.452", "3.452", "0.000"]),
        ("BossNAS-T1", 224, ["7.958", "7.958", "7.958", "0.000"]),
    ] {
        assert_eq!(printed(name, image_size), row, "{name}@{image_size}");
    }
}

#[test]
fn searched_networks_hold_and_count_these_integers() {
    for (name, params) in [
        ("T0_mix_v4", 29_909_040),
        ("T0_mix_v4_Q", 27_860_040),
        ("T0_mix_v4_PS_distilled", 33_931_184),
        ("T1_mix_v3", 29_908_528),
        ("T0_mix_v3_PS_distilled", 31_418_160),
        ("T0_mix_v2", 40_464_704),
        ("T0_mix_v2_PS_distilled", 43_090_752),
        ("BossNAS-T0", 38_415_960),
        ("BossNAS-T1_distilled", 40_464_960),
    ] {
        assert_eq!((at(name, 224).params(), at(name, 224).official().params), (params, params), "{name}");
    }
    assert_eq!(strict("T0_mix_v4", 224), [2_717_329_920, 1_029_862_400, 0]);
    assert_eq!(strict("T1_mix_v4", 256), [7_086_981_120, 1_345_126_400, 0]);
    assert_eq!(strict("T1_mix_v3", 256), [7_373_373_440, 487_129_088, 571_604_992]);
    assert_eq!(strict("T0_mix_v2", 224), [2_634_433_024, 591_775_744, 218_817_536]);
    assert_eq!(strict("BossNAS-T1_distilled", 256), [10_511_196_160, 0, 0]);
}

/// Strict MACs of each block in millions, to a tenth.
fn blocks(name: &str) -> Vec<String> {
    let network = at(name, 224);
    let of_block = |index: usize| {
        let prefix = format!("layers.{index}.");
        let layers = network.layers.iter().filter(|layer| layer.name.starts_with(&prefix));
        let macs: u64 = layers.map(|layer| layer.work.macs().unwrap()).sum();
        format!("{:.1}", macs as f64 / 1e6)
    };
    (0..16).map(of_block).collect()
}

/// The table has 219.0 where 218.949 stands here; it was rounded twice.
#[test]
fn blocks_count_as_the_recomputed_table_says() {
    let finer = ["233.0", "220.2", "373.4", "219.3", "219.3", "219.3", "373.1", "218.9", "161.4", "218.9", "218.9"];
    for (name, coarsest) in [
        ("T0_mix_v4", ["298.1", "144.0", "219.1", "144.0", "144.0"]),
        ("T1_mix_v4", ["913.7", "605.4", "874.9", "605.4", "605.4"]),
    ] {
        assert_eq!(blocks(name), [&finer[..], &coarsest[..]].concat(), "{name}");
    }
    assert_eq!(at("T0_mix_v4", 224).layers[0].work.macs(), Ok(118_013_952));
}

/// Returns what a hardware model costs of one layer of the network, in execution order.
fn costed(network: &Network, layer: usize) -> Vec<&str> {
    let prefix = format!("layers.{layer}.");
    let layers = network.layers.iter().filter(|layer| layer.work != Work::Free);
    layers.filter_map(|layer| layer.name.strip_prefix(&prefix)).collect()
}

#[test]
fn layers_stand_in_the_order_of_the_released_energies() {
    let network = at("T0_mix_v3", 224);
    let convolutions = ["entry", "peg", "middle", "expand", "squeeze", "excite"];
    let attention = ["entry", "peg", "qkv", "attention.qk", "attention.av", "expand"];
    assert_eq!(costed(&network, 6), [&["shortcut"], &convolutions[..]].concat());
    assert_eq!(costed(&network, 9), convolutions);
    assert_eq!(costed(&network, 8), attention);
    assert_eq!(costed(&network, 11), [&["shortcut"], &attention[..]].concat());
    let operators = [8, 9].map(|layer| network.layers.iter().find(|each| each.name == format!("layers.{layer}.peg")));
    assert_eq!(operators.map(|layer| layer.unwrap().operator), [Some(Operator::Attention), Some(Operator::Add)]);
}

#[test]
fn squeeze_and_excitation_multiplies_in_shift_and_add_blocks() {
    for name in ["T0_mix_v3", "T0_mix_v4_PS"] {
        let network = at(name, 224);
        let gates = network.layers.iter().filter(|layer| layer.name.ends_with("squeeze"));
        assert!(gates.map(|layer| layer.work.arithmetic()).all(|found| found == Some(Arithmetic::Multiply)));
    }
}

#[test]
fn the_last_pooling_window_of_an_odd_map_is_cut() {
    // 97 rows become 49, 25, 13, 7 and 4, by pooling as by convolution.
    let network = at("T0_mix_v4", 97);
    let edge = |name: &str| match network.layers.iter().find(|layer| layer.name == name).unwrap().work {
        Work::Window(window) => window.out_height,
        Work::Linear(_) | Work::Product { .. } | Work::Local(_) | Work::Free => unreachable!("a convolution"),
    };
    assert_eq!((edge("layers.11.shortcut"), edge("layers.11.peg")), (4, 4));
}

#[test]
fn residual_networks_count_as_table_4_says() {
    for (name, params, macs) in [
        ("ResNet-50", 25_557_032, [3_857_973_248, 0, 0]),
        ("ResNet-101", 44_549_160, [7_570_194_432, 0, 0]),
        ("ResNet-50-v1.5", 25_557_032, [4_089_184_256, 0, 0]),
        ("ResNet-101-v1.5", 44_549_160, [7_801_405_440, 0, 0]),
        ("AdderNet-50", 25_557_032, [120_061_952, 0, 3_737_911_296]),
        ("DeepShift-50-Q", 25_557_032, [120_061_952, 3_737_911_296, 0]),
        ("DeepShift-50-PS", 49_002_536, [120_061_952, 3_737_911_296, 0]),
    ] {
        assert_eq!((at(name, 224).params(), strict(name, 224)), (params, macs), "{name}");
    }
    let adder = at("AdderNet-50", 224).macs().unwrap();
    assert_eq!([adder.multiply, adder.additions()].map(giga), ["0.120", "7.596"]);
}

/// The paper prints the parameters of the networks without gates, 26 M and 45 M.
#[test]
fn gates_add_parameters_that_table_4_leaves_out() {
    assert_eq!(at("SENet-50", 224).params(), 28_088_024);
    assert_eq!(at("SENet-101", 224).params(), 49_326_872);
}

/// The paper prints the MACs at 224² of `ViT` and calls the pictures 384².
#[test]
fn vision_transformers_count_as_table_4_says() {
    for (name, image_size, params, macs) in [
        ("ViT-B/16", 224, 86_567_656, 17_563_828_224),
        ("ViT-B/16", 384, 86_859_496, 55_484_350_464),
        ("ViT-L/16", 224, 304_326_632, 61_554_712_576),
        ("ViT-L/16", 384, 304_715_752, 191_066_300_416),
        ("DeiT-T", 224, 5_717_416, 1_253_683_200),
        ("DeiT-S", 224, 22_050_664, 4_598_882_304),
    ] {
        let found = at(name, image_size);
        assert_eq!((found.params(), found.macs().unwrap().total()), (params, macs), "{name}@{image_size}");
    }
}

/// Table 4 says 5.1 G and 11 G MACs, 23 M and 54 M parameters.
#[test]
fn autoformers_count_their_relative_positions() {
    for (name, params, without, relative) in [
        ("AutoFormer-S", 22_891_432, 4_773_931_776, 387_469_056),
        ("AutoFormer-B", 53_691_688, 11_045_397_248, 645_781_760),
    ] {
        let found = at(name, 224);
        let products = found.layers.iter().filter(|layer| layer.name.contains(".relative."));
        let products: u64 = products.map(|layer| layer.work.macs().unwrap()).sum();
        assert_eq!((found.params(), products), (params, relative), "{name}");
        assert_eq!(found.macs().unwrap().multiply, without + relative, "{name}");
    }
}

#[test]
fn exponents_and_signs_double_the_weights_of_shift_layers_and_change_nothing_else() {
    for named in named_networks().iter().filter(|named| named.name.contains("_PS")) {
        let (ps, q) = (at(named.name, 224), at(&named.name.replace("_PS", "_Q"), 224));
        assert_eq!((ps.macs(), ps.official().flops), (q.macs(), q.official().flops), "{}", named.name);
        let shift = q.layers.iter().filter(|layer| layer.work.arithmetic() == Some(Arithmetic::Shift));
        let biases = |layer: &crate::Layer| layer.official.flops - 2 * layer.work.macs().unwrap();
        let weights = shift.map(|layer| match (layer.work, biases(layer)) {
            (Work::Window(window), 1..) => layer.params - window.out_channels,
            (Work::Window(_) | Work::Linear(_) | Work::Product { .. } | Work::Local(_) | Work::Free, _) => layer.params,
        });
        assert_eq!(ps.params(), q.params() + weights.sum::<u64>(), "{}", named.name);
    }
}
