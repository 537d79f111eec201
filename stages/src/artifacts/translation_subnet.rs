use engine::{Artifact, ArtifactError, Folder, FolderWriter, Open, Publish};
use networks::translation::InputRanges;
use serde::{Deserialize, Serialize};
use spaces::{TransformerArchitecture, TranslationTask, Weights};

use super::input_ranges::{ranges_from_table, ranges_to_table};
use super::weights_table::{weights_from_table, weights_to_table};

/// What is needed to run a translation network besides its tensors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TranslationNetworkDescription {
    /// Its architecture.
    pub architecture: TransformerArchitecture,
    /// Vocabulary, longest sentence, conventions.
    pub task: TranslationTask,
}

/// A trained translation network of one architecture, as inference sees it.
pub struct TranslationSubnet {
    /// What it is.
    pub description: TranslationNetworkDescription,
    /// Its tensors; weights of shift layers are signed powers of two.
    pub weights: Weights,
    /// The ranges of the inputs of its linear layers that training for 8 bits kept; none where it was not trained so.
    pub ranges: InputRanges,
}

/// Such a network in bytes.
pub struct EightBitTranslationSubnet {
    /// What it is.
    pub description: TranslationNetworkDescription,
    /// Bytes with their scales.
    pub weights: Weights,
}

impl Artifact for TranslationSubnet {
    const FORMAT: &'static str = "translation-subnet";
    const VERSION: u32 = 2;
    const SUMMARY: &'static str = "A trained translation network of one architecture, one row per tensor";
}

impl Artifact for EightBitTranslationSubnet {
    const FORMAT: &'static str = "eight-bit-translation-subnet";
    const VERSION: u32 = 2;
    const SUMMARY: &'static str = "A translation network in bytes with scales, one row per tensor";
}

impl Publish for TranslationSubnet {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        folder.write_table("ranges", &ranges_to_table(self.ranges))?;
        write::<Self>(&self.description, self.weights, folder)
    }
}

impl Publish for EightBitTranslationSubnet {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        write::<Self>(&self.description, self.weights, folder)
    }
}

impl Open for TranslationSubnet {
    fn open(folder: &Folder) -> Result<Self, ArtifactError> {
        let (description, weights) = read::<Self>(folder)?;
        Ok(Self { description, weights, ranges: ranges_from_table(&folder.table("ranges")?)? })
    }
}

impl Open for EightBitTranslationSubnet {
    fn open(folder: &Folder) -> Result<Self, ArtifactError> {
        let (description, weights) = read::<Self>(folder)?;
        Ok(Self { description, weights })
    }
}

fn write<A: Artifact>(
    description: &TranslationNetworkDescription,
    weights: Weights,
    folder: &mut FolderWriter,
) -> Result<(), ArtifactError> {
    folder.write_table("description", &super::json_table::<A, _>("description", description)?)?;
    folder.write_table("weights", &weights_to_table(weights))
}

fn read<A: Artifact>(folder: &Folder) -> Result<(TranslationNetworkDescription, Weights), ArtifactError> {
    let description = super::json_value::<A, _>(&folder.table("description")?, "description")?;
    Ok((description, weights_from_table::<A>(&folder.table("weights")?)?))
}
