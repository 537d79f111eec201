use engine::{Artifact, ArtifactError, FolderWriter, Publish, Table};

/// Sentences of a split with what a model makes of them.
pub struct Translations {
    /// Raw sources.
    pub sources: Vec<String>,
    /// Raw references.
    pub references: Vec<String>,
    /// Translations as text.
    pub translations: Vec<String>,
    /// Score of each translation, higher is better.
    pub scores: Vec<f32>,
}

impl Artifact for Translations {
    const FORMAT: &'static str = "translations";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Sources, references and translations of a split";
}

impl Publish for Translations {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        let table = Table::new().with("source", self.sources).with("reference", self.references);
        folder.write_table("sentences", &table.with("translation", self.translations).with("score", self.scores))
    }
}
