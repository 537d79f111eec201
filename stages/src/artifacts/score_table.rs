use engine::{Artifact, ArtifactError, Folder, FolderWriter, Open, Publish, StageError, Table};
use serde::{Deserialize, Serialize};
use spaces::{Genome, HybridTransformer, SearchSpace, Space, Task};

/// A candidate with its score.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// The choices.
    pub genome: Genome,
    /// Higher is better: accuracy on the valid split for pictures, less bits per token of it for translation.
    pub score: f64,
}

/// Scores of candidates of one space.
pub struct ScoreTable {
    /// The space.
    pub space: ScoredSpace,
    /// Candidates with scores.
    pub scores: Vec<Score>,
}

/// The space whose candidates have scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScoredSpace {
    /// A space of picture networks.
    Pictures {
        /// The space.
        space: Space,
        /// Picture size and classes.
        task: Task,
    },
    /// A space of translation networks.
    Translation {
        /// The space.
        space: Box<HybridTransformer>,
    },
}

impl ScoredSpace {
    /// Returns what prints and reads genomes.
    pub fn search_space(&self) -> &dyn SearchSpace {
        match self {
            ScoredSpace::Pictures { space, .. } => space,
            ScoredSpace::Translation { space } => &**space,
        }
    }

    /// Returns the space of picture networks.
    ///
    /// # Errors
    /// If it is one of translation networks.
    pub fn pictures(&self) -> Result<(&Space, Task), StageError> {
        match self {
            ScoredSpace::Pictures { space, task } => Ok((space, *task)),
            ScoredSpace::Translation { .. } => Err(wrong("picture", "translation", "train-translation-standalone")),
        }
    }

    /// Returns the space of translation networks.
    ///
    /// # Errors
    /// If it is one of picture networks.
    pub fn translation(&self) -> Result<&HybridTransformer, StageError> {
        match self {
            ScoredSpace::Translation { space } => Ok(space),
            ScoredSpace::Pictures { .. } => Err(wrong("translation", "picture", "train-standalone")),
        }
    }
}

fn wrong(wanted: &str, found: &str, fix: &str) -> StageError {
    StageError::usage(format!("`scores` wants {wanted} networks, found {found} networks; use the kind `{fix}`"))
}

impl Artifact for ScoreTable {
    const FORMAT: &'static str = "scores";
    const VERSION: u32 = 2;
    const SUMMARY: &'static str = "Candidates of a space with their scores on the valid split";
}

impl Publish for ScoreTable {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        folder.write_table("space", &super::json_table::<Self, _>("space", &self.space)?)?;
        let name = |score: &Score| self.space.search_space().format(&score.genome);
        let table = Table::new()
            .with::<String>("architecture", self.scores.iter().map(name).collect())
            .with::<f64>("score", self.scores.iter().map(|score| score.score).collect());
        folder.write_table("scores", &table)
    }
}

impl Open for ScoreTable {
    fn open(folder: &Folder) -> Result<Self, ArtifactError> {
        let space: ScoredSpace = super::json_value::<Self, _>(&folder.table("space")?, "space")?;
        let table = folder.table("scores")?;
        let names: Vec<String> = table.get("architecture")?;
        let values: Vec<f64> = table.get("score")?;
        let score = |(name, score): (&String, f64)| match space.search_space().parse(name) {
            Ok(genome) => Ok(Score { genome, score }),
            Err(error) => Err(ArtifactError::caused::<Self>(format!("`{name}` is no point of the space"), error)),
        };
        let scores = names.iter().zip(values).map(score).collect::<Result<_, _>>()?;
        Ok(Self { space, scores })
    }
}
