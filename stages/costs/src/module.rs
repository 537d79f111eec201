use spaces::{Arithmetic, Operator};

use crate::{Layer, Linear, Official, Window, Work};

/// A leaf module of a network as the counter of the paper's authors sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Module {
    /// A convolution, shift or add layer.
    Window {
        /// Its geometry.
        window: Window,
        /// Whether a bias per output channel is added. The counter books it for every add layer.
        bias: bool,
    },
    /// A matrix of weights applied to every row.
    Linear {
        /// Its geometry.
        linear: Linear,
        /// Whether a bias per output is added. The counter books it always.
        bias: bool,
    },
    /// A product of two activations.
    Product {
        /// Number of products.
        batch: u64,
        /// Rows of the left factor.
        rows: u64,
        /// What is summed over.
        inner: u64,
        /// Columns of the right factor.
        columns: u64,
    },
    /// A batch normalisation.
    BatchNorm {
        /// Channels, each with a scale and an offset.
        channels: u64,
        /// Values of a channel.
        positions: u64,
    },
    /// max(x, 0).
    Relu {
        /// Values.
        values: u64,
    },
    /// The largest or the mean value of each window.
    Pool {
        /// Edge of the window.
        kernel: u64,
        /// Output values.
        outputs: u64,
    },
    /// What the counter does not see: global pooling, `SiLU`, GELU, softmax, sigmoid, layer normalisation, embeddings,
    /// residual sums.
    Free,
}

impl Module {
    /// Returns the operations that the counter of the paper's authors books: two per multiply-accumulate and what
    /// else it adds. The `MACs` of their tables are half of it.
    ///
    /// A window: 2 · weights · out height · out width, and one per output value where a bias is added or the layer
    /// adds (its flag is `False`, which is not `None`). A matrix: per row 2 · in · out + out. A product:
    /// 2 · batch · rows · inner · columns. Normalisation: 2 per value. `ReLU`: 1 per value. Pooling: k² per output.
    pub const fn official_flops(&self) -> u64 {
        match *self {
            Module::Window { window, bias } => {
                let positions = window.out_height * window.out_width;
                let biases = if bias || adds(window) { window.out_channels * positions } else { 0 };
                2 * window_weights(window) * positions + biases
            }
            Module::Linear { linear: Linear { rows, inputs, outputs, .. }, .. } => {
                rows * (2 * inputs * outputs + outputs)
            }
            Module::Product { batch, rows, inner, columns } => 2 * batch * rows * inner * columns,
            Module::BatchNorm { channels, positions } => 2 * channels * positions,
            Module::Relu { values } => values,
            Module::Pool { kernel, outputs } => kernel * kernel * outputs,
            Module::Free => 0,
        }
    }

    /// Returns the weights that meet inputs: what a shift layer of form PS holds twice.
    pub const fn weights(&self) -> u64 {
        match *self {
            Module::Window { window, .. } => window_weights(window),
            Module::Linear { linear, .. } => linear.inputs * linear.outputs,
            Module::Product { .. } | Module::BatchNorm { .. } | Module::Relu { .. } => 0,
            Module::Pool { .. } | Module::Free => 0,
        }
    }

    /// Returns the trained scalars, one per weight.
    pub const fn params(&self) -> u64 {
        let others = match *self {
            Module::Window { window, bias: true } => window.out_channels,
            Module::Linear { linear, bias: true } => linear.outputs,
            Module::BatchNorm { channels, .. } => 2 * channels,
            Module::Window { bias: false, .. } | Module::Linear { bias: false, .. } | Module::Product { .. } => 0,
            Module::Relu { .. } | Module::Pool { .. } | Module::Free => 0,
        };
        self.weights() + others
    }

    /// Returns what is computed, for strict counts and hardware models.
    pub const fn work(&self) -> Work {
        match *self {
            Module::Window { window, .. } => Work::Window(window),
            Module::Linear { linear, .. } => Work::Linear(linear),
            Module::Product { batch, rows, inner, columns } => Work::Product { batch, rows, inner, columns },
            Module::BatchNorm { .. } | Module::Relu { .. } | Module::Pool { .. } | Module::Free => Work::Free,
        }
    }

    pub(crate) fn layer(&self, name: String, operator: Option<Operator>, params: u64) -> Layer {
        let official = Official { params, flops: self.official_flops() };
        Layer { name, operator, work: self.work(), params, official }
    }
}

const fn adds(window: Window) -> bool {
    match window.arithmetic {
        Arithmetic::Add => true,
        Arithmetic::Multiply | Arithmetic::Shift => false,
    }
}

const fn window_weights(window: Window) -> u64 {
    window.kernel * window.kernel * (window.in_channels / window.groups) * window.out_channels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;

    /// 3x3 over 8 channels of 6x6 to 5 channels: 360 weights, 36 positions.
    fn window(arithmetic: Arithmetic, bias: bool) -> Module {
        let (in_channels, out_channels, kernel, stride, groups) = (8, 5, 3, 1, 1);
        let (height, width, out_height, out_width) = (6, 6, 6, 6);
        let window = Window {
            arithmetic,
            in_channels,
            out_channels,
            height,
            width,
            out_height,
            out_width,
            kernel,
            stride,
            groups,
        };
        Module::Window { window, bias }
    }

    #[test]
    fn add_layers_always_get_the_term_of_a_bias() {
        let (bare, biased) = (2 * 360 * 36, 2 * 360 * 36 + 5 * 36);
        for (arithmetic, without) in
            [(Arithmetic::Multiply, bare), (Arithmetic::Shift, bare), (Arithmetic::Add, biased)]
        {
            assert_eq!(window(arithmetic, false).official_flops(), without);
            assert_eq!(window(arithmetic, true).official_flops(), biased);
        }
        let params = [true, false].map(|bias| window(Arithmetic::Add, bias).params());
        assert_eq!(params, [365, 360]);
    }

    #[test]
    fn a_matrix_counts_its_outputs_once_more_and_a_normalization_two_per_value() {
        let linear = Linear { arithmetic: Arithmetic::Multiply, rows: 3, inputs: 10, outputs: 4, role: Role::Plain };
        let matrix = Module::Linear { linear, bias: true };
        assert_eq!((matrix.official_flops(), matrix.params()), (3 * 84, 44));
        let norm = Module::BatchNorm { channels: 4, positions: 9 };
        assert_eq!((norm.official_flops(), norm.params(), norm.weights()), (72, 8, 0));
        assert_eq!(Module::Product { batch: 2, rows: 3, inner: 5, columns: 7 }.official_flops(), 420);
    }

    #[test]
    fn pools_read_their_window_and_relu_its_values() {
        assert_eq!(Module::Pool { kernel: 3, outputs: 10 }.official_flops(), 90);
        assert_eq!(Module::Relu { values: 10 }.official_flops(), 10);
        assert_eq!(Module::Free.official_flops(), 0);
    }
}
