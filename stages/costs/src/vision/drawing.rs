use spaces::{Arithmetic, Operator};

use crate::{Layer, Linear, Module, Network, Role, Window};

/// How a shift layer is trained, which decides what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShiftForm {
    /// Floats, rounded to signed powers of two.
    Q,
    /// An exponent and a sign per weight.
    Ps,
}

/// The size of a square map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Map {
    pub channels: u64,
    pub edge: u64,
}

/// A convolution-like layer before it meets its map.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filter {
    pub arithmetic: Arithmetic,
    pub channels: u64,
    pub kernel: u64,
    pub stride: u64,
    pub padding: u64,
    pub groups: u64,
    pub bias: bool,
}

impl Filter {
    /// Returns a dense layer without bias that keeps the size of the map.
    pub const fn new(arithmetic: Arithmetic, channels: u64, kernel: u64) -> Self {
        Self { arithmetic, channels, kernel, stride: 1, padding: kernel / 2, groups: 1, bias: false }
    }
}

/// A network under construction.
pub(super) struct Drawing {
    /// What the next layer reads.
    pub map: Map,
    layers: Vec<Layer>,
    shift: ShiftForm,
    scope: String,
    operator: Option<Operator>,
}

impl Drawing {
    /// Returns a network that reads pictures of three colours.
    pub fn new(image_size: u64, shift: ShiftForm) -> Self {
        let map = Map { channels: 3, edge: image_size };
        Self { map, layers: Vec::new(), shift, scope: String::new(), operator: None }
    }

    /// Names what follows `SCOPE.PART`, of a block of this operator.
    pub fn enter(&mut self, scope: impl Into<String>, operator: Option<Operator>) {
        self.scope = scope.into();
        self.operator = operator;
    }

    pub fn finish(self, name: &str) -> Network {
        Network { name: name.to_owned(), layers: self.layers }
    }

    /// A convolution, shift or add layer on the map.
    pub fn filter(&mut self, part: &str, filter: Filter) {
        let Filter { arithmetic, channels, kernel, stride, padding, groups, bias } = filter;
        let edge = (self.map.edge + 2 * padding - kernel) / stride + 1;
        let window = Window {
            arithmetic,
            in_channels: self.map.channels,
            out_channels: channels,
            height: self.map.edge,
            width: self.map.edge,
            out_height: edge,
            out_width: edge,
            kernel,
            stride,
            groups,
        };
        self.push(part, Module::Window { window, bias });
        self.map = Map { channels, edge };
    }

    /// A batch normalisation of the map.
    pub fn norm(&mut self, part: &str) {
        let Map { channels, edge } = self.map;
        self.push(part, Module::BatchNorm { channels, positions: edge * edge });
    }

    /// max(x, 0) of the map.
    pub fn relu(&mut self, part: &str) {
        let Map { channels, edge } = self.map;
        self.push(part, Module::Relu { values: channels * edge * edge });
    }

    /// Windows of the map; the last row and column may be cut.
    pub fn pool(&mut self, part: &str, kernel: u64, stride: u64) {
        self.map.edge = self.map.edge.div_ceil(stride);
        let outputs = self.map.channels * self.map.edge * self.map.edge;
        self.push(part, Module::Pool { kernel, outputs });
    }

    /// A matrix with bias that is applied to every row.
    pub fn linear(&mut self, part: &str, rows: u64, inputs: u64, outputs: u64) {
        let linear = Linear { arithmetic: Arithmetic::Multiply, rows, inputs, outputs, role: Role::Plain };
        self.push(part, Module::Linear { linear, bias: true });
    }

    /// `batch` products of `[rows, inner]` and `[inner, columns]`.
    pub fn product(&mut self, part: &str, batch: u64, [rows, inner, columns]: [u64; 3]) {
        self.push(part, Module::Product { batch, rows, inner, columns });
    }

    /// qᵀk and V·A of every head.
    pub fn attention(&mut self, heads: u64, width: u64, positions: u64) {
        self.product("attention.qk", heads, [positions, width, positions]);
        self.product("attention.av", heads, [width, positions, positions]);
    }

    /// Trained scalars that no counter of operations sees.
    pub fn scalars(&mut self, part: &str, params: u64) {
        let layer = Module::Free.layer(self.name(part), self.operator, params);
        self.layers.push(layer);
    }

    fn push(&mut self, part: &str, module: Module) {
        let signs = match (module.work().arithmetic(), self.shift) {
            (Some(Arithmetic::Shift), ShiftForm::Ps) => module.weights(),
            (Some(Arithmetic::Shift), ShiftForm::Q) | (Some(Arithmetic::Multiply | Arithmetic::Add) | None, _) => 0,
        };
        let layer = module.layer(self.name(part), self.operator, module.params() + signs);
        self.layers.push(layer);
    }

    fn name(&self, part: &str) -> String {
        format!("{}.{part}", self.scope)
    }
}
