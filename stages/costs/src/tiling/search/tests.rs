use proptest::prelude::*;
use spaces::Arithmetic;

use super::super::factors::{divisors, pairs};
use super::*;
use crate::clock::Clock;
use crate::energy::Prices;
use crate::hardware::MemoryLevels;
use crate::{Accesses, Capacity, UnitClass};

/// Every tiling in the released order, feasible or not.
fn all_tilings(problem: &Problem) -> Vec<Tiling> {
    let mut tilings = Vec::new();
    for (n0, n3) in pairs(problem.batch) {
        for (m0, m) in pairs(problem.out_channels) {
            for m1 in divisors(m) {
                for (m2, m3) in pairs(m / m1) {
                    for (c0, c) in pairs(problem.in_channels) {
                        for (c1, c2) in pairs(c) {
                            for (e1, e3) in pairs(problem.out_height) {
                                tilings.push(Tiling { n0, n3, m0, m1, m2, m3, c0, c1, c2, e1, e3 });
                            }
                        }
                    }
                }
            }
        }
    }
    tilings
}

/// The slow and obvious search: count all accesses of all tilings, keep the first of the best.
fn obvious(problem: &Problem, hardware: &Hardware, bits: BitWidth) -> Option<Tiling> {
    let limits = &hardware.width(bits).limits;
    let prices = Prices::of(hardware, bits, problem.class);
    let clock = Clock::of(hardware, bits, problem);
    let single = problem.out_height == 1 || hardware.assumptions().single_rows == SingleRows::Allowed;
    let feasible = |tiling: &Tiling| {
        let fits = tiling.needs(problem, limits).iter().all(|(_, needed, limit)| needed < limit);
        fits && tiling.m0 <= limits.filters_at_most && (tiling.e1 != 1 || single)
    };
    let cost = |tiling: Tiling| {
        let accesses = Accesses::of(problem, &tiling);
        (prices.total(&accesses), clock.latency(problem, &tiling, &accesses), tiling)
    };
    let costs: Vec<_> = all_tilings(problem).into_iter().filter(feasible).map(cost).collect();
    let worst_energy = costs.iter().map(|cost| cost.0).max()?;
    let worst_latency = costs.iter().map(|cost| cost.1).max()?;
    costs.iter().min_by_key(|cost| cost.0 * worst_latency + cost.1 * worst_energy).map(|cost| cost.2)
}

fn arithmetic() -> impl Strategy<Value = Arithmetic> {
    prop_oneof![Just(Arithmetic::Multiply), Just(Arithmetic::Shift), Just(Arithmetic::Add)]
}

fn class() -> impl Strategy<Value = UnitClass> {
    let memory = prop_oneof![Just(MemoryLevels::AllLevels), Just(MemoryLevels::RegistersAndSums)];
    (arithmetic(), arithmetic(), memory).prop_map(|(datapath, operation, memory)| UnitClass {
        datapath,
        operation,
        memory,
    })
}

prop_compose! {
    fn problem()(
        class in class(),
        batch in prop_oneof![Just(1), 1_u64..25],
        channels in (1_u64..65, 1_u64..65),
        out_height in 1_u64..29,
        out_width in 1_u64..29,
        window in (1_u64..8, 1_u64..8),
        stride in 1_u64..3,
    ) -> Problem {
        Problem {
            class,
            batch,
            out_channels: channels.0,
            in_channels: channels.1,
            out_height,
            out_width,
            height: out_height * stride,
            width: out_width * stride,
            kernel_height: window.0,
            kernel_width: window.1,
            stride,
        }
    }
}

/// Switches and limits that no preset combines, small enough that every capacity binds.
fn tight(name: &str) -> Hardware {
    let text = Hardware::preset_text(name).unwrap();
    let text = text.replace("limit = 65536", "limit = 2000").replace("limit = 168", "limit = 40");
    Hardware::parse("tight", &text).unwrap()
}

fn hardware() -> impl Strategy<Value = Hardware> {
    let names = prop::sample::select(Hardware::preset_names().to_vec());
    (names, any::<bool>()).prop_map(|(name, small)| if small { tight(name) } else { Hardware::preset(name).unwrap() })
}

