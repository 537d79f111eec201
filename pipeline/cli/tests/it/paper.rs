use serde_json::Value;

use crate::sandbox::{LETTERS, Sandbox};

fn rows(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn figures_of_the_paper_are_told_as_rows_of_json_and_kept_as_a_table() {
    let sandbox = Sandbox::new(LETTERS);
    let call = ["paper", "--table", "6", "--figure", "4", "--json", "--parquet", "kept"];
    let rows = rows(&sandbox.done(&call));
    for row in &rows {
        let keys: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["by", "item", "ours", "printed", "quantity", "row", "unit", "verdict", "why"]);
        assert!(["Table 6", "Figure 4"].contains(&row["item"].as_str().unwrap()), "{row}");
        assert_eq!(row["verdict"] == "differs", row["by"].is_number(), "{row}");
        assert_eq!(row["verdict"] == "not-recomputable", row["ours"].is_null(), "{row}");
    }
    let energy = rows.iter().find(|row| row["quantity"] == "energy" && row["printed"] == "440").unwrap();
    assert_eq!((energy["verdict"].as_str(), energy["why"].as_str()), (Some("reproduced"), Some("truncated")));
    assert!((energy["ours"].as_f64().unwrap() - 440.62).abs() < 0.005, "{energy}");
    let shown = sandbox.done(&["show", "kept", "--json"]);
    assert!(shown.contains("printed") && shown.contains("verdict"), "{shown}");
    let again = sandbox.call(&call);
    assert_eq!(again.code, Some(2), "{again:?}");
    assert!(again.err.contains("`kept` is there already") && again.out.is_empty(), "{again:?}");
}

#[test]
fn a_person_reads_a_section_with_notes_and_a_summary() {
    let sandbox = Sandbox::new(LETTERS);
    let text = sandbox.done(&["paper", "--figure", "1"]);
    assert!(text.starts_with("Figure 1\n\nrow "), "{text}");
    assert!(text.contains("differs by -172.15 [1]\n"), "{text}");
    assert!(text.contains("\n[1] the text names 45 nm first, yet the second figure is that of 45 nm\n"), "{text}");
    assert!(text.ends_with("\n8 rows: 3 reproduced, 3 differ, 2 not recomputable here, 0 not printed\n"), "{text}");
}

#[test]
fn a_table_that_is_not_there_is_a_usage_error_that_lists_those_that_are() {
    let sandbox = Sandbox::new(LETTERS);
    let answer = sandbox.call(&["paper", "--table", "12"]);
    assert_eq!(answer.code, Some(2), "{answer:?}");
    assert!(answer.err.contains("Table 12 has nothing to compare"), "{answer:?}");
    assert!(answer.err.contains("Table 3, Table 4") && answer.err.contains("Figure 1, Figure 4"), "{answer:?}");
}

#[test]
fn the_page_on_the_paper_has_what_this_program_tells() {
    let sandbox = Sandbox::new(LETTERS);
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/paper.md");
    let written = std::fs::read_to_string(page).unwrap();
    let told = sandbox.done(&["paper"]);
    assert!(
        written.contains(&told),
        "docs/paper.md is stale; put the output of `shiftaddnas paper` into its last block"
    );
}
