use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::block::{Builder, Cell, Entry, Widths};
use crate::graph::{Arithmetic, AttentionForm, Compute, FeatureMap, Graph, Linear};
use crate::{Genome, Operator, SpaceError, Task};

mod genomes;
mod trellis;
mod validate;

/// The multi-resolution space of hybrid CNNs (Table 2 and Fig. 2b of ShiftAddNAS).
///
/// A stem, then a chain of searchable layers. Each layer chooses a level (resolution and channels) and an
/// operator; the level may stay or move one step coarser from layer to layer. A linear head closes the chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HybridCnn {
    /// First convolution and optional pooling.
    pub stem: Stem,
    /// Number of searchable layers.
    pub layers: usize,
    /// Levels, finest first; each halves the height and width of the one before.
    pub levels: Vec<Level>,
    /// Channels of a level over channels inside its blocks.
    #[serde(default = "default_bottleneck")]
    pub bottleneck: usize,
    /// Width of one attention head; a level narrower than that has one head.
    #[serde(default = "default_head_channels")]
    pub head_channels: usize,
    /// Which axis of the attention map sums to one.
    #[serde(default)]
    pub attention: AttentionForm,
    /// Which distribution random architectures follow.
    #[serde(default)]
    pub path_weighting: PathWeighting,
    /// Which cells a supernet holds.
    #[serde(default)]
    pub cells: CellSet,
}

/// First convolution: `kernel` x `kernel`, padding `kernel / 2`, batch normalisation, ReLU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stem {
    /// Output channels.
    pub channels: usize,
    /// Edge of the window.
    pub kernel: usize,
    /// Step of the window.
    pub stride: usize,
    /// Whether a 3x3 max-pool of stride 2 follows.
    #[serde(default)]
    pub pool: bool,
}

/// One resolution step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// Channels between blocks.
    pub channels: usize,
    /// Operators offered.
    pub operators: Vec<Operator>,
    /// How many layers an architecture may have here.
    pub layers: LayerRange,
}

/// Fewest and most layers, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LayerRange {
    /// Fewest layers.
    pub min: usize,
    /// Most layers.
    pub max: usize,
}

/// Which distribution random architectures follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PathWeighting {
    /// Every architecture is equally likely (Eq. 5: uniform sampling).
    #[default]
    Subnets,
    /// Every allocation of layers to levels is equally likely, then every operator.
    Allocations,
}

/// Which cells a supernet holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CellSet {
    /// Those that some architecture of the space uses.
    #[default]
    Reachable,
    /// Every layer at every level with both entries, as the authors' release holds them.
    All,
}

const fn default_bottleneck() -> usize {
    4
}

const fn default_head_channels() -> usize {
    64
}

impl HybridCnn {
    /// Returns the network of a genome. The genome must be a point of the space.
    pub fn graph(&self, genome: &Genome, task: Task) -> Graph {
        let mut builder = Builder::new(task.input);
        let mut last = self.stem(&mut builder);
        let mut level = self.decode(genome.0[0]).0;
        last = self.adapter(&mut builder, level, last);
        for (layer, &choice) in genome.0.iter().enumerate() {
            let (next, operator) = self.decode(choice);
            let entry = if next > level { Entry::Down } else { Entry::Keep };
            level = next;
            last = builder.block(Cell { layer, level }, operator, entry, self.widths(level), last);
        }
        head(&mut builder, last, task.classes);
        builder.finish()
    }

    /// Returns level and operator of a choice index. The index must be below the number of choices.
    pub(crate) fn decode(&self, choice: u16) -> (usize, Operator) {
        let mut rest = usize::from(choice);
        for (level, description) in self.levels.iter().enumerate() {
            match description.operators.get(rest) {
                Some(&operator) => return (level, operator),
                None => rest -= description.operators.len(),
            }
        }
        unreachable!("choices are checked against the space before they are decoded")
    }

    pub(crate) fn widths(&self, level: usize) -> Widths {
        let channels = self.levels[level].channels;
        let bottleneck = channels / self.bottleneck;
        let heads = (bottleneck / self.head_channels).max(1);
        Widths { channels, bottleneck, heads, form: self.attention }
    }

