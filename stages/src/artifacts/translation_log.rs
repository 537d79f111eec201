use engine::{Artifact, ArtifactError, Folder, FolderWriter, Open, Publish, Table};

/// What was measured between two looks at the valid split.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TranslationLogRow {
    /// Updates so far.
    pub update: u64,
    /// Passes over the train split so far.
    pub epoch: u32,
    /// Mean smoothed loss of the updates in between, in bits per target token.
    pub train_loss_bits: f64,
    /// Mean prior loss of these updates.
    pub prior: f64,
    /// Negative log-likelihood on the valid split, in bits per target token; absent where nobody looked.
    pub valid_nll_bits: Option<f64>,
    /// BLEU on the valid split, tokenized; absent where nobody looked.
    pub valid_bleu: Option<f64>,
    /// Learning rate of the last update.
    pub learning_rate: f64,
}

/// The training of a translation network.
pub struct TranslationLog {
    /// Rows in order.
    pub rows: Vec<TranslationLogRow>,
}

impl Artifact for TranslationLog {
    const FORMAT: &'static str = "translation-log";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Losses of a translation network in training, in bits per token";
}

impl Publish for TranslationLog {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        folder.write_table("updates", &self.to_table())
    }
}

impl Open for TranslationLog {
    fn open(folder: &Folder) -> Result<Self, ArtifactError> {
        Self::from_table(&folder.table("updates")?)
    }
}

impl TranslationLog {
    pub(super) fn to_table(&self) -> Table {
        let rows = self.rows.iter();
        Table::new()
            .with::<u64>("update", rows.clone().map(|row| row.update).collect())
            .with::<u32>("epoch", rows.clone().map(|row| row.epoch).collect())
            .with::<f64>("train_loss_bits", rows.clone().map(|row| row.train_loss_bits).collect())
            .with::<f64>("prior_loss", rows.clone().map(|row| row.prior).collect())
            .with::<Option<f64>>("valid_nll_bits", rows.clone().map(|row| row.valid_nll_bits).collect())
            .with::<Option<f64>>("valid_bleu", rows.clone().map(|row| row.valid_bleu).collect())
            .with::<f64>("learning_rate", rows.map(|row| row.learning_rate).collect())
    }

    pub(super) fn from_table(table: &Table) -> Result<Self, ArtifactError> {
        let updates: Vec<u64> = table.get("update")?;
        let epochs: Vec<u32> = table.get("epoch")?;
        let losses: Vec<f64> = table.get("train_loss_bits")?;
        let priors: Vec<f64> = table.get("prior_loss")?;
        let valid: Vec<Option<f64>> = table.get("valid_nll_bits")?;
        let bleu: Vec<Option<f64>> = table.get("valid_bleu")?;
        let rates: Vec<f64> = table.get("learning_rate")?;
        let row = |at: usize| TranslationLogRow {
            update: updates[at],
            epoch: epochs[at],
            train_loss_bits: losses[at],
            prior: priors[at],
            valid_nll_bits: valid[at],
            valid_bleu: bleu[at],
            learning_rate: rates[at],
        };
        Ok(Self { rows: (0..updates.len()).map(row).collect() })
    }
}
