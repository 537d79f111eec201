use std::collections::BTreeMap;

use burn::Tensor;
use burn::tensor::{Device, Gradients, TensorData};

/// Key, shape and row-major values of a tensor.
pub type NamedTensor = (String, Vec<usize>, Vec<f32>);

/// Gradients of flat tensors by key; tensors without one are missing.
pub(crate) type KeyedGradients = BTreeMap<String, Tensor<1>>;

/// Trained tensors by key, each kept flat with its shape.
///
/// This is the one owner of every tensor: paths read clones of the leaves, so that a tensor that several operators
/// share collects all their gradients, and a tensor off the path keeps its value.
#[derive(Clone, Debug)]
pub struct Parameters {
    entries: BTreeMap<String, Parameter>,
    device: Device,
}

/// One trained tensor.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Sizes of its axes.
    pub shape: Vec<usize>,
    /// Its values, a leaf of the gradient tape.
    pub value: Tensor<1>,
}

impl Parameters {
    /// Returns an empty set whose tensors will live on `device`.
    pub fn new(device: &Device) -> Self {
        Self { entries: BTreeMap::new(), device: device.clone().autodiff() }
    }

    /// Returns the device, with gradients.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Adds or replaces a tensor.
    pub fn insert(&mut self, key: impl Into<String>, shape: Vec<usize>, values: Vec<f32>) {
        let length = values.len();
        let value = Tensor::from_data(TensorData::new(values, [length]), &self.device).require_grad();
        self.entries.insert(key.into(), Parameter { shape, value });
    }

    /// Returns a tensor if it exists.
    pub fn find(&self, key: &str) -> Option<&Parameter> {
        self.entries.get(key)
    }

    /// Returns the flat leaf of a tensor.
    ///
    /// # Panics
    /// If the network was built without it, which is a bug in how keys are made.
    pub fn leaf(&self, key: &str) -> Tensor<1> {
        self.entries.get(key).unwrap_or_else(|| panic!("the network holds no tensor `{key}`")).value.clone()
    }

    /// Returns the values of a tensor.
    pub fn values(&self, key: &str) -> Vec<f32> {
        host_values(self.leaf(key))
    }

    /// Returns keys and tensors in key order.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Parameter)> {
        self.entries.iter()
    }

    /// Returns keys and tensors in key order, to be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&String, &mut Parameter)> {
        self.entries.iter_mut()
    }

    /// Returns the gradients of the leaves that took part in a backward pass.
    pub(crate) fn gradients(&self, gradients: &Gradients) -> KeyedGradients {
        let leaves = self.entries.iter();
        leaves.filter_map(|(key, leaf)| Some((key.clone(), leaf.value.grad(gradients)?))).collect()
    }

    /// Returns the number of trained scalars.
    pub fn scalars(&self) -> usize {
        self.entries.values().map(|parameter| parameter.shape.iter().product::<usize>()).sum()
    }
}

/// Returns the values of a tensor in row-major order.
pub(crate) fn host_values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().convert::<f32>().try_into_vec().expect("converted to f32")
}
