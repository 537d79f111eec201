use std::iter::Sum;
use std::ops::Add;

use serde::{Deserialize, Serialize};
use spaces::{Arithmetic, Compute, FeatureMap, Graph, Linear, Node, Operator};

/// Multiply-accumulates of one picture by arithmetic.
///
/// One unit is one tap: a product and its accumulation, a shift and its accumulation, or |x − w| and its
/// accumulation. Taps on the padding count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Macs {
    /// Multiply-accumulates: convolutions, attention products, classifier.
    pub multiply: u64,
    /// Shift-accumulates.
    pub shift: u64,
    /// Subtract-accumulates of add layers.
    pub add: u64,
}

impl Macs {
    /// Returns the multiply-accumulates of one arithmetic.
    pub const fn of(self, arithmetic: Arithmetic) -> u64 {
        match arithmetic {
            Arithmetic::Multiply => self.multiply,
            Arithmetic::Shift => self.shift,
            Arithmetic::Add => self.add,
        }
    }

    /// Returns the sum over the arithmetics, column `MACs` of Table 4 of ShiftAddNAS (arXiv 2205.08119).
    pub const fn total(self) -> u64 {
        self.multiply + self.shift + self.add
    }

    /// Returns which part of all multiply-accumulates one arithmetic has, 0 to 1; 0 if there are none.
    pub fn share(self, arithmetic: Arithmetic) -> f64 {
        match self.total() {
            0 => 0.0,
            total => self.of(arithmetic) as f64 / total as f64,
        }
    }

    /// Returns the additions, column `#Add` of Table 4: multiply + shift + 2 · add.
    ///
    /// A product or a shift needs one addition to accumulate it; a tap of an add layer needs two, one for x − w
    /// and one to accumulate.
    pub const fn additions(self) -> u64 {
        self.multiply + self.shift + 2 * self.add
    }

    /// Returns the operations (OPs): multiplications + shifts + additions. One OP is one of either.
    pub const fn operations(self) -> u64 {
        self.multiply + self.shift + self.additions()
    }

    pub(crate) const fn of_mut(&mut self, arithmetic: Arithmetic) -> &mut u64 {
        match arithmetic {
            Arithmetic::Multiply => &mut self.multiply,
            Arithmetic::Shift => &mut self.shift,
            Arithmetic::Add => &mut self.add,
        }
    }

    const fn only(arithmetic: Arithmetic, macs: u64) -> Self {
        let none = Self { multiply: 0, shift: 0, add: 0 };
        match arithmetic {
            Arithmetic::Multiply => Self { multiply: macs, ..none },
            Arithmetic::Shift => Self { shift: macs, ..none },
            Arithmetic::Add => Self { add: macs, ..none },
        }
    }
}

impl Add for Macs {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { multiply: self.multiply + other.multiply, shift: self.shift + other.shift, add: self.add + other.add }
    }
}

impl Sum for Macs {
    fn sum<I: Iterator<Item = Self>>(values: I) -> Self {
        values.fold(Self::default(), Add::add)
    }
}

/// Trained scalars by the arithmetic of the layer that owns them.
///
/// Running statistics are not trained and not counted, nor are the factors of a folded normalisation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Weights and biases of multiplying layers and of the classifier.
    pub multiply: u64,
    /// Weights and biases of shift layers.
    pub shift: u64,
    /// Weights and biases of add layers.
    pub add: u64,
    /// Scales and offsets of normalisations.
    pub normalization: u64,
}

impl Params {
    /// Returns the sum, which is [`Graph::trained_parameters`].
    pub const fn total(self) -> u64 {
        self.multiply + self.shift + self.add + self.normalization
    }

    const fn only(arithmetic: Option<Arithmetic>, params: u64) -> Self {
        let none = Self { multiply: 0, shift: 0, add: 0, normalization: 0 };
        match arithmetic {
            Some(Arithmetic::Multiply) => Self { multiply: params, ..none },
            Some(Arithmetic::Shift) => Self { shift: params, ..none },
            Some(Arithmetic::Add) => Self { add: params, ..none },
            None => Self { normalization: params, ..none },
        }
    }
}

impl Add for Params {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            multiply: self.multiply + other.multiply,
            shift: self.shift + other.shift,
            add: self.add + other.add,
            normalization: self.normalization + other.normalization,
        }
    }
}

impl Sum for Params {
    fn sum<I: Iterator<Item = Self>>(values: I) -> Self {
        values.fold(Self::default(), Add::add)
    }
}

/// What one node of a graph costs: one row of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeCounts {
    /// Name of the node.
    pub name: String,
    /// Operator of the block that owns the node; `None` outside searchable layers.
    pub operator: Option<Operator>,
    /// How weights and inputs meet; `None` where nothing is multiplied, shifted or subtracted.
    pub arithmetic: Option<Arithmetic>,
    /// Multiply-accumulates of that arithmetic for one picture; 0 without arithmetic.
    pub macs: u64,
    /// Trained scalars of the node.
    pub params: u64,
    /// Size of the output.
    pub output: FeatureMap,
}

/// What a network costs per picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Trained scalars.
    pub params: Params,
    /// Multiply-accumulates.
    pub macs: Macs,
}

/// Returns the counts of a network.
pub fn counts(graph: &Graph) -> Counts {
    let rows = node_counts(graph);
    let macs = rows.iter().filter_map(|row| row.arithmetic.map(|arithmetic| Macs::only(arithmetic, row.macs)));
    let params = rows.iter().map(|row| Params::only(row.arithmetic, row.params));
    Counts { params: params.sum(), macs: macs.sum() }
}

/// Returns one row per node in execution order.
pub fn node_counts(graph: &Graph) -> Vec<NodeCounts> {
    graph.nodes.iter().enumerate().map(|(index, node)| row(graph, index, node)).collect()
}

fn row(graph: &Graph, index: usize, node: &Node) -> NodeCounts {
    let (arithmetic, macs) = match node.compute {
        Compute::Linear(linear) => (Some(linear.arithmetic), linear_macs(linear, graph.input_of(index), node.output)),
        Compute::SelfAttention { .. } => (Some(Arithmetic::Multiply), attention_macs(graph.input_of(index))),
        Compute::Classifier => (Some(Arithmetic::Multiply), graph.input_of(index).values() * node.output.channels),
        Compute::Input
        | Compute::BatchNorm
        | Compute::Affine
        | Compute::Relu
        | Compute::Sum
        | Compute::MaxPool { .. }
        | Compute::GlobalAveragePool => (None, 0),
    };
    NodeCounts {
        name: node.name.clone(),
        operator: node.site.as_ref().map(|site| site.operator),
        arithmetic,
        macs: macs as u64,
        params: trained_scalars(graph, index),
        output: node.output,
    }
}

/// Every output value reads one window of the input channels of its group.
const fn linear_macs(linear: Linear, input: FeatureMap, output: FeatureMap) -> usize {
    output.values() * (input.channels / linear.groups) * linear.kernel * linear.kernel
}

/// qᵀk and A·v are n × n × (head width) products per head, and heads · head width = channels / 3.
const fn attention_macs(stacked: FeatureMap) -> usize {
    2 * stacked.positions() * stacked.positions() * (stacked.channels / 3)
}

pub(crate) fn trained_scalars(graph: &Graph, index: usize) -> u64 {
    let trained = graph.parameters_of(index).into_iter().filter(|parameter| parameter.kind.is_trained());
    trained.map(|parameter| parameter.shape.iter().product::<usize>() as u64).sum()
}

#[cfg(test)]
mod tests;
