use super::*;

/// 40 rows whose latency is 5 + 2 · layers · width / 64.
pub(crate) fn rows() -> String {
    let row = |at: usize| {
        let (layers, width) = (1 + at % 6, 32 * (1 + at % 7));
        format!("{layers},{width},{}\n", 5.0 + (layers * width) as f64 / 32.0)
    };
    format!("layers,width,latency_ms\n{}", (0..40).map(row).collect::<String>())
}

fn settings() -> NetworkSettings {
    NetworkSettings { hidden: vec![16], steps: 30, batch_size: 8, learning_rate: 1e-2, weight_decay: 0.0 }
}

fn go_on(_: &'static str, _: usize, _: usize) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn the_predictor_with_the_smallest_error_is_kept_and_the_rest_reported() {
    let table = read_rows(&rows(), "rows.csv").unwrap();
    let network = settings();
    let fitting = Fitting::new(&table, 4, &network, 1, Device::flex()).unwrap();
    let reports = fitting.judge(&mut go_on).unwrap();
    let named: Vec<(Predictor, bool)> = reports.iter().map(|report| (report.predictor, report.kept)).collect();
    assert_eq!(named, [(Predictor::Linear, false), (Predictor::LinearProducts, true), (Predictor::Network, false)]);
    for report in &reports {
        assert_eq!((report.validation.folds.len(), report.validation.held_out), (4, 40));
    }
    assert!(reports[1].validation.mean.mape_percent < 1e-6, "{:?}", reports[1]);
    assert_eq!(reports, fitting.judge(&mut go_on).unwrap());
}

#[test]
fn a_network_is_fitted_as_it_is_judged() {
    let table = read_rows(&rows(), "rows.csv").unwrap();
    let network = NetworkSettings { steps: 300, ..settings() };
    let fitting = Fitting::new(&table, 4, &network, 1, Device::flex()).unwrap();
    let predictor = fitting.fit(Predictor::Network, &mut go_on).unwrap();
    for row in &table.rows {
        let found = predictor.estimate(&row.query).unwrap();
        assert!((found.latency_ms / row.latency_ms - 1.0).abs() < 0.2, "{found:?} of {row:?}");
        assert!(found.out_of_range.is_empty());
    }
}

#[test]
fn a_fit_can_be_broken_off() {
    let table = read_rows(&rows(), "rows.csv").unwrap();
    let network = settings();
    let fitting = Fitting::new(&table, 4, &network, 1, Device::flex()).unwrap();
    let stop = &mut |_, _, _| ControlFlow::Break(());
    assert!(matches!(fitting.judge(stop), Err(LatencyFitError::Interrupted)));
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let error = judge_file(Path::new("no/rows.csv"), 4, &settings(), 1, &mut go_on).unwrap_err();
    assert_eq!(error.to_string(), "cannot read no/rows.csv");
}
