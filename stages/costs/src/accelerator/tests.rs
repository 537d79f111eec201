use spaces::Arithmetic;

use super::*;
use crate::{Linear, Local, Role, Tiling, Window};

mod translation;

/// Published figures are sums of products in another order than ours.
const ROUNDING: f64 = 1e-9;

fn accelerator(preset: &str, bits: BitWidth) -> Accelerator {
    Accelerator::new(Hardware::preset(preset).unwrap(), bits)
}

fn assert_close(what: &str, found: f64, expected: f64) {
    assert!((found - expected).abs() <= expected.abs() * ROUNDING, "{what}: {found} instead of {expected}");
}

fn window(arithmetic: Arithmetic, channels: (u64, u64), height: (u64, u64), kernel: u64, groups: u64) -> Work {
    let stride = height.0 / height.1;
    Work::Window(Window {
        arithmetic,
        in_channels: channels.0,
        out_channels: channels.1,
        height: height.0,
        width: height.0,
        out_height: height.1,
        out_width: height.1,
        kernel,
        stride,
        groups,
    })
}

fn tiling(cost: &LayerCost) -> Tiling {
    cost.schedule.unwrap().tiling
}

#[test]
fn the_stem_costs_what_the_release_says_under_both_limits() {
    let stem = window(Arithmetic::Multiply, (3, 64), (224, 112), 7, 1);
    let wide = accelerator("shiftaddnas-pe192", BitWidth::ThirtyTwo).cost(&stem).unwrap();
    assert_close("energy", wide.energy.total_mj, 5.254_972_620_8);
    assert_close("latency", wide.latency_ms, 2.809_856);
    let expected = Tiling { n0: 1, n3: 1, m0: 16, m1: 2, m2: 2, m3: 1, c0: 1, c1: 3, c2: 1, e1: 4, e3: 28 };
    assert_eq!(tiling(&wide), expected);
    let narrow = accelerator("shiftaddnas-pe168", BitWidth::ThirtyTwo).cost(&stem).unwrap();
    assert_close("energy", narrow.energy.total_mj, 5.223_181_107_2);
    assert_close("latency", narrow.latency_ms, 3.211_264);
}

#[test]
fn energies_by_level_and_by_data_sum_to_the_total() {
    let cost =
        accelerator("corrected", BitWidth::Eight).cost(&window(Arithmetic::Add, (64, 64), (14, 14), 3, 1)).unwrap();
    let level = cost.energy.by_level;
    let memory = level.dram_mj + level.buffer_mj + level.network_mj + level.register_file_mj;
    assert_close("levels", memory + level.arithmetic_mj, cost.energy.total_mj);
    let data = cost.energy.by_data;
    assert_close("data", data.input_mj + data.weight_mj + data.output_mj, memory);
}

#[test]
fn accesses_of_a_hand_sized_layer_are_exact() {
    // A 1 x 1 layer of 2 x 2 maps, 2 to 3 channels: 24 taps. E1 = 2, C = C0, M = M0 and one pass need least, so that
    // every word comes from DRAM once; a second channel in an element costs 2 * 1 * (2 - 1) accesses per output.
    let cost = accelerator("shiftaddnas-pe168", BitWidth::ThirtyTwo)
        .cost(&window(Arithmetic::Multiply, (2, 3), (2, 2), 1, 1))
        .unwrap();
    assert_eq!(cost.accesses.macs, 24);
    assert_eq!(cost.accesses.register_file.input, 24);
    assert_eq!(cost.accesses.dram.output, 12);
    let tiling = tiling(&cost);
    assert_eq!(cost.accesses.dram.input, tiling.m3 * 8);
    assert_eq!(cost.accesses.dram.weight, tiling.e3 * 6);
}

#[test]
fn arithmetic_costs_its_accumulation_where_it_is_counted() {
    let pj_per_tap = |preset, arithmetic| {
        let cost = accelerator(preset, BitWidth::ThirtyTwo).cost(&window(arithmetic, (8, 8), (8, 8), 3, 1)).unwrap();
        cost.energy.by_level.arithmetic_mj * 1e9 / cost.accesses.macs as f64
    };
    for (arithmetic, released, corrected) in
        [(Arithmetic::Multiply, 3.7, 4.6), (Arithmetic::Shift, 0.13, 1.03), (Arithmetic::Add, 0.9, 1.8)]
    {
        assert_close("released", pj_per_tap("shiftaddnas-pe168", arithmetic), released);
        assert_close("corrected", pj_per_tap("corrected", arithmetic), corrected);
    }
}

#[test]
fn add_layers_pay_for_memory_where_it_is_counted() {
    let level = |preset| {
        let work = window(Arithmetic::Add, (64, 64), (14, 14), 3, 1);
        accelerator(preset, BitWidth::ThirtyTwo).cost(&work).unwrap().energy.by_level
    };
    let released = level("shiftaddnas-pe192");
    assert_eq!((released.dram_mj, released.buffer_mj), (0.0, 0.0));
    assert!(released.network_mj > 0.0 && released.register_file_mj > 0.0);
    let corrected = level("corrected");
    assert!(corrected.dram_mj > 0.0 && corrected.buffer_mj > 0.0 && corrected.network_mj > released.network_mj);
}

