use serde_json::Value;

use crate::sandbox::{LETTERS, Sandbox};

/// 24 rows whose latency is a sum of both features.
fn rows() -> String {
    let row = |at: usize| format!("{},{},{}\n", at % 5, at % 7, 10 + 2 * (at % 5) + at % 7);
    format!("layers,width,latency_ms\n{}", (0..24).map(row).collect::<String>())
}

#[test]
fn predictors_are_told_as_rows_of_json_and_as_a_table() {
    let sandbox = Sandbox::new(LETTERS);
    sandbox.write("rows.csv", &rows());
    let call = ["fit-latency", "rows.csv", "--folds", "3", "--steps", "2", "--seed", "4"];
    let told = sandbox.done(&[&call[..], &["--json"]].concat());
    let told: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = told.iter().map(|row| row["predictor"].as_str().unwrap()).collect();
    assert_eq!(names, ["linear", "linear-products", "network"]);
    for row in &told {
        assert_eq!((row["folds"].as_u64(), row["held_out"].as_u64()), (Some(3), Some(24)), "{row}");
        assert!(row["mape_percent"].as_f64().unwrap() >= 0.0 && row["rmse_ms"].as_f64().is_some(), "{row}");
    }
    assert!(told[0]["mape_percent"].as_f64().unwrap() < 1e-6, "{told:?}");
    assert_eq!(told.iter().filter(|row| row["kept"] == Value::Bool(true)).count(), 1);
    let table = sandbox.done(&call);
    assert!(table.lines().count() == 4 && table.contains("kept"), "{table}");
}

#[test]
fn rows_that_cannot_be_fitted_are_a_mistake_on_the_command_line() {
    let sandbox = Sandbox::new(LETTERS);
    sandbox.write("rows.csv", "layers,latency_ms\n1,2\n2,-3\n");
    let refused = |call: &[&str], message: &str| {
        let answer = sandbox.call(call);
        assert_eq!(answer.code, Some(2), "{answer:?}");
        assert!(answer.err.contains(message) && answer.out.is_empty(), "{answer:?}");
    };
    refused(&["fit-latency", "rows.csv"], "rows.csv:3: column `latency_ms` wants milliseconds above 0, found `-3`");
    refused(&["fit-latency", "absent.csv"], "cannot read absent.csv");
    refused(&["fit-latency", "rows.csv", "--folds", "1"], "--folds");
    sandbox.write("rows.csv", "layers,latency_ms\n1,2\n2,3\n");
    refused(&["fit-latency", "rows.csv"], "wanted at least 10 rows, found 2");
}
