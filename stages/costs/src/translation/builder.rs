use spaces::{Arithmetic, Operator};

use crate::{Layer, Linear, Official, Role, Work};

/// Appends the layers of one part of a network, whose names begin alike.
pub(super) struct Part<'a> {
    layers: &'a mut Vec<Layer>,
    prefix: String,
    operator: Option<Operator>,
}

impl<'a> Part<'a> {
    /// Returns a part named `prefix` whose layers belong to `operator`.
    pub(super) fn new(layers: &'a mut Vec<Layer>, prefix: String, operator: Option<Operator>) -> Self {
        Self { layers, prefix, operator }
    }

    /// Appends a dense layer with bias.
    pub(super) fn dense(&mut self, name: &str, rows: u64, inputs: u64, outputs: u64) {
        self.projection(name, rows, [inputs, outputs], Role::Plain);
    }

    /// Appends a dense layer with bias that has a role.
    pub(super) fn projection(&mut self, name: &str, rows: u64, [inputs, outputs]: [u64; 2], role: Role) {
        let linear = Linear { arithmetic: Arithmetic::Multiply, rows, inputs, outputs, role };
        let params = inputs * outputs + outputs;
        self.layer(name, Work::Linear(linear), params, Official { params, flops: 2 * rows * inputs * outputs });
    }

    /// Appends `batch` products of `[rows, inner]` and `[inner, columns]`.
    pub(super) fn product(&mut self, name: &str, batch: u64, [rows, inner, columns]: [u64; 3]) {
        let work = Work::Product { batch, rows, inner, columns };
        self.layer(name, work, 0, Official { params: 0, flops: 2 * batch * rows * inner * columns });
    }

    /// Appends a normalisation, whose parameters the authors may count. They count a product per output.
    pub(super) fn norm(&mut self, name: &str, rows: u64, width: u64, official_params: u64) {
        let official = Official { params: official_params, flops: 2 * rows * width };
        self.layer(name, Work::Free, 2 * width, official);
    }

    /// Appends a layer.
    pub(super) fn layer(&mut self, name: &str, work: Work, params: u64, official: Official) {
        let name = format!("{}.{name}", self.prefix);
        self.layers.push(Layer { name, operator: self.operator, work, params, official });
    }
}
