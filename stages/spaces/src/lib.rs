//! What may be chosen: operators, search spaces, genomes, architectures. Pure data, no tensors, no files.
//!
//! The nouns, in the order in which they are made of each other:
//!
//! - [`Operator`]: attention, conv, shift or add, the arithmetic of a block.
//! - [`Space`]: the set of allowed architectures, as a manifest describes it.
//! - [`Genome`]: one point of a space as choice indices.
//! - [`Architecture`]: a decoded genome with all sizes.
//! - [`Graph`]: the nodes an architecture computes, in execution order. Training interprets it, lowering
//!   translates it and the cost model counts it, so the three cannot disagree about what a network is.
//! - [`Trellis`]: all points of a space as ways through one small graph of pieces.
//! - [`HybridTransformer`]: a space of translation networks, [`TransformerArchitecture`] one of them.
//! - [`Weights`]: the tensors of one network by name, the boundary between training and export.
//!
//! What it deliberately does not do: run anything, read files, know a clock or a thread.

mod architecture;
mod block;
mod folding;
mod genome;
mod graph;
mod hybrid_cnn;
mod hybrid_transformer;
mod operator;
mod space;
mod supernet;
mod trellis;
mod weights;

pub use architecture::{Architecture, Task};
pub use block::{Cell, Entry};
pub use folding::fold;
pub use genome::{Genome, GenomeError};
pub use graph::{
    Arithmetic, AttentionForm, BATCH_NORM_EPSILON, Compute, FeatureMap, Graph, Linear, Node, Parameter, ParameterKind,
    Site,
};
pub use hybrid_cnn::{CellSet, HybridCnn, LayerRange, Level, PathWeighting, Stem};
pub use hybrid_transformer::{
    Conventions, DecoderChoices, DecoderLayer, EncoderChoices, EncoderLayer, HybridTransformer, LayerPlace, LinearForm,
    LocalNorm, LocalOperator, Mix, OfferedForms, PaddingMasks, Positions, Sampling, TransformerArchitecture,
    TransformerDecoder, TransformerEncoder, TransformerError, TransformerParameter, TransformerSizes, TranslationSpace,
    TranslationTask, kernel_length,
};
pub use operator::Operator;
pub use space::{SearchSpace, Space, SpaceError};
pub use supernet::SupernetPlan;
pub use trellis::{Edge, Trellis};
pub use weights::{LARGEST_SHIFT_CODE, Tensor, Values, Weights, WeightsError, is_shift_code, is_shift_weight};
