use engine::{Artifact, ArtifactError, FolderWriter, Publish, Table};

/// What an exported model measured at run time.
pub struct Verification {
    /// Name, value and unit of every measure.
    pub rows: Vec<(&'static str, f64, &'static str)>,
}

impl Artifact for Verification {
    const FORMAT: &'static str = "verification";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Parity, accuracy and latency of an exported model at run time";
}

impl Publish for Verification {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        let table = Table::new()
            .with::<String>("measure", self.rows.iter().map(|row| row.0.to_owned()).collect())
            .with::<f64>("value", self.rows.iter().map(|row| row.1).collect())
            .with::<String>("unit", self.rows.iter().map(|row| row.2.to_owned()).collect());
        folder.write_table("measures", &table)
    }
}
