use std::collections::BTreeMap;

use engine::{Artifact, ArtifactError, Folder, FolderWriter, Open, Publish, Table};
use networks::training::{EpochSummary, Momentum, Snapshot};
use networks::{Moments, Statistics};

use super::supernet::{tensors_from_table, tensors_to_table};
use super::training_log::TrainingLog;

/// Everything training needs to go on after an interruption: lives in checkpoints only.
pub(crate) struct TrainingSnapshot {
    /// The trainer.
    pub snapshot: Snapshot,
    /// Epochs so far.
    pub log: Vec<EpochSummary>,
}

impl Artifact for TrainingSnapshot {
    const FORMAT: &'static str = "training-snapshot";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "A network in training, with the memory of its optimizer";
}

impl Publish for TrainingSnapshot {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        folder.write_table("tensors", &tensors_to_table(self.snapshot.tensors))?;
        folder.write_table("memory", &memory_to_table(self.snapshot.memory))?;
        folder.write_table("moments", &moments_to_table(&self.snapshot.statistics))?;
        folder.write_table("epochs", &TrainingLog { epochs: self.log }.to_table())
    }
}

impl Open for TrainingSnapshot {
    fn open(folder: &Folder) -> Result<Self, ArtifactError> {
        let log = TrainingLog::from_table(&folder.table("epochs")?)?.epochs;
        let snapshot = Snapshot {
            epochs: log.len(),
            tensors: tensors_from_table::<Self>(&folder.table("tensors")?)?,
            memory: memory_from_table(&folder.table("memory")?)?,
            statistics: moments_from_table(&folder.table("moments")?)?,
        };
        Ok(Self { snapshot, log })
    }
}

pub(super) fn memory_to_table(memory: Vec<Momentum>) -> Table {
    let steps = memory.iter().map(|momentum| momentum.steps as u64).collect();
    let (mut keys, mut first, mut second) = (Vec::new(), Vec::new(), Vec::new());
    for momentum in memory {
        keys.push(momentum.key);
        first.push(momentum.first);
        second.push(momentum.second);
    }
    Table::new().with("name", keys).with::<u64>("steps", steps).with("first", first).with("second", second)
}

pub(super) fn memory_from_table(table: &Table) -> Result<Vec<Momentum>, ArtifactError> {
    let keys: Vec<String> = table.get("name")?;
    let steps: Vec<u64> = table.get("steps")?;
    let first: Vec<Vec<f32>> = table.get("first")?;
    let second: Vec<Vec<f32>> = table.get("second")?;
    let rows = keys.into_iter().zip(steps).zip(first).zip(second);
    let momentum = |(((key, steps), first), second)| Momentum { key, steps: steps as usize, first, second };
    Ok(rows.map(momentum).collect())
}

fn moments_to_table(statistics: &Statistics) -> Table {
    let moments = &statistics.moments;
    Table::new()
        .with::<String>("name", moments.keys().cloned().collect())
        .with::<Vec<f32>>("mean", moments.values().map(|moments| moments.mean.clone()).collect())
        .with::<Vec<f32>>("variance", moments.values().map(|moments| moments.variance.clone()).collect())
}

fn moments_from_table(table: &Table) -> Result<Statistics, ArtifactError> {
    let names: Vec<String> = table.get("name")?;
    let means: Vec<Vec<f32>> = table.get("mean")?;
    let variances: Vec<Vec<f32>> = table.get("variance")?;
    let rows = names.into_iter().zip(means).zip(variances);
    let moments: BTreeMap<String, Moments> =
        rows.map(|((name, mean), variance)| (name, Moments { mean, variance })).collect();
    Ok(Statistics::from(moments))
}
