//! Golden values of the released translation simulator, in mJ and ms.

use super::*;

const fn matrix(rows: u64, inputs: u64, outputs: u64, role: Role) -> Work {
    Work::Linear(Linear { arithmetic: Arithmetic::Multiply, rows, inputs, outputs, role })
}

/// q kᵀ of 30 positions and `sources` sources over 512 values.
const fn scores(heads: u64, sources: u64) -> Work {
    Work::Product { batch: heads, rows: 30, inner: 512 / heads, columns: sources }
}

fn check(accelerator: &Accelerator, golden: &[(Work, f64, f64)]) {
    for (work, energy_mj, latency_ms) in golden {
        let cost = accelerator.cost(work).unwrap();
        assert_close(&format!("energy of {work:?}"), cost.energy.total_mj, *energy_mj);
        assert_close(&format!("latency of {work:?}"), cost.latency_ms, *latency_ms);
    }
}

#[test]
fn layers_of_32_bits_cost_what_the_release_says() {
    let values = Work::Product { batch: 8, rows: 30, inner: 30, columns: 64 };
    let kernel = Local { arithmetic: Arithmetic::Add, tokens: 30, width: 256, taps: 31, heads: 16 };
    let projection = |branch| matrix(30, 256, 256, Role::Projection(branch));
    let golden = [
        (matrix(30, 512, 512, Role::Plain), 0.409_845_555_2, 0.245_760),
        (matrix(30, 256, 512, Role::Plain), 0.207_369_625_6, 0.122_880),
        (matrix(30, 512, 256, Role::Plain), 0.207_994_777_6, 0.122_880),
        (matrix(90, 512, 512, Role::Plain), 1.012_062_003_2, 0.737_280),
        (matrix(30, 512, 2048, Role::Plain), 1.620_950_220_8, 0.983_040),
        (matrix(30, 2048, 512, Role::Plain), 1.624_701_132_8, 0.983_040),
        (matrix(30, 512, 4096, Role::Plain), 3.241_900_441_6, 1.966_080),
        (matrix(30, 1024, 4096, Role::Plain), 6.444_651_315_2, 3.932_160),
        (scores(8, 30), 0.026_621_376_0, 0.014_400),
        (values, 0.026_592_960_0, 0.015_360),
        (scores(4, 90), 0.067_551_024_0, 0.034_560),
        (projection(Arithmetic::Multiply), 0.037_882_720_0, 0.030_720),
        (projection(Arithmetic::Add), 0.037_882_720_0, 0.030_720),
        (projection(Arithmetic::Shift), 0.030_863_814_4, 0.030_720),
        (Work::Local(kernel), 0.110_972_928_0, 0.076_800),
    ];
    check(&accelerator("shiftaddnas-nlp", BitWidth::ThirtyTwo), &golden);
}

#[test]
fn layers_of_8_bits_cost_what_the_release_says() {
    let golden = [
        (matrix(30, 512, 512, Role::Plain), 0.092_554_188_8, 0.061_440),
        (matrix(30, 512, 4096, Role::Plain), 0.729_681_510_4, 0.491_520),
        (scores(8, 30), 0.006_548_592_0, 0.004_800),
        (matrix(30, 256, 256, Role::Projection(Arithmetic::Multiply)), 0.029_687_200_0, 0.007_680),
    ];
    check(&accelerator("shiftaddnas-nlp", BitWidth::Eight), &golden);
}

/// One attention of 16 heads of 30 targets over 30 sources, 512 values inside.
fn attention(width: u64) -> Vec<Work> {
    let values = Work::Product { batch: 16, rows: 30, inner: 30, columns: 32 };
    let projections = [matrix(30, width, 512, Role::Plain); 3];
    [&projections[..], &[scores(16, 30), values, matrix(30, 512, width, Role::Plain)]].concat()
}

#[test]
fn the_transformer_of_table_3_costs_what_the_simulator_says() {
    let mlp = [matrix(30, 1024, 4096, Role::Plain), matrix(30, 4096, 1024, Role::Plain)];
    let encoder = [&attention(1024)[..], &mlp].concat();
    let decoder = [&attention(1024)[..], &attention(1024), &mlp].concat();
    let layers = network("transformer", &[encoder.repeat(6), decoder.repeat(6)].concat());
    let cost = accelerator("shiftaddnas-nlp", BitWidth::ThirtyTwo).network_cost(&layers).unwrap();
    let two_decimals = |value: f64| (value * 100.0).round() / 100.0;
    assert_eq!((two_decimals(cost.energy.total_mj), two_decimals(cost.latency_ms)), (214.34, 130.25));
}
