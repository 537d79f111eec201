use std::collections::VecDeque;

use engine::{Artifact, ArtifactError, Folder, FolderWriter, Open, Publish, Table};
use networks::NamedTensor;
use networks::translation::{InputRanges, TranslationSnapshot};

use super::input_ranges::{ranges_from_table, ranges_to_table};
use super::supernet::{tensors_from_table, tensors_to_table};
use super::training_snapshot::{memory_from_table, memory_to_table};
use super::translation_log::{TranslationLog, TranslationLogRow};

/// A network as it was at a look at the valid split.
#[derive(Clone, Debug)]
pub(crate) struct KeptNetwork {
    /// What it was judged by, higher is better.
    pub score: f64,
    /// Its tensors.
    pub tensors: Vec<NamedTensor>,
    /// The ranges of the inputs of its linear layers, where it is trained for 8 bits.
    pub ranges: InputRanges,
}

/// Everything the training of a translation network needs to go on after an interruption: lives in checkpoints only.
#[derive(Clone, Debug, Default)]
pub(crate) struct TranslationState {
    /// Passes over the train split so far.
    pub epoch: u32,
    /// Updates of the running pass so far.
    pub next: usize,
    /// Looks so far.
    pub log: Vec<TranslationLogRow>,
    /// The best network so far.
    pub best: Option<KeptNetwork>,
    /// The newest networks, oldest first.
    pub recent: VecDeque<KeptNetwork>,
    /// The trainer.
    pub snapshot: Option<TranslationSnapshot>,
}

impl Artifact for TranslationState {
    const FORMAT: &'static str = "translation-state";
    const VERSION: u32 = 2;
    const SUMMARY: &'static str = "A translation network in training, with the memory of its optimizer";
}

impl Publish for TranslationState {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        let position = Table::new().with("epoch", vec![self.epoch]).with("next", vec![self.next as u64]);
        let kept = Table::new().with::<f64>("best", self.best.iter().map(|kept| kept.score).collect());
        let recent = Table::new().with::<f64>("recent", self.recent.iter().map(|kept| kept.score).collect());
        folder.write_table("position", &position)?;
        folder.write_table("best", &kept)?;
        folder.write_table("recent", &recent)?;
        folder.write_table("updates", &TranslationLog { rows: self.log }.to_table())?;
        for (at, kept) in self.best.into_iter().enumerate() {
            kept.publish(&format!("best-{at}"), folder)?;
        }
        for (at, kept) in self.recent.into_iter().enumerate() {
            kept.publish(&format!("recent-{at}"), folder)?;
        }
        if let Some(snapshot) = self.snapshot {
            folder.write_table("trainer", &Table::new().with("updates", vec![snapshot.updates as u64]))?;
            folder.write_table("tensors", &tensors_to_table(snapshot.tensors))?;
            folder.write_table("memory", &memory_to_table(snapshot.memory))?;
            folder.write_table("ranges", &ranges_to_table(snapshot.ranges))?;
        }
        Ok(())
    }
}

impl Open for TranslationState {
    fn open(folder: &Folder) -> Result<Self, ArtifactError> {
        let position = folder.table("position")?;
        let snapshot = folder.tables().contains(&"trainer").then(|| snapshot(folder)).transpose()?;
        Ok(Self {
            epoch: only(&position, "epoch")?,
            next: only::<u64>(&position, "next")? as usize,
            log: TranslationLog::from_table(&folder.table("updates")?)?.rows,
            best: kept(folder, "best")?.into_iter().next(),
            recent: kept(folder, "recent")?.into(),
            snapshot,
        })
    }
}

impl KeptNetwork {
    fn publish(self, name: &str, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        folder.write_table(name, &tensors_to_table(self.tensors))?;
        folder.write_table(&format!("{name}-ranges"), &ranges_to_table(self.ranges))
    }
}

fn snapshot(folder: &Folder) -> Result<TranslationSnapshot, ArtifactError> {
    Ok(TranslationSnapshot {
        updates: only::<u64>(&folder.table("trainer")?, "updates")? as usize,
        tensors: tensors_from_table::<TranslationState>(&folder.table("tensors")?)?,
        memory: memory_from_table(&folder.table("memory")?)?,
        ranges: ranges_from_table(&folder.table("ranges")?)?,
    })
}

fn kept(folder: &Folder, name: &str) -> Result<Vec<KeptNetwork>, ArtifactError> {
    let scores: Vec<f64> = folder.table(name)?.get(name)?;
    let network = |(at, score)| {
        let tensors = tensors_from_table::<TranslationState>(&folder.table(&format!("{name}-{at}"))?)?;
        let ranges = ranges_from_table(&folder.table(&format!("{name}-{at}-ranges"))?)?;
        Ok(KeptNetwork { score, tensors, ranges })
    };
    scores.into_iter().enumerate().map(network).collect()
}

fn only<T: engine::Cell + Copy>(table: &Table, column: &str) -> Result<T, ArtifactError> {
    let values: Vec<T> = table.get(column)?;
    let missing = || ArtifactError::content::<TranslationState>(format!("`{column}` wants one row, found none"));
    values.first().copied().ok_or_else(missing)
}
