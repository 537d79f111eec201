use spaces::{LinearForm, WeightsError, is_shift_weight};

use super::part::Part;
use crate::onnx::{Attribute, Body};
use crate::{Form, LoweringError};

impl Part<'_> {
    /// Lowers the linear layer NAME; returns `[rows, outputs]` of an input `[rows, inputs]`.
    pub(super) fn linear(
        &mut self,
        name: &str,
        form: LinearForm,
        input: &str,
        [outputs, inputs]: [usize; 2],
    ) -> Result<String, LoweringError> {
        match form {
            LinearForm::Dense => self.product(name, input, [outputs, inputs]),
            LinearForm::Shift => {
                self.powers_of_two(&format!("{name}.weight"), &[outputs, inputs])?;
                self.product(name, input, [outputs, inputs])
            }
            LinearForm::Add => {
                let distances = self.distances(name, input, [outputs, inputs])?;
                self.norm(name, name, &distances, outputs)
            }
        }
    }

    /// Lowers y = W x + b.
    fn product(&mut self, name: &str, input: &str, [outputs, inputs]: [usize; 2]) -> Result<String, LoweringError> {
        let [weight, bias] = ["weight", "bias"].map(|part| format!("{name}.{part}"));
        self.tensor(&weight, &[outputs, inputs])?;
        self.tensor(&bias, &[outputs])?;
        Ok(self.node(name, "Gemm", &[input, &weight, &bias], vec![Attribute::Int("transB", 1)]))
    }

    /// Lowers −Σ |x − w|, output by output: nothing larger than the input is in memory at once.
    fn distances(&mut self, name: &str, input: &str, [outputs, inputs]: [usize; 2]) -> Result<String, LoweringError> {
        let weight = format!("{name}.weight");
        let values = self.weights.floats(&weight, &[outputs, inputs])?;
        self.builder.floats(&weight, &[outputs, inputs, 1], values);
        let columns = self.transposed(&format!("{name}/columns"), input, &[1, 0]);
        let [row, difference, magnitude, sum] =
            ["weight", "difference", "magnitude", "sum"].map(|part| format!("{name}/scan.{part}"));
        let axis = self.integers(&format!("{name}/axis"), &[0]);
        let mut body = Body::new(&format!("{name}/scan"), &row, &[inputs, 1], &sum);
        body.node("Sub", &[&columns, &row], &difference, Vec::new());
        body.node("Abs", &[&difference], &magnitude, Vec::new());
        body.node("ReduceSum", &[&magnitude, &axis], &sum, vec![Attribute::Int("keepdims", 0)]);
        let scan = vec![Attribute::Body("body", body), Attribute::Int("num_scan_inputs", 1)];
        let sums = self.node(&format!("{name}/distances"), "Scan", &[&weight], scan);
        self.builder.describe("add layer: y = −Σ |x − w|");
        let negated = self.node(&format!("{name}/negated"), "Neg", &[&sums], Vec::new());
        Ok(self.transposed(&format!("{name}/rows"), &negated, &[1, 0]))
    }

    fn powers_of_two(&self, name: &str, shape: &[usize]) -> Result<(), LoweringError> {
        match self.form {
            Form::Float => {
                let values = self.weights.floats(name, shape)?;
                match values.iter().find(|&&value| !is_shift_weight(value)) {
                    None => Ok(()),
                    Some(value) => {
                        let (name, value) = (name.to_owned(), value.to_string());
                        Err(WeightsError::NotPowerOfTwo { name, value }.into())
                    }
                }
            }
            Form::Int8 => Ok(()),
        }
    }
}
