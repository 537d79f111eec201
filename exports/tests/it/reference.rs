//! The network as plain loops over 64-bit floats: slow and obvious. Reads float and quantized weights alike.

use spaces::{Arithmetic, AttentionForm, BATCH_NORM_EPSILON, Compute, FeatureMap, Graph, Linear, Values, Weights};

/// Returns the logits of `batch` pictures, row by row.
pub fn logits(graph: &Graph, weights: &Weights, pictures: &[f32]) -> Vec<f32> {
    let answer = |picture: &[f32]| maps(graph, weights, picture).pop().unwrap_or_default();
    let logits = pictures.chunks_exact(graph.input().values()).flat_map(answer);
    logits.map(|value| value as f32).collect()
}

/// Returns what every node gives for one picture.
pub fn maps(graph: &Graph, weights: &Weights, picture: &[f32]) -> Vec<Vec<f64>> {
    let mut values: Vec<Vec<f64>> = vec![picture.iter().map(|&value| f64::from(value)).collect()];
    for (index, node) in graph.nodes.iter().enumerate().skip(1) {
        let inputs: Vec<&Vec<f64>> = node.inputs.iter().map(|&input| &values[input]).collect();
        let layer = Layer { name: &node.name, weights, from: graph.input_of(index), to: node.output };
        let value = match node.compute {
            Compute::Input => unreachable!("only the first node is the input"),
            Compute::Linear(linear) => layer.linear(linear, inputs[0]),
            Compute::BatchNorm => layer.batch_norm(inputs[0]),
            Compute::Affine => layer.per_channel(inputs[0], &layer.read("scale"), &layer.read("offset")),
            Compute::Relu => inputs[0].iter().map(|value| value.max(0.0)).collect(),
            Compute::SelfAttention { heads, form } => layer.attention(heads, form, inputs[0]),
            Compute::Sum => inputs[0].iter().zip(inputs[1]).map(|(left, right)| left + right).collect(),
            Compute::MaxPool { kernel, stride, padding } => layer.max_pool(kernel, stride, padding, inputs[0]),
            Compute::GlobalAveragePool => {
                let mean = |map: &[f64]| map.iter().sum::<f64>() / map.len() as f64;
                inputs[0].chunks_exact(layer.from.positions()).map(mean).collect()
            }
            Compute::Classifier => layer.classifier(inputs[0]),
        };
        assert_eq!(value.len(), node.output.values(), "size of `{}`", node.name);
        values.push(value);
    }
    values
}

struct Layer<'a> {
    name: &'a str,
    weights: &'a Weights,
    from: FeatureMap,
    to: FeatureMap,
}

