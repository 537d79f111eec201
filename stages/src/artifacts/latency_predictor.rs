use costs::latency::{
    Dense, Encoding, Errors, LatencyPredictor, Law, Linear, Perceptron, Predictor, Range, Standardization, Term,
    Validation,
};
use engine::{Artifact, ArtifactError, Folder, FolderWriter, Open, Publish, Table};
use serde::{Deserialize, Serialize};

use crate::latency::PredictorReport;

/// A latency predictor with the errors of all that were tried.
pub struct LatencyPredictorArtifact {
    /// The one that is kept, fitted to all rows.
    pub predictor: LatencyPredictor,
    /// How each does on rows it was not fitted to.
    pub reports: Vec<PredictorReport>,
}

/// What is no table.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    predictor: Predictor,
    encoding: Encoding,
    intercept_ms: Option<f64>,
    latency_centre_ms: Option<f64>,
    latency_scale_ms: Option<f64>,
}

impl Artifact for LatencyPredictorArtifact {
    const FORMAT: &'static str = "latency-predictor";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str =
        "Predicts latency from features: ranges of its inputs, coefficients or layers, errors on held-out rows";
}

impl Publish for LatencyPredictorArtifact {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        let Self { predictor, reports } = self;
        let (linear, perceptron) = match &predictor.law {
            Law::Linear(linear) => (Some(linear), None),
            Law::Perceptron(perceptron) => (None, Some(perceptron)),
        };
        let settings = Settings {
            predictor: predictor.predictor,
            encoding: predictor.encoding.clone(),
            intercept_ms: linear.map(|linear| linear.intercept_ms),
            latency_centre_ms: perceptron.map(|perceptron| perceptron.latency.centres[0]),
            latency_scale_ms: perceptron.map(|perceptron| perceptron.latency.scales[0]),
        };
        folder.write_table("settings", &super::json_table::<Self, _>("settings", &settings)?)?;
        folder.write_table("inputs", &inputs_to_table(&predictor, perceptron.map(|law| &law.inputs)))?;
        if let Some(linear) = linear {
            folder.write_table("terms", &terms_to_table(linear, &predictor.encoding.input_names()))?;
        }
        if let Some(perceptron) = perceptron {
            folder.write_table("layers", &layers_to_table(&perceptron.layers))?;
        }
        folder.write_table("errors", &errors_to_table(&reports))
    }
}

impl Open for LatencyPredictorArtifact {
    fn open(folder: &Folder) -> Result<Self, ArtifactError> {
        let settings: Settings = super::json_value::<Self, _>(&folder.table("settings")?, "settings")?;
        let inputs = folder.table("inputs")?;
        let lows: Vec<f64> = inputs.get("low")?;
        let highs: Vec<f64> = inputs.get("high")?;
        let width = settings.encoding.input_names().len();
        if lows.len() != width {
            return Err(broken(format!("`inputs` wants {width} rows, found {}", lows.len())));
        }
        let law = match (settings.intercept_ms, settings.latency_centre_ms, settings.latency_scale_ms) {
            (Some(intercept_ms), None, None) => {
                Law::Linear(Linear { intercept_ms, terms: terms_from_table(&folder.table("terms")?, width)? })
            }
            (None, Some(centre), Some(scale)) => Law::Perceptron(Perceptron {
                inputs: Standardization { centres: inputs.get("centre")?, scales: inputs.get("scale")? },
                latency: Standardization { centres: vec![centre], scales: vec![scale] },
                layers: layers_from_table(&folder.table("layers")?, width)?,
            }),
            _neither => {
                return Err(broken("`settings` want an intercept, or centre and scale of the latency".to_owned()));
            }
        };
        let ranges = lows.into_iter().zip(highs).map(|(low, high)| Range { low, high }).collect();
        let predictor = LatencyPredictor { predictor: settings.predictor, encoding: settings.encoding, ranges, law };
        Ok(Self { predictor, reports: errors_from_table(&folder.table("errors")?)? })
    }
}

fn broken(message: String) -> ArtifactError {
    ArtifactError::content::<LatencyPredictorArtifact>(message)
}

