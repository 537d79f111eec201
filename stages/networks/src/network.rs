use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use burn::Tensor;
use burn::tensor::Device;
use spaces::{Arithmetic, Compute, Graph, Node, Operator, Parameter, ParameterKind, Site, SupernetPlan};

use crate::forward::NodeTensors;
use crate::initialization::Initialization;
use crate::operators::shift::{power_of_two, sign_and_power};
use crate::operators::transform::{Segments, segments, transform};
use crate::parameters::Parameters;
use crate::sharing::{Sharing, SharingMode, ShiftForm};

/// The trained tensors of a subnet or a supernet, and the rules by which a node finds its own.
///
/// A subnet keys tensors by node name. A supernet keys them by site: a cell's pool, or the operator's own.
#[derive(Debug)]
pub struct Network {
    /// The tensors.
    pub parameters: Parameters,
    keying: Keying,
    shift: ShiftForm,
    /// Segments of pooled weights since the last sort, by pool key.
    segments: Mutex<BTreeMap<String, Segments>>,
}

#[derive(Debug)]
enum Keying {
    Subnet,
    Supernet(Sharing),
}

/// Where the weight of a linear layer comes from.
enum Weight {
    /// The layer's own tensor.
    Own(String),
    /// The tensor of the cell, with the key of T's factors where T applies.
    Pooled { pool: String, factors: Option<String> },
}

impl Network {
    /// Returns a freshly initialised network of one architecture.
    pub fn subnet(graph: &Graph, shift: ShiftForm, seed: u64, device: &Device) -> Self {
        let mut network = Self::empty(Keying::Subnet, shift, device);
        for (index, node) in graph.nodes.iter().enumerate() {
            network.initialize(node, graph.parameters_of(index), seed);
        }
        network
    }

    /// Returns a freshly initialised network of all paths of a space. The sharing must be valid for the shift form.
    pub fn supernet(plan: &SupernetPlan, sharing: Sharing, shift: ShiftForm, seed: u64, device: &Device) -> Self {
        let mut network = Self::empty(Keying::Supernet(sharing), shift, device);
        for (node, parameters) in &plan.nodes {
            network.initialize(node, parameters.clone(), seed);
        }
        network
    }

    fn empty(keying: Keying, shift: ShiftForm, device: &Device) -> Self {
        let segments = Mutex::default();
        Self { parameters: Parameters::new(device), keying, shift, segments }
    }

    fn initialize(&mut self, node: &Node, parameters: Vec<Parameter>, seed: u64) {
        for parameter in parameters.into_iter().filter(|parameter| parameter.kind.is_trained()) {
            match (parameter.kind, node.compute) {
                (ParameterKind::Weight, Compute::Linear(linear)) => {
                    self.initialize_weight(node, linear.arithmetic, &parameter.shape, seed);
                }
                (kind, _) => {
                    let key = format!("{}.{}", self.key(node), kind.name());
                    let initialization = vector_initialization(node, kind, &parameter.shape);
                    self.draw(key, parameter.shape, initialization, seed);
                }
            }
        }
    }

    fn initialize_weight(&mut self, node: &Node, arithmetic: Arithmetic, shape: &[usize], seed: u64) {
        match self.weight(node) {
            Weight::Pooled { pool, factors } => {
                if self.parameters.find(&pool).is_none() {
                    self.draw(pool, shape.to_vec(), Initialization::Normal(1.0), seed);
                }
                if let (Some(factors), Keying::Supernet(sharing)) = (factors, &self.keying) {
                    let count = sharing.segments.min(shape.iter().product());
                    self.draw(factors, vec![count], Initialization::Constant(1.0), seed);
                }
            }
            Weight::Own(key) => match (arithmetic, self.shift) {
                (Arithmetic::Multiply, _) => {
                    self.draw(key, shape.to_vec(), Initialization::kaiming_fan_out(shape), seed);
                }
                (Arithmetic::Add, _) => self.draw(key, shape.to_vec(), Initialization::Normal(1.0), seed),
                (Arithmetic::Shift, ShiftForm::Q) => {
                    self.draw(key, shape.to_vec(), Initialization::kaiming_uniform(shape), seed);
                }
                (Arithmetic::Shift, ShiftForm::Ps) => {
                    let exponent = Initialization::Uniform(-14.0, 0.0);
                    self.draw(format!("{key}.exponent"), shape.to_vec(), exponent, seed);
                    self.draw(format!("{key}.sign"), shape.to_vec(), Initialization::Uniform(-1.0, 1.0), seed);
                }
            },
        }
    }

    fn draw(&mut self, key: String, shape: Vec<usize>, initialization: Initialization, seed: u64) {
        let values = initialization.draw(shape.iter().product(), seed, &key);
        self.parameters.insert(key, shape, values);
    }

    /// Returns the prefix of the tensors that only this node reads.
    fn key(&self, node: &Node) -> String {
        match (&self.keying, &node.site) {
            (Keying::Supernet(_), Some(site)) => site.private_key(),
            (Keying::Supernet(_), None) | (Keying::Subnet, _) => node.name.clone(),
        }
    }

    fn weight(&self, node: &Node) -> Weight {
        match (&self.keying, &node.site) {
            (Keying::Supernet(sharing), Some(site)) if sharing.shares(site) => Weight::Pooled {
                pool: format!("{}.weight", site.pool_key()),
                factors: sharing.transforms(site).then(|| format!("{}.factors", site.private_key())),
            },
            _ => Weight::Own(format!("{}.weight", self.key(node))),
        }
    }

