use super::Standardization;

/// Fully connected layers with ReLU between them, on standardized inputs and a standardized latency. The paper's has
/// four hidden layers of 400.
#[derive(Clone, Debug, PartialEq)]
pub struct Perceptron {
    /// What the inputs were standardized with.
    pub inputs: Standardization,
    /// What the latency was standardized with.
    pub latency: Standardization,
    /// The layers; the last has one output.
    pub layers: Vec<Dense>,
}

/// A fully connected layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// One weight per input and output, the weights of one input together.
    pub weights: Vec<f32>,
    /// One bias per output.
    pub biases: Vec<f32>,
}

impl Perceptron {
    /// Returns the predicted latency in milliseconds.
    pub fn latency_ms(&self, inputs: &[f64]) -> f64 {
        let mut values: Vec<f32> = self.inputs.apply(inputs).into_iter().map(|value| value as f32).collect();
        for (at, layer) in self.layers.iter().enumerate() {
            values = layer.apply(&values);
            if at + 1 < self.layers.len() {
                values.iter_mut().for_each(|value| *value = value.max(0.0));
            }
        }
        self.latency.centres[0] + self.latency.scales[0] * f64::from(values[0])
    }
}

impl Dense {
    fn apply(&self, inputs: &[f32]) -> Vec<f32> {
        let mut outputs = self.biases.clone();
        for (input, weights) in inputs.iter().zip(self.weights.chunks_exact(self.biases.len())) {
            for (output, weight) in outputs.iter_mut().zip(weights) {
                *output += input * weight;
            }
        }
        outputs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_layers_give_the_number_worked_out_by_hand() {
        let perceptron = Perceptron {
            inputs: Standardization { centres: vec![10.0, 0.0], scales: vec![2.0, 0.0] },
            latency: Standardization { centres: vec![100.0], scales: vec![20.0] },
            layers: vec![
                Dense { weights: vec![1.0, -1.0, 9.0, 9.0], biases: vec![0.5, 0.0] },
                Dense { weights: vec![2.0, 5.0], biases: vec![-1.0] },
            ],
        };
        // (14 - 10) / 2 = 2; hidden 2.5 and max(0, -2); out 2 · 2.5 - 1 = 4; 100 + 20 · 4.
        assert_eq!(perceptron.latency_ms(&[14.0, 7.0]), 180.0);
    }
}