/// One row an input: what was measured of it, in its own unit, and what a network standardizes it with.
fn inputs_to_table(predictor: &LatencyPredictor, standardization: Option<&Standardization>) -> Table {
    let count = predictor.ranges.len();
    let values = |values: Option<&Vec<f64>>| match values {
        Some(values) => values.iter().copied().map(Some).collect::<Vec<_>>(),
        None => vec![None; count],
    };
    Table::new()
        .with("name", predictor.encoding.input_names())
        .with("low", predictor.ranges.iter().map(|range| range.low).collect::<Vec<f64>>())
        .with("high", predictor.ranges.iter().map(|range| range.high).collect::<Vec<f64>>())
        .with("centre", values(standardization.map(|standardization| &standardization.centres)))
        .with("scale", values(standardization.map(|standardization| &standardization.scales)))
}

/// One row a coefficient; a product has a second input.
fn terms_to_table(linear: &Linear, names: &[String]) -> Table {
    let positions = |term: &Term| match *term {
        Term::Input(at) => (at, None),
        Term::Product(a, b) => (a, Some(b)),
    };
    let pairs: Vec<(usize, Option<usize>)> = linear.terms.iter().map(|(term, _)| positions(term)).collect();
    let name = |(a, b): &(usize, Option<usize>)| match b {
        Some(b) => format!("{} * {}", names[*a], names[*b]),
        None => names[*a].clone(),
    };
    Table::new()
        .with("term", pairs.iter().map(name).collect::<Vec<String>>())
        .with("input", pairs.iter().map(|pair| pair.0 as u32).collect::<Vec<u32>>())
        .with("factor", pairs.iter().map(|pair| pair.1.map(|at| at as u32)).collect::<Vec<Option<u32>>>())
        .with("coefficient_ms", linear.terms.iter().map(|term| term.1).collect::<Vec<f64>>())
}

fn terms_from_table(table: &Table, width: usize) -> Result<Vec<(Term, f64)>, ArtifactError> {
    let inputs: Vec<u32> = table.get("input")?;
    let factors: Vec<Option<u32>> = table.get("factor")?;
    let coefficients: Vec<f64> = table.get("coefficient_ms")?;
    let known = |at: u32| match (at as usize) < width {
        true => Ok(at as usize),
        false => Err(broken(format!("`terms` want inputs below {width}, found {at}"))),
    };
    let term = |((input, factor), coefficient): ((u32, Option<u32>), f64)| {
        let term = match factor {
            Some(factor) => Term::Product(known(input)?, known(factor)?),
            None => Term::Input(known(input)?),
        };
        Ok((term, coefficient))
    };
    inputs.into_iter().zip(factors).zip(coefficients).map(term).collect()
}

fn layers_to_table(layers: &[Dense]) -> Table {
    Table::new()
        .with("weights", layers.iter().map(|layer| layer.weights.clone()).collect::<Vec<Vec<f32>>>())
        .with("biases", layers.iter().map(|layer| layer.biases.clone()).collect::<Vec<Vec<f32>>>())
}

fn layers_from_table(table: &Table, width: usize) -> Result<Vec<Dense>, ArtifactError> {
    let weights: Vec<Vec<f32>> = table.get("weights")?;
    let biases: Vec<Vec<f32>> = table.get("biases")?;
    let layers: Vec<Dense> =
        weights.into_iter().zip(biases).map(|(weights, biases)| Dense { weights, biases }).collect();
    let mut inputs = width;
    for (at, layer) in layers.iter().enumerate() {
        let wanted = inputs * layer.biases.len();
        if layer.weights.len() != wanted {
            return Err(broken(format!("layer {at} wants {wanted} weights, found {}", layer.weights.len())));
        }
        inputs = layer.biases.len();
    }
    match layers.is_empty() || inputs != 1 {
        true => Err(broken(format!("the last of {} layers wants one output, found {inputs}", layers.len()))),
        false => Ok(layers),
    }
}