fn width() -> impl Strategy<Value = BitWidth> {
    prop_oneof![Just(BitWidth::Eight), Just(BitWidth::ThirtyTwo)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_pruned_search_finds_what_the_obvious_one_finds(
        problem in problem(), hardware in hardware(), bits in width()
    ) {
        let found = best_tiling(&problem, &hardware, bits);
        match obvious(&problem, &hardware, bits) {
            Some(tiling) => prop_assert_eq!(found, Ok(tiling)),
            None => prop_assert!(matches!(found, Err(AcceleratorError::NoTiling { .. })), "{:?}", found),
        }
    }

    #[test]
    fn shares_of_the_loops_sum_to_what_the_counts_cost(
        problem in problem(), hardware in hardware(), bits in width()
    ) {
        let limits = &hardware.width(bits).limits;
        let splits = Splits::of(&problem, &hardware, bits, true);
        let search = Search { problem: &problem, limits, splits };
        let prices = Prices::of(&hardware, bits, problem.class);
        let clock = Clock::of(&hardware, bits, &problem);
        search.each_candidate(|loops, batch| {
            let tiling = tiling(&loops, batch);
            let accesses = Accesses::of(&problem, &tiling);
            let cost = search.cost(&loops, batch.n3);
            assert_eq!(cost.energy, prices.total(&accesses));
            assert_eq!(cost.latency, clock.latency(&problem, &tiling, &accesses));
        });
    }
}

fn matrix(batch: u64, in_channels: u64, out_channels: u64) -> Problem {
    Problem {
        class: UnitClass {
            datapath: Arithmetic::Multiply,
            operation: Arithmetic::Multiply,
            memory: MemoryLevels::AllLevels,
        },
        batch,
        out_channels,
        in_channels,
        out_height: 1,
        out_width: 1,
        height: 1,
        width: 1,
        kernel_height: 1,
        kernel_width: 1,
        stride: 1,
    }
}

fn refusal(problem: Problem) -> AcceleratorError {
    let hardware = Hardware::preset("shiftaddnas-pe168").unwrap();
    best_tiling(&problem, &hardware, BitWidth::ThirtyTwo).unwrap_err()
}

#[test]
fn a_capacity_that_nothing_fits_is_named() {
    let map = |edge, kernel| Problem {
        out_height: edge,
        out_width: edge,
        height: edge,
        width: edge,
        kernel_height: kernel,
        kernel_width: kernel,
        ..matrix(1, 8, 8)
    };
    let capacity = |problem| match refusal(problem) {
        AcceleratorError::NoTiling { capacity, needed, limit, .. } => (capacity, needed, limit),
        other => panic!("{other:?}"),
    };
    assert_eq!(capacity(map(8, 13)), (Capacity::RowValues, 13, 12));
    assert_eq!(capacity(map(197, 1)), (Capacity::Elements, 197, 168), "197 is prime and one row is not allowed");
    assert_eq!(capacity(map(65_536, 1)), (Capacity::BufferWords, 262_144, 65_536));
}

#[test]
fn extents_that_are_none_or_too_large_are_named() {
    let limit = crate::LARGEST_EXTENT;
    let zero = AcceleratorError::Extent { extent: "batch", value: 0, limit };
    assert_eq!(refusal(matrix(0, 8, 8)), zero);
    let large = AcceleratorError::Extent { extent: "out_channels", value: limit + 1, limit };
    assert_eq!(refusal(matrix(8, 8, limit + 1)), large);
    assert!(matches!(refusal(matrix(limit, limit, limit)), AcceleratorError::TooLarge { .. }));
}

#[test]
fn primes_and_the_most_divisible_extents_end() {
    let hardware = Hardware::preset("corrected").unwrap();
    for (batch, channels, filters) in [(1_048_573, 1021, 1013), (720_720, 720, 840), (1, 720_720, 720_720)] {
        best_tiling(&matrix(batch, channels, filters), &hardware, BitWidth::ThirtyTwo).unwrap();
    }
}
