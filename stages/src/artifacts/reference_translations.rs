use engine::{Artifact, ArtifactError, Folder, FolderWriter, Open, Publish, Table};
use translation::BeamSettings;

/// Sources and the tokens that the training side translates them to.
pub struct ReferenceTranslations {
    /// Tokens of each source, without its end.
    pub sources: Vec<Vec<u32>>,
    /// Tokens of its best translation, without its end.
    pub translations: Vec<Vec<u32>>,
    /// Score of that translation.
    pub scores: Vec<f32>,
    /// How they were decoded.
    pub beam: BeamSettings,
}

impl Artifact for ReferenceTranslations {
    const FORMAT: &'static str = "reference-translations";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Source sentences and the tokens that the training side translates them to";
}

impl Publish for ReferenceTranslations {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        let table = Table::new().with("source", self.sources).with("translation", self.translations);
        folder.write_table("beam", &super::json_table::<Self, _>("beam", &self.beam)?)?;
        folder.write_table("sentences", &table.with("score", self.scores))
    }
}

impl Open for ReferenceTranslations {
    fn open(folder: &Folder) -> Result<Self, ArtifactError> {
        let table = folder.table("sentences")?;
        let (sources, translations) = (table.get("source")?, table.get("translation")?);
        let beam = super::json_value::<Self, _>(&folder.table("beam")?, "beam")?;
        Ok(Self { sources, translations, scores: table.get("score")?, beam })
    }
}
