use spaces::{Arithmetic, LinearForm, Operator};

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

    /// Appends a linear layer.
    pub(super) fn linear(&mut self, name: &str, form: LinearForm, rows: u64, sizes: [u64; 2]) {
        self.matrix(name, form, rows, sizes, Role::Plain);
    }

    /// Appends W_a or W_b of a local branch whose operator has this arithmetic. Of another form than dense it is a linear
    /// layer like every other.
    pub(super) fn projection(&mut self, name: &str, form: LinearForm, rows: u64, sizes: [u64; 2], branch: Arithmetic) {
        let role = match form {
            LinearForm::Dense => Role::Projection(branch),
            LinearForm::Shift | LinearForm::Add => Role::Plain,
        };
        self.matrix(name, form, rows, sizes, role);
    }

    /// A shift layer stores exponents, signs and bias, of which the authors do not count the signs; an add layer has a
    /// normalisation in place of a bias. The authors, who have neither, would count a shift and a distance as a product.
    fn matrix(&mut self, name: &str, form: LinearForm, rows: u64, [inputs, outputs]: [u64; 2], role: Role) {
        let work = Work::Linear(Linear { arithmetic: form.arithmetic(), rows, inputs, outputs, role });
        let (matrix, flops) = (inputs * outputs, 2 * rows * inputs * outputs);
        let biased = Official { params: matrix + outputs, flops };
        match form {
            LinearForm::Dense => self.layer(name, work, matrix + outputs, biased),
            LinearForm::Shift => self.layer(name, work, 2 * matrix + outputs, biased),
            LinearForm::Add => {
                self.layer(name, work, matrix, Official { params: matrix, flops });
                self.norm(&format!("{name}.norm"), rows, outputs, 2 * outputs);
            }
        }
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
