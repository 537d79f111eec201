use engine::{Artifact, ArtifactError, Folder, FolderWriter, Open, Publish};
use networks::translation::{NetworkSettings, TranslationNetwork, TranslationSharing};
use networks::{Device, NamedTensor};
use serde::{Deserialize, Serialize};
use spaces::{HybridTransformer, TransformerError, TranslationTask};

use super::supernet::{tensors_from_table, tensors_to_table};

/// What is needed to build a translation supernet besides its tensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TranslationSupernetSettings {
    /// Its space.
    pub space: HybridTransformer,
    /// Vocabulary, longest sentence, conventions.
    pub task: TranslationTask,
    /// Weight sharing.
    pub sharing: TranslationSharing,
    /// What its layers compute in training where paper and release differ.
    pub network: NetworkSettings,
}

/// A trained translation supernet: one row per tensor.
pub struct TranslationSupernet {
    /// How it was built.
    pub settings: TranslationSupernetSettings,
    /// Key, shape and values of every trained tensor, in key order.
    pub tensors: Vec<NamedTensor>,
}

impl Artifact for TranslationSupernet {
    const FORMAT: &'static str = "translation-supernet";
    const VERSION: u32 = 2;
    const SUMMARY: &'static str = "One translation network that holds all paths of a space, with shared weights";
}

impl Publish for TranslationSupernet {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        folder.write_table("settings", &super::json_table::<Self, _>("settings", &self.settings)?)?;
        folder.write_table("tensors", &tensors_to_table(self.tensors))
    }
}

impl Open for TranslationSupernet {
    fn open(folder: &Folder) -> Result<Self, ArtifactError> {
        let settings = super::json_value::<Self, _>(&folder.table("settings")?, "settings")?;
        Ok(Self { settings, tensors: tensors_from_table::<Self>(&folder.table("tensors")?)? })
    }
}

impl TranslationSupernet {
    /// Returns the network with its trained tensors.
    ///
    /// # Errors
    /// If the space has no largest network.
    pub fn network(&self, device: &Device) -> Result<TranslationNetwork, TransformerError> {
        let TranslationSupernetSettings { space, task, sharing, network } = &self.settings;
        let mut supernet = TranslationNetwork::supernet(space, task, sharing, network, 0, device)?;
        for (key, shape, values) in &self.tensors {
            supernet.parameters.insert(key.clone(), shape.clone(), values.clone());
        }
        Ok(supernet)
    }
}
