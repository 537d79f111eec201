//! Least squares on published measurements, where they lie beside the checkout.

use std::fs;
use std::path::Path;

use costs::latency::{
    LatencyPredictor, LatencyQuery, Law, Predictor, Range, Samples, StackCodes, Validation, folds, read_rows, validate,
};
use costs::translation_networks;

/// Files, their rows, and the mean held-out error of plain least squares in percent: what another program found, and
/// how far ours may be from it, since the rows held out differ.
const FILES: [(&str, usize, f64, f64); 4] = [
    ("wmt14enfr_gpu_V100_shiftadd_v1.csv", 2000, 0.60, 0.03),
    ("wmt14ende_gpu_2080Ti_shiftadd.csv", 2001, 2.62, 0.08),
    ("wmt14ende_gpu_titanxp_all.csv", 2000, 5.6, 0.2),
    ("wmt14ende_cpu_xeon_all.csv", 2000, 5.1, 0.2),
];

const FOLDER: &str = "shared/reference/latency";

/// Returns the text of a file, or says on standard error that the test is skipped.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn text(file: &str) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3)?;
    let text = fs::read_to_string(root.join(FOLDER).join(file)).ok();
    if text.is_none() {
        eprintln!("skipped: no file {FOLDER}/{file} beside the checkout");
    }
    text
}

fn least_squares(predictor: Predictor, samples: &Samples, numbers: usize) -> Validation {
    let width = samples.inputs[0].len();
    let (terms, weighting) = predictor.least_squares(width, numbers).expect("no network");
    let folds = folds(samples.inputs.len(), 5, 1).unwrap();
    validate(samples, &folds, |_, samples| Law::least_squares(samples, &terms, weighting)).unwrap()
}

#[test]
fn least_squares_are_as_good_as_another_program_found() {
    for (file, rows, percent, tolerance) in FILES {
        let Some(text) = text(file) else { continue };
        let table = read_rows(&text, file).unwrap();
        let width = if table.encoding.stacks == StackCodes::OneHot { 94 } else { 10 };
        let samples = table.samples().unwrap();
        assert_eq!((samples.inputs.len(), samples.inputs[0].len()), (rows, width), "{file}");
        let linear = least_squares(Predictor::Linear, &samples, 10);
        assert!((linear.mean.mape_percent - percent).abs() < tolerance, "{file}: {:?}", linear.mean);
        assert_eq!(linear.held_out, rows);
        let products = least_squares(Predictor::LinearProducts, &samples, 10);
        assert!(products.mean.mape_percent < linear.mean.mape_percent, "{file}: {:?}", products.mean);
    }
}

/// Their names tell the limits that they were searched under, with rows of this file.
#[test]
fn published_en_fr_networks_are_predicted_to_be_within_their_limits() {
    let file = "wmt14enfr_gpu_V100_shiftadd_v1.csv";
    let Some(text) = text(file) else { return };
    let table = read_rows(&text, file).unwrap();
    let samples = table.samples().unwrap();
    let (terms, weighting) = Predictor::Linear.least_squares(94, 10).expect("no network");
    let predictor = LatencyPredictor {
        predictor: Predictor::Linear,
        encoding: table.encoding.clone(),
        ranges: Range::of_inputs(&samples),
        law: Law::least_squares(&samples, &terms, weighting).unwrap(),
    };
    let mut asked = 0;
    for named in translation_networks() {
        let Some(limit) = named.name.strip_prefix("wmt14enfr_gpu_V100_shiftadd_v1@") else { continue };
        let limit_ms: f64 = limit.trim_end_matches("ms").parse().unwrap();
        let query = LatencyQuery::of_transformer(&named.architecture, StackCodes::OneHot).unwrap();
        let estimate = predictor.estimate(&query).unwrap();
        assert!(estimate.out_of_range.is_empty(), "{} {:?}", named.name, estimate.out_of_range);
        assert!(estimate.latency_ms < limit_ms && estimate.latency_ms > limit_ms / 2.5, "{} {estimate:?}", named.name);
        asked += 1;
    }
    assert_eq!(asked, 10);
}
