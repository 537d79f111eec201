use rand::Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Genome, GenomeError, Graph, HybridCnn, Task};

/// A set of architectures that can be sampled, varied and decoded.
///
/// Randomness comes in as a generator: the same generator state gives the same genome.
pub trait SearchSpace {
    /// Returns the number of points.
    fn size(&self) -> u128;

    /// Returns a random point; the distribution is a parameter of the space.
    fn sample(&self, rng: &mut dyn Rng) -> Genome;

    /// Returns a copy of `parent` with each choice redrawn with `probability`, or `None` if the result is no
    /// point of the space. A redraw may return the old choice.
    fn mutate(&self, parent: &Genome, probability: f64, rng: &mut dyn Rng) -> Option<Genome>;

    /// Returns a mix of two parents, or `None` if the mix is no point of the space.
    fn cross(&self, left: &Genome, right: &Genome, rng: &mut dyn Rng) -> Option<Genome>;

    /// Returns `Ok` if the genome is a point of the space, otherwise why it is not.
    ///
    /// # Errors
    /// The first rule of the space that the genome breaks.
    fn contains(&self, genome: &Genome) -> Result<(), GenomeError>;

    /// Returns the genome as people read it.
    fn format(&self, genome: &Genome) -> String;

    /// Returns the genome that [`SearchSpace::format`] printed.
    ///
    /// # Errors
    /// If the text is no point of the space.
    fn parse(&self, text: &str) -> Result<Genome, GenomeError>;
}

/// Why a description of a space in a manifest describes none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpaceError {
    /// No levels at all.
    #[error("the space has no levels; list at least one under `levels`")]
    NoLevels,
    /// A level offers nothing, or one operator twice.
    #[error("level {level} must offer at least one operator, each once")]
    Operators {
        /// Level, finest is 0.
        level: usize,
    },
    /// Channels cannot be divided as wanted.
    #[error("level {level} has {channels} channels, which {what} {divisor} does not divide")]
    Channels {
        /// Level, finest is 0.
        level: usize,
        /// Channels of the level or of its attention.
        channels: usize,
        /// Which parameter divides.
        what: &'static str,
        /// Its value.
        divisor: usize,
    },
    /// No allocation of layers to levels adds up.
    #[error("no choice of layers per level adds up to {layers}; the levels allow {least} to {most}")]
    Layers {
        /// Layers wanted.
        layers: usize,
        /// Fewest that the levels allow.
        least: usize,
        /// Most that the levels allow.
        most: usize,
    },
    /// A range whose end is below its start.
    #[error("level {level}: layers min {min} is above max {max}")]
    Range {
        /// Level, finest is 0.
        level: usize,
        /// Start of the range.
        min: usize,
        /// End of the range.
        max: usize,
    },
    /// The picture is too small for the levels.
    #[error("pictures of {input} leave no pixel at level {level}; use fewer levels or a smaller stem stride")]
    TooSmall {
        /// Size of the pictures.
        input: String,
        /// Level, finest is 0.
        level: usize,
    },
    /// An architecture could end before the coarsest level, where the head is.
    #[error("the coarsest level needs at least one layer: the classifier reads its channels; set its layers min to 1")]
    Last,
    /// A first layer could start at a level whose adapter does not divide the stem's map.
    #[error(
        "a first layer at level {level} would reduce the stem's {map} by {stride}, which leaves a rest; give level 0 at least one layer"
    )]
    Adapter {
        /// Level, finest is 0.
        level: usize,
        /// The stem's map.
        map: String,
        /// Reduction.
        stride: usize,
    },
    /// A number that must be positive is zero, or is absurdly large.
    #[error("`{parameter}` is {found}, wanted {min} to {max}")]
    Number {
        /// Which parameter.
        parameter: &'static str,
        /// What it is.
        found: usize,
        /// Smallest allowed value.
        min: usize,
        /// Largest allowed value.
        max: usize,
    },
}

/// A search space as a manifest names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Space {
    /// Multi-resolution hybrid CNN and attention space (Table 2 of ShiftAddNAS).
    HybridCnn(HybridCnn),
}

impl Space {
    /// Returns `Ok` if the space has at least one point, whatever the pictures are.
    ///
    /// # Errors
    /// The first parameter that makes no sense.
    pub fn check(&self) -> Result<(), SpaceError> {
        match self {
            Space::HybridCnn(space) => space.check(),
        }
    }

    /// Returns `Ok` if the space has at least one point and fits the task.
    ///
    /// # Errors
    /// The first parameter that makes no sense.
    pub fn validate(&self, task: Task) -> Result<(), SpaceError> {
        match self {
            Space::HybridCnn(space) => space.validate(task),
        }
    }

    /// Returns the network of a genome. The genome must be a point of the space.
    pub fn graph(&self, genome: &Genome, task: Task) -> Graph {
        match self {
            Space::HybridCnn(space) => space.graph(genome, task),
        }
    }

    /// Returns the family's search operations.
    fn family(&self) -> &dyn SearchSpace {
        match self {
            Space::HybridCnn(space) => space,
        }
    }
}

impl SearchSpace for Space {
    fn size(&self) -> u128 {
        self.family().size()
    }
    fn sample(&self, rng: &mut dyn Rng) -> Genome {
        self.family().sample(rng)
    }
    fn mutate(&self, parent: &Genome, probability: f64, rng: &mut dyn Rng) -> Option<Genome> {
        self.family().mutate(parent, probability, rng)
    }
    fn cross(&self, left: &Genome, right: &Genome, rng: &mut dyn Rng) -> Option<Genome> {
        self.family().cross(left, right, rng)
    }
    fn contains(&self, genome: &Genome) -> Result<(), GenomeError> {
        self.family().contains(genome)
    }
    fn format(&self, genome: &Genome) -> String {
        self.family().format(genome)
    }
    fn parse(&self, text: &str) -> Result<Genome, GenomeError> {
        self.family().parse(text)
    }
}
