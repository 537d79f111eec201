use engine::{Artifact, ArtifactError, Folder, FolderWriter, Open, Publish, Table};
use networks::training::EpochSummary;

/// What every epoch of a training measured.
pub struct TrainingLog {
    /// Epochs in order.
    pub epochs: Vec<EpochSummary>,
}

impl Artifact for TrainingLog {
    const FORMAT: &'static str = "training-log";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Loss, accuracy and learning rate of every epoch";
}

impl Publish for TrainingLog {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        folder.write_table("epochs", &self.to_table())
    }
}

impl Open for TrainingLog {
    fn open(folder: &Folder) -> Result<Self, ArtifactError> {
        Self::from_table(&folder.table("epochs")?)
    }
}

impl TrainingLog {
    pub(super) fn to_table(&self) -> Table {
        let column = |value: fn(&EpochSummary) -> f64| self.epochs.iter().map(value).collect::<Vec<f64>>();
        Table::new()
            .with::<u32>("epoch", self.epochs.iter().map(|epoch| epoch.epoch as u32).collect())
            .with("loss", column(|epoch| epoch.loss))
            .with("prior_loss", column(|epoch| epoch.prior))
            .with("train_accuracy", column(|epoch| epoch.accuracy))
            .with("learning_rate", column(|epoch| epoch.learning_rate))
    }

    pub(super) fn from_table(table: &Table) -> Result<Self, ArtifactError> {
        let epochs: Vec<u32> = table.get("epoch")?;
        let loss: Vec<f64> = table.get("loss")?;
        let prior: Vec<f64> = table.get("prior_loss")?;
        let accuracy: Vec<f64> = table.get("train_accuracy")?;
        let learning_rate: Vec<f64> = table.get("learning_rate")?;
        let summary = |row: usize| EpochSummary {
            epoch: epochs[row] as usize,
            loss: loss[row],
            prior: prior[row],
            accuracy: accuracy[row],
            learning_rate: learning_rate[row],
        };
        Ok(Self { epochs: (0..epochs.len()).map(summary).collect() })
    }
}
