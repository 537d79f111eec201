use engine::{Artifact, ArtifactError, Folder, FolderWriter, Open, Publish, Table};

/// Normalised pictures and the logits that the training side computes for them.
pub struct ReferenceBatch {
    /// Inputs, one row per picture.
    pub inputs: Vec<Vec<f32>>,
    /// Logits, one row per picture.
    pub logits: Vec<Vec<f32>>,
}

impl Artifact for ReferenceBatch {
    const FORMAT: &'static str = "reference-batch";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Inputs of a model and the logits that its training side computes for them";
}

impl Publish for ReferenceBatch {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        folder.write_table("batch", &Table::new().with("inputs", self.inputs).with("logits", self.logits))
    }
}

impl Open for ReferenceBatch {
    fn open(folder: &Folder) -> Result<Self, ArtifactError> {
        let table = folder.table("batch")?;
        Ok(Self { inputs: table.get("inputs")?, logits: table.get("logits")? })
    }
}
