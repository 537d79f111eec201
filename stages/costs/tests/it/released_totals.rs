use costs::{Accelerator, BitWidth, Hardware, network};

/// Network, edge of its pictures, then energy in mJ and latency in ms with fewer than 168 and fewer than 192 elements.
/// Sums over the rows that the authors released for one of the limits, and of the same model for the other.
const TOTALS: [(&str, u64, [f64; 2], [f64; 2]); 11] = [
    ("T0_mix_v3", 224, [242.26, 206.40], [239.38, 144.18]),
    ("T0_mix_v3", 256, [310.45, 255.60], [310.34, 253.76]),
    ("T0_mix_v3", 288, [386.57, 257.37], [386.57, 255.31]),
    ("T0_mix_v4", 224, [219.81, 181.06], [216.99, 126.49]),
    ("T0_mix_v4", 256, [281.18, 221.00], [281.07, 219.16]),
    ("T1_mix_v3", 224, [440.62, 387.66], [435.62, 270.39]),
    ("T1_mix_v3", 256, [572.40, 464.79], [572.28, 462.96]),
    ("T1_mix_v4", 224, [418.16, 362.31], [413.23, 252.70]),
    ("T1_mix_v4", 256, [543.13, 430.19], [543.01, 428.35]),
    ("BossNAS-T0_distilled", 224, [263.08, 215.03], [260.27, 149.95]),
    ("BossNAS-T1_distilled", 224, [607.97, 527.99], [601.82, 369.32]),
];

#[test]
fn whole_networks_cost_what_the_released_rows_sum_to() {
    let accelerator = |preset| Accelerator::new(Hardware::preset(preset).unwrap(), BitWidth::ThirtyTwo);
    let [few, many] = ["shiftaddnas-pe168", "shiftaddnas-pe192"].map(accelerator);
    for (name, size, with_few, with_many) in TOTALS {
        let network = network(name, size).unwrap();
        for (accelerator, wanted) in [(&few, with_few), (&many, with_many)] {
            let cost = accelerator.network_cost(&network).unwrap();
            for (found, wanted) in [cost.energy.total_mj, cost.latency_ms].into_iter().zip(wanted) {
                // The figures have two decimals.
                assert!((found - wanted).abs() <= 0.0051, "{name} at {size}: {found}, wanted {wanted}");
            }
        }
    }
}