    /// Forgets when weights were last sorted for T. Call it at points that a resumed run passes too.
    pub fn forget_segments(&mut self) {
        self.segments.get_mut().expect("no thread panicked while sorting").clear();
    }

    /// Sorts pooled weights anew if `step` is a multiple of the sharing's `refresh_every`.
    pub(crate) fn refresh_segments(&mut self, step: usize) {
        if let Keying::Supernet(sharing) = &self.keying
            && step.is_multiple_of(sharing.refresh_every)
        {
            self.forget_segments();
        }
    }

    /// Returns the tensors of every node of a path as leaves of the gradient tape make them.
    pub(crate) fn resolve(&self, graph: &Graph) -> Vec<NodeTensors> {
        let of_node = |(index, node): (usize, &Node)| {
            let vector = |kind: &str| self.parameters.leaf(&format!("{}.{kind}", self.key(node)));
            match node.compute {
                Compute::Linear(linear) => NodeTensors::Linear {
                    weight: self.effective_weight(node, linear.arithmetic, &graph.parameters_of(index)[0].shape),
                    bias: linear.bias.then(|| vector("bias")),
                },
                Compute::BatchNorm => NodeTensors::Norm { gamma: vector("gamma"), beta: vector("beta") },
                Compute::Classifier => {
                    let (outputs, inputs) = (node.output.channels, graph.input_of(index).values());
                    let weight = vector("weight").reshape([outputs, inputs]);
                    NodeTensors::Classifier { weight, bias: vector("bias") }
                }
                Compute::Affine => NodeTensors::Affine { scale: vector("scale"), offset: vector("offset") },
                Compute::Input
                | Compute::Relu
                | Compute::SelfAttention { .. }
                | Compute::Sum
                | Compute::MaxPool { .. }
                | Compute::GlobalAveragePool => NodeTensors::None,
            }
        };
        graph.nodes.iter().enumerate().map(of_node).collect()
    }

    /// Returns the weight as the layer's arithmetic sees it: transformed, rounded to powers of two, or plain.
    fn effective_weight(&self, node: &Node, arithmetic: Arithmetic, shape: &[usize]) -> Tensor<4> {
        let flat = match (self.weight(node), arithmetic, self.shift) {
            (Weight::Own(key), Arithmetic::Shift, ShiftForm::Ps) => {
                let leaf = |part: &str| self.parameters.leaf(&format!("{key}.{part}"));
                sign_and_power(leaf("exponent"), leaf("sign"))
            }
            (Weight::Own(key), Arithmetic::Shift, ShiftForm::Q) => power_of_two(self.parameters.leaf(&key)),
            (Weight::Own(key), Arithmetic::Multiply | Arithmetic::Add, _) => self.parameters.leaf(&key),
            (Weight::Pooled { pool, .. }, Arithmetic::Shift, _) => power_of_two(self.parameters.leaf(&pool)),
            (Weight::Pooled { pool, factors: Some(factors) }, Arithmetic::Multiply | Arithmetic::Add, _) => {
                transform(self.parameters.leaf(&pool), self.parameters.leaf(&factors), self.segments_of(&pool))
            }
            (Weight::Pooled { pool, factors: None }, Arithmetic::Multiply | Arithmetic::Add, _) => {
                self.parameters.leaf(&pool)
            }
        };
        flat.reshape([shape[0], shape[1], shape[2], shape[3]])
    }

    fn segments_of(&self, pool: &str) -> Segments {
        let mut cached = self.segments.lock().expect("no thread panicked while sorting");
        if let Some(segments) = cached.get(pool) {
            return Arc::clone(segments);
        }
        let parameter = self.parameters.find(pool).expect("a pool exists before it is read");
        let count = match &self.keying {
            Keying::Supernet(sharing) => sharing.segments,
            Keying::Subnet => 1,
        };
        let segments = segments(parameter.value.clone(), count);
        cached.insert(pool.to_owned(), Arc::clone(&segments));
        segments
    }

    /// Returns the flat pooled weights that conv and add layers of a path see, with the operator that sees them:
    /// what the prior loss of Eq. 7 is taken of. Empty unless weights are shared heterogeneously.
    pub(crate) fn shared_weights(&self, graph: &Graph, tensors: &[NodeTensors]) -> Vec<(Operator, Tensor<1>)> {
        let Keying::Supernet(sharing) = &self.keying else { return Vec::new() };
        let shared = |site: &&Site| sharing.mode == SharingMode::Hws && sharing.shares(site);
        let nodes = graph.nodes.iter().zip(tensors);
        let weights = nodes.filter_map(|(node, tensors)| match (node.site.as_ref().filter(shared), tensors) {
            (Some(site), NodeTensors::Linear { weight, .. }) => {
                let length = weight.dims().iter().product::<usize>();
                Some((site.operator, weight.clone().reshape([length])))
            }
            _ => None,
        });
        weights.collect()
    }
}

fn vector_initialization(node: &Node, kind: ParameterKind, shape: &[usize]) -> Initialization {
    match kind {
        ParameterKind::Gamma if node.site.as_ref().is_some_and(Site::starts_at_zero) => Initialization::Constant(0.0),
        ParameterKind::Gamma | ParameterKind::Scale | ParameterKind::Variance => Initialization::Constant(1.0),
        ParameterKind::Weight => Initialization::kaiming_uniform(shape),
        ParameterKind::Beta | ParameterKind::Bias | ParameterKind::Mean | ParameterKind::Offset => {
            Initialization::Constant(0.0)
        }
    }
}

#[cfg(test)]
mod tests;
