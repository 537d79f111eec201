use engine::{Artifact, ArtifactError, Folder, FolderWriter, Open, Publish};
use spaces::{Architecture, Weights};

use super::ArchitectureArtifact;
use super::weights_table::{weights_from_table, weights_to_table};

/// A network whose linear layers read and hold bytes. Its graph is the architecture's, folded.
pub struct EightBitSubnet {
    /// The architecture.
    pub architecture: Architecture,
    /// Integer weights, scales and zero points; layout as [`Weights`] documents it.
    pub weights: Weights,
}

impl Artifact for EightBitSubnet {
    const FORMAT: &'static str = "eight-bit-subnet";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "A network with 8-bit weights, their scales, and scales of activations";
}

impl Publish for EightBitSubnet {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        ArchitectureArtifact { architecture: self.architecture }.publish(folder)?;
        folder.write_table("weights", &weights_to_table(self.weights))
    }
}

impl Open for EightBitSubnet {
    fn open(folder: &Folder) -> Result<Self, ArtifactError> {
        let architecture = ArchitectureArtifact::open(folder)?.architecture;
        Ok(Self { architecture, weights: weights_from_table::<Self>(&folder.table("weights")?)? })
    }
}
