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

/// Rows with a name, which is no number, as `measure-latency` stores them.
struct Rows;

impl engine::Artifact for Rows {
    const FORMAT: &'static str = "rows";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Rows";
}

impl engine::Publish for Rows {
    fn publish(self, folder: &mut engine::FolderWriter) -> Result<(), engine::ArtifactError> {
        let table = Table::new()
            .with("architecture", (0..20).map(|at| format!("D{at}")).collect::<Vec<_>>())
            .with("layers", (0..20_u64).collect::<Vec<_>>())
            .with("latency_ms", (0..20).map(|at| 1.5 + f64::from(at)).collect::<Vec<_>>());
        folder.write_table("rows", &table)
    }
}

#[test]
fn parquet_is_read_as_csv_is() {
    let folder = tempfile::tempdir().unwrap();
    engine::publish_at(folder.path().join("kept"), Rows).unwrap();
    let csv: String = (0..20).map(|at| format!("{at},{}\n", 1.5 + f64::from(at))).collect();
    let path = folder.path().join("rows.csv");
    fs::write(&path, format!("layers,latency_ms\n{csv}")).unwrap();
    assert_eq!(read(&folder.path().join("kept/rows.parquet")).unwrap().rows, read(&path).unwrap().rows);
}

#[test]
fn a_broken_parquet_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("no.parquet"), "PAR1").unwrap();
    let broken = read(&folder.path().join("no.parquet")).unwrap_err();
    assert!(broken.to_string().contains("no.parquet"), "{broken}");
}
