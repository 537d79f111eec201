#[cfg(test)]
mod tests;

use spaces::{LinearForm, WeightsError, is_shift_weight};

use super::part::Part;
use crate::onnx::{Attribute, Body, Codes, Kind, Size, codes, powers_of_two, scales};
use crate::{Form, LoweringError};

impl Part<'_> {
    /// Lowers the linear layer NAME; returns `[rows, outputs]` of an input `[rows, inputs]`.
    pub(super) fn linear(
        &mut self,
        name: &str,
        form: LinearForm,
        input: &str,
        shape: [usize; 2],
    ) -> Result<String, LoweringError> {
        match (form, self.form) {
            (LinearForm::Dense, Form::Float) => self.product(name, input, shape),
            (LinearForm::Shift, Form::Float) => {
                self.signed_powers(&format!("{name}.weight"), shape)?;
                self.product(name, input, shape)
            }
            (LinearForm::Dense, Form::Int8) => self.integer_product(name, input, shape),
            (LinearForm::Shift, Form::Int8) => {
                let weight = format!("{name}.weight");
                powers_of_two(&weight, self.weights.bytes(&weight, &shape)?)?;
                self.integer_product(name, input, shape)
            }
            (LinearForm::Add, Form::Float) => {
                let distances = self.distances(name, input, shape)?;
                self.norm(name, name, &distances, shape[0])
            }
            (LinearForm::Add, Form::Int8) => {
                let distances = self.integer_distances(name, input, shape)?;
                self.norm(name, name, &distances, shape[0])
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

    /// Lowers y = scale · Σ (x − zero point) w + b with bytes x and w and an integer sum; the scale is that of the input
    /// times that of the output's weights.
    fn integer_product(
        &mut self,
        name: &str,
        input: &str,
        [outputs, inputs]: [usize; 2],
    ) -> Result<String, LoweringError> {
        let [weight, bias, scale] = ["weight", "bias", "scale"].map(|part| format!("{name}.{part}"));
        let codes = codes(&mut self.builder, name, input, self.weights)?;
        let values = self.weights.bytes(&weight, &[outputs, inputs])?;
        let column = |input: usize| values.iter().skip(input).step_by(inputs);
        let transposed: Vec<i8> = (0..inputs).flat_map(column).copied().collect();
        self.builder.signed_bytes(&weight, &[inputs, outputs], &transposed);
        let input_scale = scales(self.weights, &codes.scale, 1)?[0];
        let weight_scales = scales(self.weights, &format!("{weight}_scale"), outputs)?;
        let factors: Vec<f32> = weight_scales.iter().map(|scale| scale * input_scale).collect();
        self.builder.floats(&scale, &[outputs], &factors);
        self.tensor(&bias, &[outputs])?;
        let factors = [codes.value.as_str(), &weight, &codes.zero_point];
        let sums = self.node(&format!("{name}/sums"), "MatMulInteger", &factors, Vec::new());
        let floats = self.node(&format!("{name}/floats"), "Cast", &[&sums], vec![Kind::Float.cast()]);
        let scaled = self.node(&format!("{name}/scaled"), "Mul", &[&floats, &scale], Vec::new());
        Ok(self.node(name, "Add", &[&scaled, &bias], Vec::new()))
    }

    /// Lowers −Σ |x − w|.
    fn distances(&mut self, name: &str, input: &str, [outputs, inputs]: [usize; 2]) -> Result<String, LoweringError> {
        let weight = format!("{name}.weight");
        let values = self.weights.floats(&weight, &[outputs, inputs])?;
        self.builder.floats(&weight, &[outputs, inputs, 1], values);
        let columns = self.transposed(&format!("{name}/columns"), input, &[1, 0]);
        let sums = self.summed_distances(name, &columns, &weight, inputs, Kind::Float);
        let negated = self.node(&format!("{name}/negated"), "Neg", &[&sums], Vec::new());
        Ok(self.transposed(&format!("{name}/rows"), &negated, &[1, 0]))
    }

    /// Lowers −scale · Σ |x − zero point − w| with bytes x and w of one scale and an integer sum.
    fn integer_distances(
        &mut self,
        name: &str,
        input: &str,
        [outputs, inputs]: [usize; 2],
    ) -> Result<String, LoweringError> {
        let weight = format!("{name}.weight");
        let Codes { value, zero_point, .. } = codes(&mut self.builder, name, input, self.weights)?;
        self.builder.signed_bytes(&weight, &[outputs, inputs, 1], self.weights.bytes(&weight, &[outputs, inputs])?);
        let shared = scales(self.weights, &format!("{weight}_scale"), 1)?[0];
        let integers = |part: &mut Self, what: &str, value: &str| {
            part.node(&format!("{name}/{what}.integers"), "Cast", &[value], vec![Kind::Sum.cast()])
        };
        let weight = integers(self, "weight", &weight);
        let input = integers(self, "input", &value);
        let zero_point = integers(self, "zero_point", &zero_point);
        let centred = self.node(&format!("{name}/centred"), "Sub", &[&input, &zero_point], Vec::new());
        let columns = self.transposed(&format!("{name}/columns"), &centred, &[1, 0]);
        let sums = self.summed_distances(name, &columns, &weight, inputs, Kind::Sum);
        let floats = self.node(&format!("{name}/floats"), "Cast", &[&sums], vec![Kind::Float.cast()]);
        let scale = self.scalar(&format!("{name}.scale"), -shared);
        let scaled = self.node(&format!("{name}/scaled"), "Mul", &[&floats, &scale], Vec::new());
        Ok(self.transposed(&format!("{name}/rows"), &scaled, &[1, 0]))
    }

    /// Returns Σ |x − w|, `[outputs, rows]`, output by output: nothing larger than the input is in memory at once.
    fn summed_distances(&mut self, name: &str, columns: &str, weight: &str, inputs: usize, kind: Kind) -> String {
        let [row, difference, magnitude, sum] =
            ["weight", "difference", "magnitude", "sum"].map(|part| format!("{name}/scan.{part}"));
        let axis = self.integers(&format!("{name}/axis"), &[0]);
        let mut body = Body::writing(&format!("{name}/scan"), &sum, kind);
        body.read(&row, kind, &[Size::Fixed(inputs), Size::Fixed(1)]);
        body.node("Sub", &[columns, &row], &difference, Vec::new());
        body.node("Abs", &[&difference], &magnitude, Vec::new());
        body.node("ReduceSum", &[&magnitude, &axis], &sum, vec![Attribute::Int("keepdims", 0)]);
        let scan = vec![Attribute::Body("body", body), Attribute::Int("num_scan_inputs", 1)];
        let sums = self.node(&format!("{name}/distances"), "Scan", &[weight], scan);
        self.builder.describe("add layer: y = −Σ |x − w|");
        sums
    }

    fn signed_powers(&self, name: &str, shape: [usize; 2]) -> Result<(), LoweringError> {
        let values = self.weights.floats(name, &shape)?;
        match values.iter().find(|&&value| !is_shift_weight(value)) {
            None => Ok(()),
            Some(value) => Err(WeightsError::NotPowerOfTwo { name: name.to_owned(), value: value.to_string() }.into()),
        }
    }
}
