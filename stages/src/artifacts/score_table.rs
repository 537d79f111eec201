use engine::{Artifact, ArtifactError, Folder, FolderWriter, Open, Publish, Table};
use spaces::{Genome, SearchSpace, Space, Task};

/// A candidate with its score.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// The choices.
    pub genome: Genome,
    /// Accuracy on the valid split, 0 to 1; higher is better.
    pub score: f64,
}

/// Scores of candidates of one space.
pub struct ScoreTable {
    /// The space.
    pub space: Space,
    /// Picture size and classes.
    pub task: Task,
    /// Candidates with scores.
    pub scores: Vec<Score>,
}

impl Artifact for ScoreTable {
    const FORMAT: &'static str = "scores";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Candidates of a space with their accuracy on the valid split";
}

impl Publish for ScoreTable {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        let space = super::json_table::<Self, _>("space", &(&self.space, self.task))?;
        folder.write_table("space", &space)?;
        let name = |score: &Score| self.space.format(&score.genome);
        let table = Table::new()
            .with::<String>("architecture", self.scores.iter().map(name).collect())
            .with::<f64>("score", self.scores.iter().map(|score| score.score).collect());
        folder.write_table("scores", &table)
    }
}

impl Open for ScoreTable {
    fn open(folder: &Folder) -> Result<Self, ArtifactError> {
        let (space, task): (Space, Task) = super::json_value::<Self, _>(&folder.table("space")?, "space")?;
        let table = folder.table("scores")?;
        let names: Vec<String> = table.get("architecture")?;
        let values: Vec<f64> = table.get("score")?;
        let score = |(name, score): (&String, f64)| match space.parse(name) {
            Ok(genome) => Ok(Score { genome, score }),
            Err(error) => Err(ArtifactError::caused::<Self>(format!("`{name}` is no point of the space"), error)),
        };
        let scores = names.iter().zip(values).map(score).collect::<Result<_, _>>()?;
        Ok(Self { space, task, scores })
    }
}
