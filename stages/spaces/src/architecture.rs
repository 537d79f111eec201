use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{FeatureMap, Genome, GenomeError, Graph, SearchSpace, Space};

/// What a network is for: the size of a picture and the number of classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Size of one picture.
    pub input: FeatureMap,
    /// Number of classes.
    pub classes: usize,
}

/// A decoded genome: everything that is needed to build the network without its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Architecture {
    /// The space the genome is a point of.
    pub space: Space,
    /// The choices.
    pub genome: Genome,
    /// Picture size and classes.
    pub task: Task,
}

impl Architecture {
    /// Returns the architecture of a genome.
    ///
    /// # Errors
    /// If the genome is not a point of the space.
    pub fn new(space: Space, genome: Genome, task: Task) -> Result<Self, GenomeError> {
        space.contains(&genome)?;
        Ok(Self { space, genome, task })
    }

    /// Returns the genome as people read it, for example `CC.CSCC.SCADD.AACAA`.
    pub fn name(&self) -> String {
        self.space.format(&self.genome)
    }

    /// Returns the nodes in execution order.
    pub fn graph(&self) -> Graph {
        self.space.graph(&self.genome, self.task)
    }
}
