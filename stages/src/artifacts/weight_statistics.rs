use engine::{Artifact, ArtifactError, FolderWriter, Publish, Table};
use networks::NamedTensor;

/// Shape of the distribution of every tensor: how close to a Gaussian or a Laplacian it is.
pub struct WeightStatistics {
    rows: Vec<Row>,
}

struct Row {
    name: String,
    count: u64,
    mean: f64,
    deviation: f64,
    absolute_deviation: f64,
    excess_kurtosis: f64,
}

impl WeightStatistics {
    /// Measures the tensors.
    pub fn measure(tensors: &[NamedTensor]) -> Self {
        let row = |(name, _, values): &NamedTensor| Row::of(name, values);
        Self { rows: tensors.iter().map(row).collect() }
    }
}

impl Row {
    fn of(name: &str, values: &[f32]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
        let moment = |power: i32| values.iter().map(|&v| (f64::from(v) - mean).powi(power)).sum::<f64>() / count;
        let absolute = values.iter().map(|&value| (f64::from(value) - mean).abs()).sum::<f64>() / count;
        let variance = moment(2);
        let kurtosis = if variance > 0.0 { moment(4) / variance.powi(2) - 3.0 } else { 0.0 };
        Self {
            name: name.to_owned(),
            count: values.len() as u64,
            mean,
            deviation: variance.sqrt(),
            absolute_deviation: absolute,
            excess_kurtosis: kurtosis,
        }
    }
}

impl Artifact for WeightStatistics {
    const FORMAT: &'static str = "weight-statistics";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Mean, spread and tails of every tensor (excess kurtosis: Gaussian 0, Laplacian 3)";
}

impl Publish for WeightStatistics {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        let column = |value: fn(&Row) -> f64| self.rows.iter().map(value).collect::<Vec<f64>>();
        let table = Table::new()
            .with::<String>("name", self.rows.iter().map(|row| row.name.clone()).collect())
            .with::<u64>("values", self.rows.iter().map(|row| row.count).collect())
            .with("mean", column(|row| row.mean))
            .with("standard_deviation", column(|row| row.deviation))
            .with("mean_absolute_deviation", column(|row| row.absolute_deviation))
            .with("excess_kurtosis", column(|row| row.excess_kurtosis));
        folder.write_table("tensors", &table)
    }
}
