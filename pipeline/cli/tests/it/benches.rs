use serde_json::Value;

use crate::sandbox::{LETTERS, Sandbox};

#[test]
fn operators_are_told_as_rows_of_json_and_kept_as_a_table() {
    let sandbox = Sandbox::new(LETTERS);
    let call =
        ["bench", "operators", "--repetitions", "1", "--json", "--python", "no-such-python", "--parquet", "kept"];
    let answer = sandbox.call(&call);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(answer.err.contains("missing rows of PyTorch: cannot start `no-such-python`"), "{answer:?}");
    let rows: Vec<Value> = answer.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(rows.len() > 15, "{} rows", rows.len());
    for row in &rows {
        let keys: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
        let wanted = ["bench", "case", "goal", "met", "ours_ms", "ratio", "reference", "reference_ms", "threads"];
        assert_eq!(keys, wanted);
        let number = |name: &str| row[name].as_f64().unwrap();
        assert_eq!(number("ratio"), number("reference_ms") / number("ours_ms"));
        assert_eq!(row["met"].as_bool(), row["goal"].as_f64().map(|goal| number("ratio") >= goal));
    }
    let shown = sandbox.done(&["show", "kept", "--json"]);
    assert!(shown.contains("peak_mib") && shown.contains("giga_ops_per_second"), "{shown}");
    let again = sandbox.call(&call);
    assert_eq!(again.code, Some(2), "{again:?}");
    assert!(again.err.contains("`kept` is there already") && again.out.is_empty(), "{again:?}");
}

#[test]
fn the_cost_model_is_timed_against_what_it_may_take() {
    let sandbox = Sandbox::new(LETTERS);
    let told = sandbox.done(&["bench", "costs", "--repetitions", "1", "--json"]);
    let rows: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(rows.len() >= 3 && rows.iter().all(|row| row["bench"] == "costs" && row["goal"] == 1.0), "{told}");
}
