use spaces::{Conventions, Weights};

use crate::onnx::{Attribute, Builder};
use crate::{Form, LoweringError};

/// One of the two graphs on its way into ONNX. Activations between layers are `[rows, width]`, one row per token.
pub(super) struct Part<'a> {
    pub(super) builder: Builder,
    pub(super) weights: &'a Weights,
    pub(super) form: Form,
    pub(super) conventions: Conventions,
}

impl<'a> Part<'a> {
    pub(super) fn new(weights: &'a Weights, form: Form, conventions: Conventions) -> Self {
        Self { builder: Builder::default(), weights, form, conventions }
    }

    /// Adds a node named as the value it writes; returns that name.
    pub(super) fn node(&mut self, name: &str, operator: &str, inputs: &[&str], attributes: Vec<Attribute>) -> String {
        self.builder.node(name, operator, inputs, name, attributes);
        name.to_owned()
    }

    /// Adds a constant list of integers and returns its name.
    pub(super) fn integers(&mut self, name: &str, values: &[i64]) -> String {
        self.builder.integers(name, values);
        name.to_owned()
    }

    /// Adds a constant of one float and returns its name.
    pub(super) fn scalar(&mut self, name: &str, value: f32) -> String {
        self.builder.floats(name, &[], &[value]);
        name.to_owned()
    }

    /// Adds the float tensor of that name as it is stored.
    pub(super) fn tensor(&mut self, name: &str, shape: &[usize]) -> Result<(), LoweringError> {
        let values = self.weights.floats(name, shape)?;
        self.builder.floats(name, shape, values);
        Ok(())
    }

    /// Reshapes a value to sizes of which one may be −1, for what is left.
    pub(super) fn reshaped(&mut self, name: &str, value: &str, sizes: &[i64]) -> String {
        let shape = self.integers(&format!("{name}.shape"), sizes);
        self.node(name, "Reshape", &[value, &shape], Vec::new())
    }

    /// Reshapes a value to `[batch[0], batch[1], sizes]`; `batch` is a value, the two sizes of the tokens.
    pub(super) fn batched(&mut self, name: &str, value: &str, batch: &str, sizes: &[usize]) -> String {
        let sizes: Vec<i64> = sizes.iter().map(|&size| size as i64).collect();
        let tail = self.integers(&format!("{name}.sizes"), &sizes);
        let axis = vec![Attribute::Int("axis", 0)];
        let shape = self.node(&format!("{name}.shape"), "Concat", &[batch, &tail], axis);
        self.node(name, "Reshape", &[value, &shape], Vec::new())
    }

    /// Exchanges axes.
    pub(super) fn transposed(&mut self, name: &str, value: &str, axes: &[i64]) -> String {
        self.node(name, "Transpose", &[value], vec![Attribute::Ints("perm", axes.to_vec())])
    }

    /// Returns `from..to` of one axis, counted from the end where negative.
    pub(super) fn slice(&mut self, name: &str, value: &str, axis: i64, [from, to]: [i64; 2]) -> String {
        let from = self.integers(&format!("{name}.from"), &[from]);
        let to = self.integers(&format!("{name}.to"), &[to]);
        let axis = self.integers(&format!("{name}.axis"), &[axis]);
        self.node(name, "Slice", &[value, &from, &to, &axis], Vec::new())
    }

    /// Concatenates values along an axis; one alone stays as it is.
    pub(super) fn concatenated(&mut self, name: &str, values: &[String], axis: i64) -> String {
        match values {
            [alone] => alone.clone(),
            several => {
                let several: Vec<&str> = several.iter().map(String::as_str).collect();
                self.node(name, "Concat", &several, vec![Attribute::Int("axis", axis)])
            }
        }
    }

    /// Returns norm(x + y) over the width, with the gamma and beta of the norm NAME.
    pub(super) fn residual_norm(
        &mut self,
        name: &str,
        x: &str,
        y: &str,
        width: usize,
    ) -> Result<String, LoweringError> {
        let sum = self.node(&format!("{name}.sum"), "Add", &[x, y], Vec::new());
        self.norm(name, name, &sum, width)
    }

    /// Returns the layer normalization of `value` with `PARAMETERS.gamma` and `PARAMETERS.beta`; its epsilon of 1e-5 is
    /// the default of the operator.
    pub(super) fn norm(
        &mut self,
        name: &str,
        parameters: &str,
        value: &str,
        width: usize,
    ) -> Result<String, LoweringError> {
        let [gamma, beta] = ["gamma", "beta"].map(|part| format!("{parameters}.{part}"));
        self.tensor(&gamma, &[width])?;
        self.tensor(&beta, &[width])?;
        Ok(self.node(name, "LayerNormalization", &[value, &gamma, &beta], Vec::new()))
    }

    /// Returns the layer normalization of `value` without gamma and beta.
    pub(super) fn standardized(&mut self, name: &str, value: &str, width: usize) -> String {
        let ones = format!("{name}.ones");
        self.builder.floats(&ones, &[width], &vec![1.0; width]);
        self.node(name, "LayerNormalization", &[value, &ones], Vec::new())
    }
}
