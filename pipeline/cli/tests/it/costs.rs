use serde_json::Value;

use crate::sandbox::{Answer, FLOW, LETTERS, Sandbox};

/// A layer of the authors' released rows: 32 bits, under either limit of processing elements.
const ROWS: &str = "\
# released
op,batch,in_h,in_w,in_c,kernel,out_c,out_e,out_f,stride,seen_in
add,1,16,16,256,1,1024,16,16,1,T0_mix_v3-256
";

fn refused(sandbox: &Sandbox, call: &[&str], messages: &[&str]) -> Answer {
    let answer = sandbox.call(call);
    assert_eq!(answer.code, Some(2), "{answer:?}");
    assert!(answer.out.is_empty(), "{answer:?}");
    messages.iter().for_each(|message| assert!(answer.err.contains(message), "wanted {message}: {answer:?}"));
    answer
}

#[test]
fn a_published_network_costs_what_its_authors_say() {
    let sandbox = Sandbox::new(LETTERS);
    let told = sandbox.done(&["cost", "t1 mix v4", "--hw", "shiftaddnas-pe192", "--json"]);
    let sheet: Value = serde_json::from_str(&told).unwrap();
    let total = |name: &str| sheet["totals"][name].as_f64().unwrap();
    assert!((total("energy_mj") - 413.23).abs() < 5e-3 && (total("latency_ms") - 252.70).abs() < 5e-3, "{told}");
    let layers = sheet["layers"].as_array().unwrap();
    let sum = |name: &str| layers.iter().map(|layer| layer[name].as_f64().unwrap()).sum::<f64>();
    assert!((sum("energy_mj") / total("energy_mj") - 1.0).abs() < 1e-12);
    assert_eq!(sum("params"), total("params"));
    let levels = ["arithmetic_mj", "dram_mj", "buffer_mj", "network_mj", "register_file_mj"];
    assert!((levels.map(sum).iter().sum::<f64>() / total("energy_mj") - 1.0).abs() < 1e-12);
    let translation = ["cost", "en-de@350ms_update", "--hw", "shiftaddnas-nlp", "--sources", "one"];
    let told = sandbox.done(&translation);
    assert!(told.contains("66.1807 mJ") && told.contains("40.0031 ms"), "{told}");
}

#[test]
fn an_architecture_of_a_manifests_space_has_costs_and_a_table() {
    let sandbox = Sandbox::new(FLOW);
    let call = ["cost", "D", "--space", "manifest.toml", "--input", "3x8x8", "--classes", "2", "--parquet", "kept"];
    let told = sandbox.done(&call);
    assert!(told.contains("layers.0.expand") && told.contains("corrected, 32 bits"), "{told}");
    let shown = sandbox.done(&["show", "kept", "--json"]);
    assert!(shown.contains("hardware_digest") && shown.contains("energy_mj"), "{shown}");
    refused(&sandbox, &call, &["`kept` is there already"]);
    refused(&sandbox, &["cost", "A", "--space", "manifest.toml"], &["no architecture of the space in manifest.toml"]);
    refused(&sandbox, &["cost", "D", "--space", "absent.toml"], &["absent.toml"]);
    sandbox.write("no-space.toml", "version = 1");
    refused(&sandbox, &["cost", "D", "--space", "no-space.toml"], &["no-space.toml: wants a stage with a `space`"]);
}

#[test]
fn single_layers_come_back_with_all_columns_of_the_released_rows() {
    let sandbox = Sandbox::new(LETTERS);
    sandbox.write("rows.csv", ROWS);
    let told = sandbox.done(&["cost", "--layers", "rows.csv", "--hw", "shiftaddnas-pe168", "--csv"]);
    let lines: Vec<Vec<&str>> = told.lines().map(|line| line.split(',').collect()).collect();
    let cell = |name: &str| lines[1][lines[0].iter().position(|column| *column == name).unwrap()];
    assert!((cell("energy_mJ").parse::<f64>().unwrap() / 1.5540944896 - 1.0).abs() < 1e-9, "{told}");
    assert!((cell("latency_s").parse::<f64>().unwrap() / 0.002097152 - 1.0).abs() < 1e-9, "{told}");
    let tiling = ["N0", "N3", "M0", "M1", "M2", "M3", "C0", "C1", "C2", "E1", "E3"].map(cell);
    assert_eq!(tiling, ["1", "1", "16", "64", "1", "1", "1", "1", "256", "2", "8"]);
    assert_eq!((cell("op"), cell("pe_limit"), cell("seen_in")), ("add", "168", "T0_mix_v3-256"));
}

#[test]
fn wrong_layers_are_named_with_their_line() {
    let sandbox = Sandbox::new(LETTERS);
    let cases = [
        (ROWS.replace("add,1", "mul,1"), "rows.csv:3: `op` wants conv, linear, matmul, shift or add, found `mul`"),
        (ROWS.replace(",1024,", ",-4,"), "rows.csv:3: `out_c` wants a whole number from 1 on, found `-4`"),
        (ROWS.replace(",1024,", ",0,"), "rows.csv:3: extent `out_channels` is 0"),
        (ROWS.replace(",1024,", ",99999999999,"), "rows.csv:3: extent `out_channels` is 99999999999"),
        (ROWS.replace("out_c,", "channels,"), "rows.csv:1: wants a column `out_c`, found none"),
        (ROWS.replace(",1,T0", "1,T0"), "rows.csv:3: "),
    ];
    for (rows, message) in cases {
        sandbox.write("rows.csv", &rows);
        refused(&sandbox, &["cost", "--layers", "rows.csv", "--csv"], &[message]);
    }
    refused(&sandbox, &["cost", "--layers", "absent.csv", "--csv"], &["absent.csv"]);
}

#[test]
fn unknown_networks_and_hardware_are_told_with_what_there_is() {
    let sandbox = Sandbox::new(LETTERS);
    refused(&sandbox, &["cost", "resnet51"], &["no network is called `resnet51`; did you mean `ResNet-50`?"]);
    refused(&sandbox, &["cost", "ResNet-50", "--image-size", "8"], &["wants pictures of 32 to 4096"]);
    refused(&sandbox, &["cost", "ResNet-50", "--hw", "eyeriss"], &["`eyeriss`", "shiftaddnas-pe168"]);
    sandbox.write("mine.toml", "version = 1\n");
    refused(&sandbox, &["cost", "ResNet-50", "--hw", "mine.toml"], &["mine.toml"]);
    refused(&sandbox, &["cost", "absent.onnx"], &["absent.onnx: cannot be read"]);
    refused(&sandbox, &["cost"], &["<NETWORK>"]);
}
