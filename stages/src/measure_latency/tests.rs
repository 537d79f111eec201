use serde_json::{Value, json};

use super::*;

/// Two levels of small maps, two layers in all.
fn params(change: impl FnOnce(&mut Value)) -> MeasureLatencyParams {
    let operators = json!(["attention", "conv", "shift", "add"]);
    let level = |channels: usize| json!({"channels": channels, "operators": operators, "layers": {"min": 1, "max": 2}});
    let mut params = json!({
        "space": {
            "kind": "hybrid-cnn",
            "stem": {"channels": 4, "kernel": 3, "stride": 1},
            "layers": 2,
            "head_channels": 2,
            "levels": [level(8), level(16)],
        },
        "task": {"input": {"channels": 1, "height": 8, "width": 8}, "classes": 3},
        "architectures": 3,
        "warm_up": 1,
        "repetitions": 3,
    });
    change(&mut params);
    serde_json::from_value(params).unwrap()
}

fn measured(params: &MeasureLatencyParams, seed: u64) -> LatencyRows {
    let folder = tempfile::tempdir().unwrap();
    MeasureLatency.check(params).unwrap();
    MeasureLatency.run(params, (), &mut Context::standalone(seed, folder.path())).unwrap().rows
}

fn networks(rows: &LatencyRows) -> Vec<(String, Vec<f64>)> {
    rows.rows.iter().map(|row| (row.architecture.clone(), row.features.clone())).collect()
}

#[test]
fn every_network_has_its_features_and_times_above_zero() {
    for form in ["float", "int8"] {
        let rows = measured(&params(|params| params["form"] = json!(form)), 7);
        assert_eq!(rows.rows.len(), 3);
        for macs in ["macs_multiply", "macs_shift", "macs_add", "params"] {
            assert!(rows.features.iter().any(|feature| feature == macs));
        }
        for row in &rows.rows {
            assert_eq!(row.features.len(), rows.features.len());
            let times = [row.latency_ms, row.mean_ms, row.p90_ms, row.p99_ms];
            assert!(times.iter().all(|time| time.is_finite() && *time > 0.0), "{form}: {row:?}");
        }
    }
}

#[test]
fn layers_are_counted_by_operator_and_level() {
    let rows = measured(&params(|_| {}), 7);
    let layers: Vec<usize> = (0..rows.features.len()).filter(|&at| rows.features[at].contains("_level")).collect();
    for row in &rows.rows {
        assert_eq!(layers.iter().map(|&at| row.features[at]).sum::<f64>(), 2.0, "{}", row.architecture);
    }
}

#[test]
fn the_seed_decides_which_networks_are_measured() {
    let params = params(|_| {});
    let [first, again, other] = [7, 7, 8].map(|seed| networks(&measured(&params, seed)));
    assert_eq!(first, again);
    assert_ne!(first, other);
}

#[test]
fn rows_read_back_and_have_a_csv_of_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let rows = measured(&params(|_| {}), 7);
    publish_at(folder.path().join("rows"), rows.clone()).unwrap();
    let read: LatencyRows = open_at(folder.path().join("rows")).unwrap();
    assert_eq!(read, rows);
    let csv = rows.csv();
    let lines: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!((lines.len(), lines[0].last()), (4, Some(&"latency_ms")));
    assert!(lines[1..].iter().flatten().all(|cell| cell.parse::<f64>().is_ok()));
}

#[test]
fn an_interrupt_stops_before_the_next_network() {
    let folder = tempfile::tempdir().unwrap();
    let mut context = Context::standalone(7, folder.path());
    context.interrupt().request();
    let outcome = MeasureLatency.run(&params(|_| {}), (), &mut context);
    assert!(matches!(outcome, Err(StageError::Interrupted)));
}

#[test]
fn a_task_that_does_not_fit_the_space_is_refused() {
    let message = MeasureLatency.check(&params(|params| params["task"]["classes"] = json!(0))).unwrap_err();
    assert!(message.starts_with("`space`: `classes` is 0"), "{message}");
}
