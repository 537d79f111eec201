//! Rows of the authors' released model outputs; all of them where the reference lies beside the checkout.

use std::collections::BTreeMap;
use std::path::Path;

use costs::{Accelerator, BitWidth, Hardware, LayerCost, Tiling, Window, Work};
use spaces::Arithmetic;

/// The released rows, from the folder of this crate.
const REFERENCE: &str = "../../../shared/reference/hardware_cv.csv";

/// Published figures are sums of products in another order than ours.
const ROUNDING: f64 = 1e-9;

/// Columns, then rows of that file: one per arithmetic and limit.
const GOLDEN: &str = "\
op,batch,in_h,in_w,in_c,kernel,out_c,out_e,out_f,stride,energy_mJ,latency_s,ifmap_mJ,weight_mJ,\
ofmap_mJ,comp_mJ,dram_mJ,gb_mJ,noc_mJ,rf_mJ,pe_limit,N0,N3,M0,M1,M2,M3,C0,C1,C2,E1,E3
add,1,16,16,256,1,1024,16,16,1,1.5540944896000002,0.002097152,0.49660559360000006,\
0.9932111872000001,0.0038797312000000005,0.0603979776,0.0,0.0,0.0019398656000000002,\
1.4917566464000003,both,1,1,16,64,1,1,1,1,256,2,8
conv,1,1,1,16,1,256,1,1,1,0.0019607936000000004,1.28e-07,4.1920000000000005e-05,0.0017596416,\
0.0001440768,1.51552e-05,0.0017472,1.27872e-05,9.282560000000002e-05,9.282560000000001e-05,both,1,1,\
16,8,2,1,1,16,1,1,1
conv,1,7,7,512,1,1536,7,7,1,2.0619455488000002,0.0013762560000000002,0.44781076480000004,\
0.9663676416000001,0.5051870208,0.1425801216,0.3647488,0.3141218304,0.38445711360000007,\
0.8560376832000001,168,1,1,16,1,48,2,1,16,32,7,1
conv,1,14,14,256,3,256,14,14,1,5.146497024,0.0027525120000000004,0.9468411904000001,2.069102592,\
1.7028128768000002,0.4277403648,0.2760704,0.3163496448,0.41925345280000004,3.7070831616000004,192,1,\
1,16,1,16,1,1,4,64,14,1
linear,1,1,1,2048,1,1000,1,1,1,0.928905864,5.1200000000000004e-05,0.020824064000000003,\
0.8798207999999998,0.0206834,0.0075776,0.8204192,0.007413024,0.04802304000000001,\
0.045473000000000006,both,1,1,10,5,20,1,1,32,64,1,1
matmul,256,1,1,196,1,196,1,1,1,0.4218086208,0.000401408,0.1188368384,0.16148549760000003,\
0.10509864960000001,0.0363876352,0.0555072,0.0289615872,0.08225508480000002,0.21869711360000002,\
both,256,1,14,2,7,1,1,49,4,1,1
shift,1,14,14,256,3,256,14,14,1,1.5341964595200004,0.00172032,0.29588787200000005,\
0.6465945600000002,0.5766853120000002,0.015028715520000001,0.086272,0.098859264,0.08646041600000001,\
1.2475760640000002,168,1,1,16,1,16,1,2,2,64,14,1
shift,1,14,14,1024,1,256,14,14,1,0.7356348851200001,0.00057344,0.20331315200000002,\
0.32014336000000004,0.20549894400000002,0.006679429120000001,0.096896,0.13227648,\
0.14321664000000003,0.35656633600000004,both,1,1,16,1,16,1,1,16,64,7,2";

type Row = BTreeMap<String, String>;

fn rows(table: &str) -> Vec<Row> {
    let mut lines = table.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let names: Vec<&str> = lines.next().expect("the table has a header").split(',').collect();
    let row = |line: &str| names.iter().map(|&name| name.to_owned()).zip(line.split(',').map(str::to_owned)).collect();
    lines.map(row).collect()
}

fn number(row: &Row, column: &str) -> u64 {
    row[column].parse().unwrap()
}

fn work(row: &Row) -> Work {
    let arithmetic = match row["op"].as_str() {
        "shift" => Arithmetic::Shift,
        "add" => Arithmetic::Add,
        "conv" | "fc" | "linear" | "matmul" => Arithmetic::Multiply,
        other => panic!("no operator `{other}`"),
    };
    let (inner, columns) = (number(row, "in_c"), number(row, "out_c"));
    if row["op"] == "matmul" {
        return Work::Product { batch: 1, rows: number(row, "batch"), inner, columns };
    }
    Work::Window(Window {
        arithmetic,
        in_channels: inner,
        out_channels: columns,
        height: number(row, "in_h"),
        width: number(row, "in_w"),
        out_height: number(row, "out_e"),
        out_width: number(row, "out_f"),
        kernel: number(row, "kernel"),
        stride: number(row, "stride"),
        groups: 1,
    })
}

fn figures(cost: &LayerCost) -> [(&'static str, f64); 10] {
    let (level, data) = (cost.energy.by_level, cost.energy.by_data);
    [
        ("energy_mJ", cost.energy.total_mj),
        ("latency_s", cost.latency_ms / 1e3),
        ("ifmap_mJ", data.input_mj),
        ("weight_mJ", data.weight_mj),
        ("ofmap_mJ", data.output_mj),
        ("comp_mJ", level.arithmetic_mj),
        ("dram_mJ", level.dram_mj),
        ("gb_mJ", level.buffer_mj),
        ("noc_mJ", level.network_mj),
        ("rf_mJ", level.register_file_mj),
    ]
}

fn factors(tiling: Tiling) -> [(&'static str, u64); 11] {
    let Tiling { n0, n3, m0, m1, m2, m3, c0, c1, c2, e1, e3 } = tiling;
    [
        ("N0", n0),
        ("N3", n3),
        ("M0", m0),
        ("M1", m1),
        ("M2", m2),
        ("M3", m3),
        ("C0", c0),
        ("C1", c1),
        ("C2", c2),
        ("E1", e1),
        ("E3", e3),
    ]
}

fn accelerator(limit: &str) -> Accelerator {
    Accelerator::new(Hardware::preset(&format!("shiftaddnas-pe{limit}")).unwrap(), BitWidth::ThirtyTwo)
}

/// Compares every column under the limits that reproduce the row; returns how many costs were compared.
fn compare(table: &str) -> usize {
    let accelerators = ["168", "192"].map(|limit| (limit, accelerator(limit)));
    let mut compared = 0;
    for row in rows(table) {
        let limit = &row["pe_limit"];
        for (_, accelerator) in accelerators.iter().filter(|(this, _)| limit == "both" || limit == this) {
            let cost = accelerator.cost(&work(&row)).unwrap();
            for (column, found) in figures(&cost) {
                let expected: f64 = row[column].parse().unwrap();
                let close = (found - expected).abs() <= expected * ROUNDING;
                assert!(close, "{column} of {row:?}: {found} instead of {expected}");
            }
            for (column, found) in factors(cost.schedule.unwrap().tiling) {
                assert_eq!(found, number(&row, column), "{column} of {row:?}");
            }
            compared += 1;
        }
    }
    compared
}

#[test]
fn released_rows_come_out_in_every_column() {
    assert_eq!(compare(GOLDEN), 13);
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped comparison is told to who runs the tests")]
fn all_released_rows_come_out_where_the_reference_is_there() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(REFERENCE);
    let Ok(table) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: {} is not there; the rows in this file are compared", path.display());
        return;
    };
    assert!(compare(&table) >= rows(&table).len());
}