impl Layer<'_> {
    fn key(&self, kind: &str) -> String {
        format!("{}.{kind}", self.name)
    }

    fn read(&self, kind: &str) -> Vec<f64> {
        match &self.weights.get(&self.key(kind)).unwrap().values {
            Values::F32(values) => values.iter().map(|&value| f64::from(value)).collect(),
            Values::I8(values) => values.iter().map(|&value| f64::from(value)).collect(),
            Values::U8(values) => values.iter().map(|&value| f64::from(value)).collect(),
        }
    }

    fn is_quantized(&self) -> bool {
        self.weights.contains(&self.key("input_scale"))
    }

    /// The weight's real values, whatever they are stored as.
    fn weight(&self) -> Vec<f64> {
        let stored = self.read("weight");
        if !self.is_quantized() {
            return stored;
        }
        let scales = self.read("weight_scale");
        let per_scale = stored.len() / scales.len();
        stored.iter().enumerate().map(|(at, code)| code * scales[at / per_scale]).collect()
    }

    /// The input as the layer sees it: rounded to bytes and back, if quantized.
    fn input(&self, input: &[f64]) -> Vec<f64> {
        if !self.is_quantized() {
            return input.to_vec();
        }
        let (scale, zero) = (self.read("input_scale")[0], self.read("input_zero_point")[0]);
        let round_trip = |value: &f64| (((value / scale).round_ties_even() + zero).clamp(0.0, 255.0) - zero) * scale;
        input.iter().map(round_trip).collect()
    }

    fn linear(&self, linear: Linear, input: &[f64]) -> Vec<f64> {
        let (input, weight) = (self.input(input), self.weight());
        let bias = if linear.bias { self.read("bias") } else { vec![0.0; self.to.channels] };
        let (inputs, outputs) = (self.from.channels / linear.groups, self.to.channels / linear.groups);
        let mut out = Vec::new();
        for channel in 0..self.to.channels {
            for (row, column) in positions(self.to) {
                let mut sum = bias[channel];
                for (tap, (from, y, x)) in taps(inputs, linear.kernel).enumerate() {
                    let from = channel / outputs * inputs + from;
                    let at = (row * linear.stride + y, column * linear.stride + x);
                    let value = self.at(&input, from, at, linear.padding).unwrap_or(0.0);
                    let weight = weight[channel * inputs * linear.kernel * linear.kernel + tap];
                    sum += match linear.arithmetic {
                        Arithmetic::Multiply | Arithmetic::Shift => value * weight,
                        Arithmetic::Add => -(value - weight).abs(),
                    };
                }
                out.push(sum);
            }
        }
        out
    }

    /// The value at a position of the padded map, or `None` on the padding.
    fn at(&self, input: &[f64], channel: usize, padded: (usize, usize), padding: usize) -> Option<f64> {
        let (row, column) = (padded.0.checked_sub(padding)?, padded.1.checked_sub(padding)?);
        let inside = row < self.from.height && column < self.from.width;
        inside.then(|| input[(channel * self.from.height + row) * self.from.width + column])
    }

    fn batch_norm(&self, input: &[f64]) -> Vec<f64> {
        let [gamma, beta, mean, variance] = ["gamma", "beta", "mean", "variance"].map(|kind| self.read(kind));
        let positions = self.to.positions();
        let normalized = |(at, value): (usize, &f64)| {
            let channel = at / positions;
            let deviation = (variance[channel] + f64::from(BATCH_NORM_EPSILON)).sqrt();
            gamma[channel] * (value - mean[channel]) / deviation + beta[channel]
        };
        input.iter().enumerate().map(normalized).collect()
    }

    fn per_channel(&self, input: &[f64], scale: &[f64], offset: &[f64]) -> Vec<f64> {
        let channel = |at: usize| at / self.to.positions();
        input.iter().enumerate().map(|(at, value)| scale[channel(at)] * value + offset[channel(at)]).collect()
    }

    fn attention(&self, heads: usize, form: AttentionForm, input: &[f64]) -> Vec<f64> {
        let (channels, positions) = (self.to.channels, self.to.positions());
        let width = channels / heads;
        let value = |third: usize, channel: usize, at: usize| input[(third * channels + channel) * positions + at];
        let mut out = vec![0.0; channels * positions];
        for head in 0..heads {
            let own = || head * width..(head + 1) * width;
            let mut map = vec![vec![0.0; positions]; positions];
            for (i, row) in map.iter_mut().enumerate() {
                for (j, score) in row.iter_mut().enumerate() {
                    *score = own().map(|c| value(0, c, i) * value(1, c, j)).sum::<f64>() / (width as f64).sqrt();
                }
                let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = row.iter().map(|score| (score - largest).exp()).sum();
                row.iter_mut().for_each(|score| *score = (*score - largest).exp() / sum);
            }
            for channel in own() {
                for (i, row) in map.iter().enumerate() {
                    for (j, share) in row.iter().enumerate() {
                        match form {
                            AttentionForm::Standard => out[channel * positions + i] += share * value(2, channel, j),
                            AttentionForm::Transposed => out[channel * positions + j] += share * value(2, channel, i),
                        }
                    }
                }
            }
        }
        out
    }

    fn max_pool(&self, kernel: usize, stride: usize, padding: usize, input: &[f64]) -> Vec<f64> {
        let mut out = Vec::new();
        for channel in 0..self.to.channels {
            for (row, column) in positions(self.to) {
                let window = taps(1, kernel)
                    .filter_map(|(_, y, x)| self.at(input, channel, (row * stride + y, column * stride + x), padding));
                out.push(window.fold(f64::NEG_INFINITY, f64::max));
            }
        }
        out
    }

    fn classifier(&self, input: &[f64]) -> Vec<f64> {
        let (input, weight, bias) = (self.input(input), self.weight(), self.read("bias"));
        let rows = weight.chunks_exact(input.len()).zip(bias);
        rows.map(|(row, bias)| row.iter().zip(&input).map(|(weight, value)| weight * value).sum::<f64>() + bias)
            .collect()
    }
}

fn positions(map: FeatureMap) -> impl Iterator<Item = (usize, usize)> {
    (0..map.height).flat_map(move |row| (0..map.width).map(move |column| (row, column)))
}

fn taps(channels: usize, kernel: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..channels).flat_map(move |c| (0..kernel).flat_map(move |y| (0..kernel).map(move |x| (c, y, x))))
}