    pub(crate) fn stem(&self, builder: &mut Builder) -> usize {
        let map = stem_map(self.stem, builder.nodes[0].output);
        let convolution = multiply(self.stem.kernel, self.stem.stride, self.stem.kernel / 2, 1);
        let convolved = builder.fixed("stem.conv", Compute::Linear(convolution), 0, map);
        let normalized = builder.fixed("stem.norm", Compute::BatchNorm, convolved, map);
        let activated = builder.fixed("stem.relu", Compute::Relu, normalized, map);
        if !self.stem.pool {
            return activated;
        }
        let pool = Compute::MaxPool { kernel: 3, stride: 2, padding: 1 };
        builder.fixed("stem.pool", pool, activated, map.windowed(3, 2, 1))
    }

    /// Brings the stem's map to the level of the first layer: depth-wise convolution with kernel and stride
    /// 2^level, 1x1 convolution to the bottleneck width, normalisation.
    pub(crate) fn adapter(&self, builder: &mut Builder, level: usize, input: usize) -> usize {
        let edge = 1 << level;
        let channels = self.stem.channels;
        let name = |part: &str| format!("adapter.level{level}.{part}");
        let map = builder.nodes[input].output.windowed(edge, edge, 0);
        let depthwise = Compute::Linear(multiply(edge, edge, 0, channels));
        let reduced = builder.fixed(name("depthwise"), depthwise, input, map);
        let map = map.with_channels(self.widths(level).bottleneck);
        let projected = builder.fixed(name("project"), Compute::Linear(multiply(1, 1, 0, 1)), reduced, map);
        builder.fixed(name("norm"), Compute::BatchNorm, projected, map)
    }

    /// Returns every allocation of layers to levels, finest level first.
    pub(crate) fn allocations(&self) -> Vec<Vec<usize>> {
        let mut partial = vec![Vec::new()];
        for level in &self.levels {
            let longer = |prefix: &Vec<usize>| {
                let used: usize = prefix.iter().sum();
                let prefix = prefix.clone();
                let most = level.layers.max.min(self.layers - used);
                (level.layers.min..=most).map(move |layers| [prefix.as_slice(), &[layers]].concat())
            };
            partial = partial.iter().flat_map(longer).collect();
        }
        partial.retain(|allocation| allocation.iter().sum::<usize>() == self.layers);
        partial.retain(|allocation| no_level_is_skipped(allocation));
        partial
    }

    /// Returns `Ok` if the space has a point for some task.
    pub(crate) fn check(&self) -> Result<(), SpaceError> {
        validate::check(self)
    }

    /// Returns `Ok` if the space has a point and fits the task.
    pub(crate) fn validate(&self, task: Task) -> Result<(), SpaceError> {
        validate::validate(self, task)
    }
}

/// An unused level between two used ones would make a layer jump two levels.
fn no_level_is_skipped(allocation: &[usize]) -> bool {
    let used = |layers: &usize| *layers > 0;
    let first = allocation.iter().position(used).unwrap_or(0);
    let last = allocation.iter().rposition(used).unwrap_or(0);
    allocation[first..=last].iter().all(used)
}

fn stem_map(stem: Stem, input: FeatureMap) -> FeatureMap {
    input.with_channels(stem.channels).windowed(stem.kernel, stem.stride, stem.kernel / 2)
}

fn multiply(kernel: usize, stride: usize, padding: usize, groups: usize) -> Linear {
    Linear { arithmetic: Arithmetic::Multiply, kernel, stride, padding, groups, bias: false }
}

pub(crate) fn head(builder: &mut Builder, input: usize, classes: usize) -> usize {
    let channels = builder.nodes[input].output.channels;
    let pooled = builder.fixed("head.pool", Compute::GlobalAveragePool, input, FeatureMap::vector(channels));
    builder.fixed("head.classifier", Compute::Classifier, pooled, FeatureMap::vector(classes))
}

#[cfg(test)]
mod tests;
