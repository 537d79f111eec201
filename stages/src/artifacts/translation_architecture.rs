use engine::{Artifact, ArtifactError, Folder, FolderWriter, Open, Publish};
use spaces::TransformerArchitecture;

/// The architecture of a translation network.
pub struct TranslationArchitecture {
    /// Its sizes, checked.
    pub architecture: TransformerArchitecture,
}

impl Artifact for TranslationArchitecture {
    const FORMAT: &'static str = "translation-architecture";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Widths, layers, heads and mixes of one translation network";
}

impl Publish for TranslationArchitecture {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        folder.write_table("architecture", &super::json_table::<Self, _>("architecture", &self.architecture)?)
    }
}

impl Open for TranslationArchitecture {
    fn open(folder: &Folder) -> Result<Self, ArtifactError> {
        Ok(Self { architecture: super::json_value::<Self, _>(&folder.table("architecture")?, "architecture")? })
    }
}