/// One row a predictor and fold, and one without a fold for the mean.
fn errors_to_table(reports: &[PredictorReport]) -> Table {
    let rows: Vec<(&PredictorReport, Option<u32>, Errors)> = reports
        .iter()
        .flat_map(|report| {
            let folds = report.validation.folds.iter().enumerate();
            let folds = folds.map(move |(at, errors)| (report, Some(at as u32), *errors));
            folds.chain([(report, None, report.validation.mean)])
        })
        .collect();
    let numbers = |value: fn(&Errors) -> f64| rows.iter().map(|row| value(&row.2)).collect::<Vec<f64>>();
    Table::new()
        .with("predictor", rows.iter().map(|row| row.0.predictor.name().to_owned()).collect::<Vec<String>>())
        .with("fold", rows.iter().map(|row| row.1).collect::<Vec<Option<u32>>>())
        .with("mape_percent", numbers(|errors| errors.mape_percent))
        .with("rmse_ms", numbers(|errors| errors.rmse_ms))
        .with("max_ms", numbers(|errors| errors.max_ms))
        .with("r_squared", numbers(|errors| errors.r_squared))
        .with("held_out", rows.iter().map(|row| row.0.validation.held_out as u64).collect::<Vec<u64>>())
        .with("kept", rows.iter().map(|row| row.0.kept).collect::<Vec<bool>>())
}

fn errors_from_table(table: &Table) -> Result<Vec<PredictorReport>, ArtifactError> {
    let names: Vec<String> = table.get("predictor")?;
    let folds: Vec<Option<u32>> = table.get("fold")?;
    let [mape, rmse, max, r_squared] =
        ["mape_percent", "rmse_ms", "max_ms", "r_squared"].map(|column| table.get::<f64>(column));
    let (mape, rmse, max, r_squared) = (mape?, rmse?, max?, r_squared?);
    let held_out: Vec<u64> = table.get("held_out")?;
    let kept: Vec<bool> = table.get("kept")?;
    let (mut reports, mut open) = (Vec::new(), Vec::new());
    for (at, name) in names.iter().enumerate() {
        let predictor = Predictor::of_name(name).ok_or_else(|| broken(format!("nobody knows predictor `{name}`")))?;
        let errors = Errors { mape_percent: mape[at], rmse_ms: rmse[at], max_ms: max[at], r_squared: r_squared[at] };
        match folds[at] {
            Some(_) => open.push(errors),
            None => {
                let folds = std::mem::take(&mut open);
                let validation = Validation { folds, mean: errors, held_out: held_out[at] as usize };
                reports.push(PredictorReport { predictor, validation, kept: kept[at] });
            }
        }
    }
    Ok(reports)
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use costs::latency::read_rows;
    use engine::{open_at, publish_at};
    use networks::{Device, RegressionSettings};

    use super::*;
    use crate::latency::Fitting;
    use crate::latency::tests::rows;

    #[test]
    fn every_predictor_reads_back_as_it_was_published() {
        let folder = tempfile::tempdir().unwrap();
        let table = read_rows(&rows(), "rows.csv").unwrap();
        let network = RegressionSettings { hidden: vec![8, 4], steps: 2, ..RegressionSettings::default() };
        let fitting = Fitting::new(&table, 3, &network, 1, Device::flex()).unwrap();
        let go_on = &mut |_, _, _| ControlFlow::Continue(());
        let reports = fitting.judge(go_on).unwrap();
        for predictor in Predictor::ALL {
            let fitted = fitting.fit(predictor, go_on).unwrap();
            let artifact = LatencyPredictorArtifact { predictor: fitted.clone(), reports: reports.clone() };
            let path = folder.path().join(predictor.name());
            publish_at(&path, artifact).unwrap();
            let read: LatencyPredictorArtifact = open_at(&path).unwrap();
            assert_eq!((read.predictor, &read.reports), (fitted, &reports));
        }
    }

    #[test]
    fn layers_and_terms_that_do_not_fit_are_refused() {
        let layer = |weights: usize, biases: usize| Dense { weights: vec![0.5; weights], biases: vec![0.0; biases] };
        let layers =
            |layers: &[Dense]| layers_from_table(&layers_to_table(layers), 3).map_err(|error| error.to_string());
        assert!(layers(&[layer(6, 2), layer(2, 1)]).is_ok());
        let (wide, open) = (layers(&[layer(7, 2)]).unwrap_err(), layers(&[layer(6, 2)]).unwrap_err());
        assert_eq!(wide, "latency-predictor: layer 0 wants 6 weights, found 7");
        assert_eq!(open, "latency-predictor: the last of 1 layers wants one output, found 2");
        let linear = Linear { intercept_ms: 0.0, terms: vec![(Term::Product(0, 2), 1.0)] };
        let names = ["a", "b", "c"].map(str::to_owned);
        let error = terms_from_table(&terms_to_table(&linear, &names), 2).unwrap_err();
        assert_eq!(error.to_string(), "latency-predictor: `terms` want inputs below 2, found 2");
    }
}
