use crate::graph::{Arithmetic, AttentionForm, Compute, FeatureMap, Graph, Linear, Node, Site};
use crate::operator::Operator;

/// A searchable layer at one level of a supernet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cell {
    /// Position in the chain, first is 0.
    pub layer: usize,
    /// Level, finest is 0.
    pub level: usize,
}

/// How a block's input relates to its own level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entry {
    /// Same level: stride 1.
    Keep,
    /// One level finer: stride 2.
    Down,
}

/// Widths inside the blocks of one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Widths {
    pub channels: usize,
    pub bottleneck: usize,
    pub heads: usize,
    pub form: AttentionForm,
}

/// Collects nodes and remembers whose block is being built.
pub(crate) struct Builder {
    pub nodes: Vec<Node>,
}

/// Names of one block: in the network and in the supernet.
struct Scope {
    name: String,
    cell: String,
    operator: Operator,
    entry: Entry,
}

impl Builder {
    pub fn new(input: FeatureMap) -> Self {
        let node = Node { name: "images".into(), compute: Compute::Input, inputs: vec![], output: input, site: None };
        Self { nodes: vec![node] }
    }

    pub fn finish(self) -> Graph {
        Graph { nodes: self.nodes }
    }

    /// Appends a node outside the searchable layers and returns its index.
    pub fn fixed(&mut self, name: impl Into<String>, compute: Compute, input: usize, output: FeatureMap) -> usize {
        self.nodes.push(Node { name: name.into(), compute, inputs: vec![input], output, site: None });
        self.nodes.len() - 1
    }

    /// Appends the block of `operator` at `cell` and returns the index of its output (spec: ShiftAddNAS,
    /// Sec. 3.1 and Fig. 2b; BossNAS bottleneck with a depth-wise positional encoding).
    pub fn block(&mut self, cell: Cell, operator: Operator, entry: Entry, widths: Widths, input: usize) -> usize {
        let scope = Scope {
            name: format!("layers.{}", cell.layer),
            cell: format!("layers.{}.level{}", cell.layer, cell.level),
            operator,
            entry,
        };
        let shortcut = self.shortcut(&scope, widths, input);
        let inner = match operator {
            Operator::Attention => self.attention(&scope, widths, input),
            Operator::Conv | Operator::Shift | Operator::Add => self.convolutions(&scope, widths, input),
        };
        let expanded = self.linear(&scope, "expand", window(operator, 1, 1), widths.channels, inner);
        let expanded = self.norm(&scope, EXPAND_NORM, expanded);
        let sum = self.join(&scope, [expanded, shortcut]);
        self.relu(&scope, "out", sum)
    }

    fn shortcut(&mut self, scope: &Scope, widths: Widths, input: usize) -> usize {
        let (part, norm, linear) = match scope.entry {
            Entry::Down => ("down.shortcut", "down.shortcut_norm", window(scope.operator, 3, 2)),
            Entry::Keep if self.nodes[input].output.channels != widths.channels => {
                ("shortcut", "shortcut_norm", window(scope.operator, 1, 1))
            }
            Entry::Keep => return input,
        };
        let projected = self.linear(scope, part, linear, widths.channels, input);
        let normalized = self.norm(scope, norm, projected);
        self.relu(scope, "shortcut_relu", normalized)
    }

    /// 1x1 to the bottleneck, positional encoding (which carries the stride), normalisation, ReLU.
    fn entry(&mut self, scope: &Scope, widths: Widths, input: usize) -> usize {
        let (entry, peg, norm, stride) = match scope.entry {
            Entry::Keep => ("entry", "peg", "entry_norm", 1),
            Entry::Down => ("down.entry", "down.peg", "down.entry_norm", 2),
        };
        let bias = match scope.operator {
            Operator::Attention | Operator::Conv | Operator::Shift => true,
            Operator::Add => false,
        };
        let narrowed = self.linear(scope, entry, window(scope.operator, 1, 1), widths.bottleneck, input);
        let depthwise = Linear { groups: widths.bottleneck, bias, ..window(scope.operator, 3, stride) };
        let positioned = self.linear(scope, peg, depthwise, widths.bottleneck, narrowed);
        let normalized = self.norm(scope, norm, positioned);
        self.relu(scope, "entry_relu", normalized)
    }

