use spaces::{Arithmetic, FeatureMap, Linear, Node, Parameter, ParameterKind, Weights};

use crate::onnx::{Attribute, Builder, codes, dequantized, restored};
use crate::{Form, LoweringError};

/// One node of the graph on its way into ONNX: what it reads, what it writes and where its tensors are.
pub(super) struct Layer<'a> {
    pub(super) node: &'a Node,
    /// Names of the values read.
    pub(super) inputs: Vec<&'a str>,
    /// Name of the value written.
    pub(super) output: &'a str,
    /// Size of the (first) input.
    pub(super) from: FeatureMap,
    pub(super) parameters: Vec<Parameter>,
    pub(super) weights: &'a Weights,
    pub(super) form: Form,
    pub(super) builder: &'a mut Builder,
}

impl Layer<'_> {
    /// Returns the name of a part of this layer, `NODE/part`.
    pub(super) fn part(&self, part: &str) -> String {
        format!("{}/{part}", self.node.name)
    }

    /// Adds an ONNX node inside the layer and returns the name of its value.
    pub(super) fn inner(&mut self, part: &str, operator: &str, inputs: &[&str], attributes: Vec<Attribute>) -> String {
        let name = self.part(part);
        self.builder.node(&name, operator, inputs, &name, attributes);
        name
    }

    /// Adds the ONNX node that writes the layer's output.
    pub(super) fn last(&mut self, operator: &str, inputs: &[&str], attributes: Vec<Attribute>) {
        self.builder.node(&self.node.name, operator, inputs, self.output, attributes);
    }

    /// Adds a constant list of sizes, axes or limits and returns its name.
    pub(super) fn integers(&mut self, part: &str, values: &[usize]) -> String {
        let values: Vec<i64> = values.iter().map(|&value| value as i64).collect();
        self.signed(part, &values)
    }

    /// Adds a constant list of integers that may be negative and returns its name.
    pub(super) fn signed(&mut self, part: &str, values: &[i64]) -> String {
        let name = self.part(part);
        self.builder.integers(&name, values);
        name
    }

    /// Reshapes a value, keeping the batch dimension, and returns the name of the result.
    pub(super) fn reshaped(&mut self, part: &str, value: &str, sizes: &[usize]) -> String {
        // In a Reshape 0 stands for the size that is there: the batch.
        let shape: Vec<usize> = std::iter::once(0).chain(sizes.iter().copied()).collect();
        let shape = self.integers(&format!("{part}.shape"), &shape);
        self.inner(part, "Reshape", &[value, &shape], Vec::new())
    }

    /// Adds a float tensor of the layer with the given shape and returns its name.
    pub(super) fn floats(&mut self, kind: ParameterKind, shape: &[usize]) -> Result<String, LoweringError> {
        let name = format!("{}.{}", self.node.name, kind.name());
        let values = self.weights.floats(&name, &[self.node.output.channels])?;
        self.builder.floats(&name, shape, values);
        Ok(name)
    }

    /// Returns the name of the value a linear layer multiplies: the input, rounded to 8 bits in
    /// the int8 form.
    pub(super) fn activation(&mut self, input: &str) -> Result<String, LoweringError> {
        match self.form {
            Form::Float => Ok(input.to_owned()),
            Form::Int8 => {
                let codes = codes(self.builder, &self.node.name, input, self.weights)?;
                Ok(restored(self.builder, self.part("input"), &codes))
            }
        }
    }

    /// Adds the weight of a linear layer or classifier and returns the name of its float value.
    pub(super) fn weight(&mut self, arithmetic: Arithmetic) -> Result<String, LoweringError> {
        let weight = &self.parameters[0];
        match (self.form, arithmetic) {
            (Form::Float, Arithmetic::Multiply | Arithmetic::Add) => {
                let values = self.weights.floats(&weight.name, &weight.shape)?;
                self.builder.floats(&weight.name, &weight.shape, values);
                Ok(weight.name.clone())
            }
            (Form::Float, Arithmetic::Shift) => {
                let values = self.weights.floats(&weight.name, &weight.shape)?;
                powers_of_two(&weight.name, values)?;
                self.builder.floats(&weight.name, &weight.shape, values);
                Ok(weight.name.clone())
            }
            (Form::Int8, Arithmetic::Multiply | Arithmetic::Shift | Arithmetic::Add) => {
                dequantized(self.builder, weight, self.weights, arithmetic)
            }
        }
    }

    /// Adds the bias of a linear layer, if it has one, and returns its name.
    pub(super) fn bias(&mut self, linear: Linear, shape: &[usize]) -> Result<Option<String>, LoweringError> {
        linear.bias.then(|| self.floats(ParameterKind::Bias, shape)).transpose()
    }
}

fn powers_of_two(name: &str, values: &[f32]) -> Result<(), LoweringError> {
    match values.iter().find(|&&value| !spaces::is_shift_weight(value)) {
        None => Ok(()),
        Some(value) => {
            Err(spaces::WeightsError::NotPowerOfTwo { name: name.to_owned(), value: value.to_string() }.into())
        }
    }
}