#[test]
fn a_depth_wise_layer_is_much_cheaper_where_its_groups_are_seen() {
    let cost = |preset| {
        let work = window(Arithmetic::Multiply, (256, 256), (14, 14), 3, 256);
        accelerator(preset, BitWidth::ThirtyTwo).cost(&work).unwrap()
    };
    let (dense, grouped) = (cost("shiftaddnas-pe168"), cost("corrected"));
    assert_eq!(dense.accesses.macs, 256 * grouped.accesses.macs);
    assert!(grouped.energy.total_mj * 50.0 < dense.energy.total_mj);
}

#[test]
fn latency_is_bounded_by_the_bus_to_dram() {
    // A vector times a matrix reads every weight once: 2 Mi words of 32 bits, two per 4 ns cycle.
    let classifier = Work::Linear(Linear {
        arithmetic: Arithmetic::Multiply,
        rows: 1,
        inputs: 2048,
        outputs: 1024,
        role: Role::Plain,
    });
    let released = accelerator("shiftaddnas-pe168", BitWidth::ThirtyTwo).cost(&classifier).unwrap();
    let bounded = accelerator("corrected", BitWidth::ThirtyTwo).cost(&classifier).unwrap();
    let words = bounded.accesses.dram.total() as f64;
    assert_close("bus", bounded.latency_ms, words / 2.0 * 4e-6);
    assert!(words >= 2048.0 * 1024.0 && bounded.latency_ms > released.latency_ms);
}

#[test]
fn free_work_costs_nothing_and_still_says_on_which_hardware() {
    let accelerator = accelerator("corrected", BitWidth::ThirtyTwo);
    let cost = accelerator.cost(&Work::Free).unwrap();
    assert_eq!((cost.energy, cost.latency_ms, cost.schedule), (Energy::default(), 0.0, None));
    assert_eq!(cost.hardware, accelerator.digest());
}

fn network(name: &str, works: &[Work]) -> Network {
    let layer = |(index, &work)| Layer {
        name: format!("layers.{index}"),
        operator: None,
        work,
        params: 0,
        official: crate::Official::default(),
    };
    Network { name: name.to_owned(), layers: works.iter().enumerate().map(layer).collect() }
}

#[test]
fn a_network_costs_the_sum_of_its_layers_and_searches_equal_ones_once() {
    let accelerator = accelerator("shiftaddnas-pe168", BitWidth::ThirtyTwo);
    let works = [window(Arithmetic::Shift, (32, 32), (14, 14), 3, 1), Work::Free];
    let cost = accelerator.network_cost(&network("small", &[works[0], works[1], works[0]])).unwrap();
    let one = accelerator.cost(&works[0]).unwrap();
    assert_eq!(cost.layers.len(), 3);
    assert_close("energy", cost.energy.total_mj, 2.0 * one.energy.total_mj);
    assert_close("latency", cost.latency_ms, 2.0 * one.latency_ms);
    assert_eq!(accelerator.known.read().unwrap().len(), 1);
    let itself = cost.relative_to(&cost).unwrap();
    assert_eq!((itself.energy, itself.latency), (1.0, 1.0));
}

#[test]
fn a_layer_without_a_cost_is_named() {
    let large = window(Arithmetic::Multiply, (8, 8), (197, 197), 3, 1);
    let refused = accelerator("shiftaddnas-pe168", BitWidth::ThirtyTwo).network_cost(&network("prime", &[large]));
    let AcceleratorError::Layer { network, layer, reason } = refused.unwrap_err() else { panic!("a layer is named") };
    assert_eq!((network.as_str(), layer.as_str()), ("prime", "layers.0"));
    assert!(reason.to_string().starts_with("no tiling fits: Elements wants at least 591, fewer than 168 are there"));
}

#[test]
fn costs_of_different_hardware_are_never_compared() {
    let works = network("one", &[window(Arithmetic::Add, (8, 8), (8, 8), 3, 1)]);
    let at = |preset, bits| accelerator(preset, bits).network_cost(&works).unwrap();
    let narrow = at("shiftaddnas-pe168", BitWidth::ThirtyTwo);
    for other in [at("shiftaddnas-pe192", BitWidth::ThirtyTwo), at("shiftaddnas-pe168", BitWidth::Eight)] {
        let refused = AcceleratorError::DifferentHardware { left: narrow.hardware, right: other.hardware };
        assert_eq!(narrow.relative_to(&other).unwrap_err(), refused);
        assert_eq!(total(&[narrow.layers[0].cost, other.layers[0].cost]).unwrap_err(), refused);
        assert!(refused.to_string().ends_with("that is with one hardware and one bit width"));
    }
}

#[test]
fn workers_may_share_an_accelerator() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&accelerator("corrected", BitWidth::Eight));
}