    fn convolutions(&mut self, scope: &Scope, widths: Widths, input: usize) -> usize {
        let entered = self.entry(scope, widths, input);
        let middle = self.linear(scope, "middle", window(scope.operator, 3, 1), widths.bottleneck, entered);
        let normalized = self.norm(scope, "middle_norm", middle);
        self.relu(scope, "middle_relu", normalized)
    }

    fn attention(&mut self, scope: &Scope, widths: Widths, input: usize) -> usize {
        let entered = self.entry(scope, widths, input);
        let qkv = self.linear(scope, "qkv", window(scope.operator, 1, 1), 3 * widths.bottleneck, entered);
        let output = self.nodes[entered].output;
        let compute = Compute::SelfAttention { heads: widths.heads, form: widths.form };
        let attended = self.push(scope, "attention", compute, vec![qkv], output);
        let normalized = self.norm(scope, "middle_norm", attended);
        self.relu(scope, "middle_relu", normalized)
    }

    fn linear(&mut self, scope: &Scope, part: &'static str, linear: Linear, channels: usize, input: usize) -> usize {
        let map = self.nodes[input].output.with_channels(channels);
        let output = map.windowed(linear.kernel, linear.stride, linear.padding);
        self.push(scope, part, Compute::Linear(linear), vec![input], output)
    }

    fn norm(&mut self, scope: &Scope, part: &'static str, input: usize) -> usize {
        let output = self.nodes[input].output;
        self.push(scope, part, Compute::BatchNorm, vec![input], output)
    }

    fn relu(&mut self, scope: &Scope, part: &'static str, input: usize) -> usize {
        let output = self.nodes[input].output;
        self.push(scope, part, Compute::Relu, vec![input], output)
    }

    fn join(&mut self, scope: &Scope, inputs: [usize; 2]) -> usize {
        let output = self.nodes[inputs[0]].output;
        self.push(scope, "sum", Compute::Sum, inputs.to_vec(), output)
    }

    fn push(
        &mut self,
        scope: &Scope,
        part: &'static str,
        compute: Compute,
        inputs: Vec<usize>,
        output: FeatureMap,
    ) -> usize {
        let short = part.strip_prefix("down.").unwrap_or(part);
        let name = format!("{}.{short}", scope.name);
        let site = Some(Site { operator: scope.operator, cell: scope.cell.clone(), part });
        self.nodes.push(Node { name, compute, inputs, output, site });
        self.nodes.len() - 1
    }
}

/// The normalisation in front of the residual sum.
const EXPAND_NORM: &str = "expand_norm";

impl Site {
    /// Returns whether the scale of this normalisation starts at 0, so that a fresh block is its shortcut.
    pub fn starts_at_zero(&self) -> bool {
        self.part == EXPAND_NORM
    }

    /// Returns whether operators of a cell may share the weight of this part (Sec. 3.2.2): the projections of
    /// conv, shift and add; never positional encodings, normalisations or anything of attention.
    pub fn may_share(&self) -> bool {
        const SHARED: [&str; 6] = ["entry", "down.entry", "shortcut", "down.shortcut", "middle", "expand"];
        self.operator != Operator::Attention && SHARED.contains(&self.part)
    }

    /// Returns the key of a tensor that belongs to one operator.
    pub fn private_key(&self) -> String {
        format!("{}.{}.{}", self.cell, self.operator, self.part)
    }

    /// Returns the key of the tensor that the operators of the cell share.
    pub fn pool_key(&self) -> String {
        format!("{}.pool.{}", self.cell, self.part)
    }
}

fn window(operator: Operator, kernel: usize, stride: usize) -> Linear {
    let arithmetic = match operator {
        Operator::Attention | Operator::Conv => Arithmetic::Multiply,
        Operator::Shift => Arithmetic::Shift,
        Operator::Add => Arithmetic::Add,
    };
    Linear { arithmetic, kernel, stride, padding: kernel / 2, groups: 1, bias: false }
}
