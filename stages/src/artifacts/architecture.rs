use engine::{Artifact, ArtifactError, Folder, FolderWriter, Open, Publish, Table};
use spaces::Architecture;

/// One architecture with the counts of its layers.
#[derive(Clone)]
pub struct ArchitectureArtifact {
    /// The architecture.
    pub architecture: Architecture,
}

impl Artifact for ArchitectureArtifact {
    const FORMAT: &'static str = "architecture";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "One decoded genome, with the MACs and parameters of every layer";
}

impl Publish for ArchitectureArtifact {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        let table = super::json_table::<Self, _>("architecture", &self.architecture)?;
        folder.write_table("architecture", &table.with("name", vec![self.architecture.name()]))?;
        folder.write_table("layers", &layers(&self.architecture))
    }
}

impl Open for ArchitectureArtifact {
    fn open(folder: &Folder) -> Result<Self, ArtifactError> {
        let architecture: Architecture = super::json_value::<Self, _>(&folder.table("architecture")?, "architecture")?;
        let Architecture { space, genome, task } = architecture;
        let architecture = Architecture::new(space, genome, task);
        let unfit = |error| ArtifactError::caused::<Self>("the genome is no point of its space", error);
        Ok(Self { architecture: architecture.map_err(unfit)? })
    }
}

fn layers(architecture: &Architecture) -> Table {
    let rows = costs::node_counts(&architecture.graph());
    let texts = |text: fn(&costs::NodeCounts) -> Option<String>| rows.iter().map(text).collect::<Vec<_>>();
    Table::new()
        .with::<String>("layer", rows.iter().map(|row| row.name.clone()).collect())
        .with("operator", texts(|row| row.operator.map(|operator| operator.to_string())))
        .with("arithmetic", texts(|row| row.arithmetic.map(|arithmetic| arithmetic.name().to_owned())))
        .with::<String>("output", rows.iter().map(|row| row.output.to_string()).collect())
        .with::<u64>("macs", rows.iter().map(|row| row.macs).collect())
        .with::<u64>("params", rows.iter().map(|row| row.params).collect())
}
