use engine::{Artifact, ArtifactError, Folder, FolderWriter, Open, Publish};
use spaces::{Architecture, Weights};

use super::ArchitectureArtifact;
use super::weights_table::{weights_from_table, weights_to_table};

/// A trained network of one architecture, as inference sees it.
pub struct Subnet {
    /// The architecture.
    pub architecture: Architecture,
    /// Its tensors; weights of shift layers are signed powers of two.
    pub weights: Weights,
}

impl Artifact for Subnet {
    const FORMAT: &'static str = "subnet";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "A trained network of one architecture, one row per tensor";
}

impl Publish for Subnet {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        ArchitectureArtifact { architecture: self.architecture }.publish(folder)?;
        folder.write_table("weights", &weights_to_table(self.weights))
    }
}

impl Open for Subnet {
    fn open(folder: &Folder) -> Result<Self, ArtifactError> {
        let architecture = ArchitectureArtifact::open(folder)?.architecture;
        Ok(Self { architecture, weights: weights_from_table::<Self>(&folder.table("weights")?)? })
    }
}
