use engine::{Artifact, ArtifactError, FolderWriter, Publish, Table};

/// One correlation with its interval.
pub struct RankingRow {
    /// Which coefficient.
    pub coefficient: &'static str,
    /// Its value on all candidates.
    pub value: f64,
    /// Lower end of the bootstrap interval.
    pub low: f64,
    /// Upper end of the bootstrap interval.
    pub high: f64,
}

/// How well one list of scores predicts the ranking of another.
pub struct Ranking {
    /// The coefficients.
    pub rows: Vec<RankingRow>,
    /// Architecture, reference score and predicting score of every candidate.
    pub pairs: Vec<(String, f64, f64)>,
}

impl Artifact for Ranking {
    const FORMAT: &'static str = "ranking";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Kendall tau-b, Pearson r and Spearman rho with bootstrap intervals";
}

impl Publish for Ranking {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        let table = Table::new()
            .with::<String>("coefficient", self.rows.iter().map(|row| row.coefficient.to_owned()).collect())
            .with::<f64>("value", self.rows.iter().map(|row| row.value).collect())
            .with::<f64>("low", self.rows.iter().map(|row| row.low).collect())
            .with::<f64>("high", self.rows.iter().map(|row| row.high).collect());
        folder.write_table("correlations", &table)?;
        let pairs = Table::new()
            .with::<String>("architecture", self.pairs.iter().map(|pair| pair.0.clone()).collect())
            .with::<f64>("reference_score", self.pairs.iter().map(|pair| pair.1).collect())
            .with::<f64>("score", self.pairs.iter().map(|pair| pair.2).collect());
        folder.write_table("candidates", &pairs)
    }
}
