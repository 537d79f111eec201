use serde::{Deserialize, Serialize};

use crate::TransformerError;

/// A point of a search space: one choice index per decision, in the order the space defines.
///
/// What an index means is the space's business: [`crate::SearchSpace::format`] prints it for people and
/// [`crate::SearchSpace::parse`] reads that print back.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Genome(pub Vec<u16>);

/// Why a text or a list of indices is no point of a space.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenomeError {
    /// The number of decisions differs from that of the space.
    #[error("genome has {found} layers, the space wants {wanted}")]
    Length {
        /// Layers of the space.
        wanted: usize,
        /// Layers of the genome.
        found: usize,
    },
    /// The printed form has another number of levels.
    #[error("genome `{text}` has {found} levels separated by `.`, the space wants {wanted}")]
    Levels {
        /// The text that was read.
        text: String,
        /// Levels of the space.
        wanted: usize,
        /// Levels of the text.
        found: usize,
    },
    /// An operator is not offered where the genome uses it.
    #[error("`{letter}` is not offered at level {level}, which offers {offered}")]
    NotOffered {
        /// The operator's letter, or whatever stood in its place.
        letter: char,
        /// Level, finest is 0.
        level: usize,
        /// Letters offered there.
        offered: String,
    },
    /// A choice index beyond the last choice.
    #[error("choice {choice} of layer {layer} is outside 0..{choices}")]
    Choice {
        /// Layer, first is 0.
        layer: usize,
        /// The index that was found.
        choice: u16,
        /// Number of choices.
        choices: usize,
    },
    /// Levels go back to a finer one or skip one.
    #[error("layer {layer} goes from level {from} to level {to}; a layer may stay or move one level coarser")]
    Step {
        /// Layer, first is 0.
        layer: usize,
        /// Level before it.
        from: usize,
        /// Its level.
        to: usize,
    },
    /// A level has too few or too many layers.
    #[error("level {level} has {found} layers, the space wants {min} to {max}")]
    Allocation {
        /// Level, finest is 0.
        level: usize,
        /// Fewest layers.
        min: usize,
        /// Most layers.
        max: usize,
        /// Layers found.
        found: usize,
    },
    /// The number of genes differs from that of the space.
    #[error("genome has {found} genes, the space wants {wanted}")]
    Genes {
        /// Genes of the space.
        wanted: usize,
        /// Genes of the genome.
        found: usize,
    },
    /// A gene beyond its last choice.
    #[error("gene {index}, {gene}, is {choice}, wanted 0 to {last}")]
    Gene {
        /// Its index, first is 0.
        index: usize,
        /// What it chooses, with the layer if it is chosen per layer.
        gene: String,
        /// The index that was found.
        choice: u16,
        /// Index of the last choice.
        last: usize,
    },
    /// A gene of a layer that the architecture does not have is not 0.
    #[error("gene {index}, {gene}, is {choice}, but there is no such layer; write 0")]
    Inert {
        /// Its index, first is 0.
        index: usize,
        /// What it would choose, with the layer.
        gene: String,
        /// The index that was found.
        choice: u16,
    },
    /// The printed form of a translation network ends early or goes on where it should not.
    #[error("architecture `{text}`: wanted {wanted} at character {at}, found {found}")]
    Text {
        /// The text that was read.
        text: String,
        /// What should stand there.
        wanted: &'static str,
        /// Characters before it.
        at: usize,
        /// What stands there.
        found: String,
    },
    /// The text is an architecture, but none of the space.
    #[error(transparent)]
    Architecture(#[from] TransformerError),
}
