use engine::{Artifact, ArtifactError, Folder, FolderWriter, Open, Publish, Table};
use spaces::{Space, Task};

/// Measured latencies of networks on one host.
#[derive(Clone, Debug, PartialEq)]
pub struct LatencyRows {
    /// The space.
    pub space: Space,
    /// Picture size and classes.
    pub task: Task,
    /// Names of the features, each a column.
    pub features: Vec<String>,
    /// One row per network.
    pub rows: Vec<LatencyMeasurement>,
}

/// One network and how long it took for a batch, in milliseconds of wall-clock time; lower is better.
#[derive(Clone, Debug, PartialEq)]
pub struct LatencyMeasurement {
    /// The network, as people read it.
    pub architecture: String,
    /// Values in the order of [`LatencyRows::features`].
    pub features: Vec<f64>,
    /// The median.
    pub latency_ms: f64,
    /// The mean.
    pub mean_ms: f64,
    /// Time that 90 % of the runs stay below.
    pub p90_ms: f64,
    /// Time that 99 % of the runs stay below.
    pub p99_ms: f64,
}

impl Artifact for LatencyRows {
    const FORMAT: &'static str = "latency-rows";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Networks of a space with their features and their latency measured on one host";
}

impl Publish for LatencyRows {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        let space = super::json_table::<Self, _>("space", &(&self.space, self.task, &self.features))?;
        folder.write_table("space", &space)?;
        let mut table = self.names();
        for (at, feature) in self.features.iter().enumerate() {
            table = table.with(feature, self.rows.iter().map(|row| row.features[at]).collect::<Vec<f64>>());
        }
        folder.write_table("rows", &table.with("latency_ms", self.column(|row| row.latency_ms)))?;
        let times = self.names();
        let times =
            times.with("p50_ms", self.column(|row| row.latency_ms)).with("p90_ms", self.column(|row| row.p90_ms));
        let times = times.with("p99_ms", self.column(|row| row.p99_ms)).with("mean_ms", self.column(|row| row.mean_ms));
        folder.write_table("times", &times)
    }
}

impl Open for LatencyRows {
    fn open(folder: &Folder) -> Result<Self, ArtifactError> {
        let (space, task, features): (Space, Task, Vec<String>) =
            super::json_value::<Self, _>(&folder.table("space")?, "space")?;
        let (rows, times) = (folder.table("rows")?, folder.table("times")?);
        let names: Vec<String> = rows.get("architecture")?;
        let timed: Vec<String> = times.get("architecture")?;
        if names != timed {
            return Err(ArtifactError::content::<Self>("`rows` and `times` name other networks"));
        }
        let columns = features.iter().map(|feature| rows.get::<f64>(feature)).collect::<Result<Vec<_>, _>>()?;
        let latency: Vec<f64> = rows.get("latency_ms")?;
        let [p90, p99, mean] = ["p90_ms", "p99_ms", "mean_ms"].map(|time| times.get::<f64>(time));
        let (p90, p99, mean) = (p90?, p99?, mean?);
        let row = |(at, architecture): (usize, String)| LatencyMeasurement {
            architecture,
            features: columns.iter().map(|column| column[at]).collect(),
            latency_ms: latency[at],
            mean_ms: mean[at],
            p90_ms: p90[at],
            p99_ms: p99[at],
        };
        Ok(Self { space, task, features, rows: names.into_iter().enumerate().map(row).collect() })
    }
}

impl LatencyRows {
    /// Returns the rows as CSV: the features and `latency_ms`, all numbers.
    pub fn csv(&self) -> String {
        let header = self.features.iter().map(String::as_str).chain(["latency_ms"]).collect::<Vec<_>>().join(",");
        let line = |row: &LatencyMeasurement| {
            let numbers = row.features.iter().chain([&row.latency_ms]).map(f64::to_string);
            numbers.collect::<Vec<_>>().join(",")
        };
        let lines = std::iter::once(header).chain(self.rows.iter().map(line));
        lines.map(|line| line + "\n").collect()
    }

    fn names(&self) -> Table {
        Table::new().with::<String>("architecture", self.rows.iter().map(|row| row.architecture.clone()).collect())
    }

    fn column(&self, value: fn(&LatencyMeasurement) -> f64) -> Vec<f64> {
        self.rows.iter().map(value).collect()
    }
}
