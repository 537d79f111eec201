use std::collections::BTreeMap;

use burn::Tensor;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Int, TensorData};
use spaces::{Conventions, LocalNorm, LocalOperator, Mix, PaddingMasks, TransformerSizes};

use super::frame::{Frame, Padded, fold};
use super::noise::Noise;
use super::piece::Side;
use super::settings::NetworkSettings;
use super::tap::LayerTap;
use super::tensors::{LinearTensors, NetworkTensors};
use crate::operators::dropout::dropout;
use crate::operators::layer_norm::{layer_norm, standardized};
use crate::operators::linear_form::{add_linear, linear};
use crate::operators::local_mix::{LocalLaw, local_mix};
use crate::operators::multi_head::{AttentionMask, Order, multi_head};
use crate::operators::window::GradientScale;

/// One evaluation of a translation network.
pub(crate) struct Forward<'a> {
    pub sizes: &'a TransformerSizes,
    pub settings: &'a NetworkSettings,
    pub conventions: Conventions,
    pub tensors: &'a NetworkTensors,
    /// Where plain tensors are made.
    pub device: &'a Device,
    /// Rescaling of the gradients of add weights.
    pub add_scale: GradientScale,
    /// Dropout, in training only.
    pub noise: Option<Noise>,
    pub tap: Option<&'a dyn LayerTap>,
}

/// A layer's mix of positions and where it stands.
struct Block<'a> {
    layer: &'a str,
    side: Side,
    mix: Mix,
    heads: usize,
}

/// What a decoder reads of an encoder.
pub(crate) struct Memory {
    /// The frame of the sources.
    pub frame: Frame,
    /// Outputs of the last encoder layers side by side in time, the very last first, by their number: `[B · n · S, C]`.
    outputs: BTreeMap<usize, Tensor<2>>,
}

impl Memory {
    /// Returns the outputs of the last encoder layers, `[B · sources · S, C]`.
    pub fn of(&self, sources: usize) -> Tensor<2> {
        self.outputs[&sources].clone()
    }

    /// Returns which of `sources` outputs are seen: those of real positions.
    pub fn mask(&self, sources: usize) -> AttentionMask {
        AttentionMask { lengths: self.frame.lengths.clone(), sources, order: Order::Free }
    }
}

impl Forward<'_> {
    /// Returns what the decoder reads of sources.
    pub fn encode(&self, sources: &Padded<'_>) -> Memory {
        let frame = sources.frame(self.device);
        let encoder = &self.sizes.encoder;
        let mut values = self.embed(sources, encoder.width);
        let mut outputs = Vec::with_capacity(encoder.layers.len());
        for (index, layer) in encoder.layers.iter().enumerate() {
            let name = format!("encoder.{index}");
            let mixed = self.mix(
                &Block { layer: &name, side: Side::Encoder, mix: layer.mix, heads: layer.heads },
                values.clone(),
                &frame,
            );
            let rate = self.settings.dropout.of_first_branch(encoder.width);
            values = self.residual(&format!("{name}.mix_norm"), values, mixed, rate);
            values = self.mlp(&name, values);
            outputs.push(values.clone());
        }
        let numbers = self.sizes.decoder.layers.iter().map(|layer| layer.sources);
        let side_by_side = |sources: usize| {
            let last: Vec<_> = outputs.iter().rev().take(sources).map(|output| frame.unfold(output.clone())).collect();
            (sources, if last.len() == 1 { values.clone() } else { fold(Tensor::cat(last, 1)) })
        };
        let outputs = numbers.map(side_by_side).collect();
        Memory { frame, outputs }
    }

    /// Returns the values behind the last decoder layer, `[B · T, C]`.
    pub fn decode(&self, memory: &Memory, inputs: &Padded<'_>) -> Tensor<2> {
        let frame = inputs.frame(self.device);
        let decoder = &self.sizes.decoder;
        let rate = self.settings.dropout.of_width(decoder.width);
        let mut values = self.embed(inputs, decoder.width);
        for (index, layer) in decoder.layers.iter().enumerate() {
            let name = format!("decoder.{index}");
            let mixed = self.mix(
                &Block { layer: &name, side: Side::Decoder, mix: layer.mix, heads: layer.self_heads },
                values.clone(),
                &frame,
            );
            values = self.residual(&format!("{name}.mix_norm"), values, mixed, rate);
            let [keys, cross_values] = self.cross_keys(&name, layer.sources, memory);
            let queries = self.linear(&format!("{name}.cross.query"), values.clone());
            let mask = memory.mask(layer.sources);
            let attended =
                multi_head(frame.unfold(queries), keys, cross_values, layer.cross_heads, &mask, self.attention_noise());
            let crossed = self.linear(&format!("{name}.cross.output"), fold(attended));
            values = self.residual(&format!("{name}.cross_norm"), values, crossed, rate);
            values = self.mlp(&name, values);
        }
        values
    }

    /// Returns keys and values of the attention to the encoder, `[B, sources · S, q]` each.
    pub fn cross_keys(&self, layer: &str, sources: usize, memory: &Memory) -> [Tensor<3>; 2] {
        let sentences = memory.frame.sentences();
        ["key", "value"].map(|part| {
            let read = self.linear(&format!("{layer}.cross.{part}"), memory.of(sources));
            let [positions, inner] = read.dims();
            read.reshape([sentences, positions / sentences, inner])
        })
    }

    /// Returns the logits of values behind the last decoder layer.
    ///
    /// # Shapes
    /// - `values`: `[N, C]`
    /// - returns: `[N, V]`
    pub fn logits(&self, values: Tensor<2>) -> Tensor<2> {
        let weight = self.output_weight();
        let bias = Tensor::zeros([weight.dims()[0]], &values.device());
        linear(values, weight, bias)
    }

    /// Returns what values behind the last decoder layer are multiplied by to become logits, `[V, C]`.
    pub fn output_weight(&self) -> Tensor<2> {
        self.tensors.embedding(self.sizes.decoder.width)
    }

    /// Returns √C · E[token] + position, with dropout.
    fn embed(&self, tokens: &Padded<'_>, width: usize) -> Tensor<2> {
        let positions = (0..tokens.length).flat_map(|index| self.conventions.positions.row(index, width)).collect();
        let positions = Tensor::<3>::from_data(TensorData::new(positions, [1, tokens.length, width]), self.device);
        let embedded = self.embedded(tokens.indices(self.device), width);
        let placed = embedded.reshape([tokens.lengths.len(), tokens.length, width]) + positions;
        self.dropped(fold(placed), self.settings.dropout.of_width(width))
    }

    /// Returns √C · E[token], `[N, C]`.
    pub fn embedded(&self, tokens: Tensor<1, Int>, width: usize) -> Tensor<2> {
        self.tensors.embedding(width).select(0, tokens) * (width as f64).sqrt()
    }

    fn mix(&self, block: &Block<'_>, values: Tensor<2>, frame: &Frame) -> Tensor<2> {
        match (block.mix.attends(), block.mix.local()) {
            (true, Some(operator)) => {
                let [attended, local] = halves(values);
                let attended = self.attention(block, attended, frame);
                Tensor::cat(vec![attended, self.local(block, operator, local, frame)], 1)
            }
            (_, None) => self.attention(block, values, frame),
            (false, Some(operator)) => self.local(block, operator, values, frame),
        }
    }

    fn attention(&self, block: &Block<'_>, values: Tensor<2>, frame: &Frame) -> Tensor<2> {
        let name = format!("{}.mix.attention", block.layer);
        let [query, key, value] =
            ["query", "key", "value"].map(|part| frame.unfold(self.linear(&format!("{name}.{part}"), values.clone())));
        let order = match block.side {
            Side::Encoder => Order::Free,
            Side::Decoder => Order::Causal,
        };
        let mask = AttentionMask { lengths: frame.lengths.clone(), sources: 1, order };
        let attended = multi_head(query, key, value, block.heads, &mask, self.attention_noise());
        self.linear(&format!("{name}.output"), fold(attended))
    }

    /// In the decoder padding is never seen: it is on the right, and kernels look left.
    fn local(&self, block: &Block<'_>, operator: LocalOperator, values: Tensor<2>, frame: &Frame) -> Tensor<2> {
        let (layer, masks) = (block.layer, self.conventions.masks);
        let values = match (block.side, masks) {
            (Side::Encoder, PaddingMasks::Released) if block.mix.attends() => frame.without_padding(values),
            (Side::Encoder | Side::Decoder, PaddingMasks::Released | PaddingMasks::Exact) => values,
        };
        let projected = self.local_input(layer, operator, values);
        let projected = match (block.side, masks) {
            (Side::Encoder, PaddingMasks::Exact) => frame.without_padding(projected),
            (Side::Encoder, PaddingMasks::Released) | (Side::Decoder, _) => projected,
        };
        let mixed = self.local_kernel(block, operator, frame.unfold(projected));
        self.local_output(layer, operator, fold(mixed))
    }

    /// Returns what a local branch makes of the sums of its kernel, `[N, C]`.
    pub fn local_output(&self, layer: &str, operator: LocalOperator, sums: Tensor<2>) -> Tensor<2> {
        let sums = match (self.law(operator), self.conventions.local_norm) {
            (LocalLaw::Add { .. }, LocalNorm::Layer) => standardized(sums),
            (LocalLaw::Conv, _) | (LocalLaw::Add { .. }, LocalNorm::Released) => sums,
        };
        self.linear(&format!("{layer}.mix.local.output"), sums)
    }

    /// Returns what the kernel of a local branch reads.
    pub fn local_input(&self, layer: &str, operator: LocalOperator, values: Tensor<2>) -> Tensor<2> {
        let projected = self.linear(&format!("{layer}.mix.local.input"), values);
        match operator {
            LocalOperator::Shift => self.linear(&format!("{layer}.mix.local.shift"), projected),
            LocalOperator::Conv | LocalOperator::Add => projected,
        }
    }

    /// Returns what the kernel of a local branch makes of `[B, T, C]`: centred in the encoder, causal in the decoder.
    fn local_kernel(&self, block: &Block<'_>, operator: LocalOperator, values: Tensor<3>) -> Tensor<3> {
        let name = format!("{}.mix.local.kernel", block.layer);
        let kernel = self.tensors.kernel(&name);
        let kernel = match self.tap {
            Some(tap) => tap.weight(&name, kernel),
            None => kernel,
        };
        let kernel = self.dropped(kernel, self.settings.dropout.kernel);
        let taps = kernel.dims()[1];
        let padding = match block.side {
            Side::Encoder => taps / 2,
            Side::Decoder => taps - 1,
        };
        local_mix(values, kernel, self.law(operator), padding)
    }

    pub fn law(&self, operator: LocalOperator) -> LocalLaw {
        match operator {
            LocalOperator::Conv => LocalLaw::Conv,
            LocalOperator::Add | LocalOperator::Shift => LocalLaw::Add { scale: self.add_scale },
        }
    }

    /// Returns LN(x + MLP(x)) with dropout on the branch.
    pub fn mlp(&self, layer: &str, values: Tensor<2>) -> Tensor<2> {
        let expanded = relu(self.linear(&format!("{layer}.mlp.expand"), values.clone()));
        let contracted = self.linear(&format!("{layer}.mlp.contract"), expanded);
        let rate = self.settings.dropout.of_width(values.dims()[1]);
        self.residual(&format!("{layer}.mlp_norm"), values, contracted, rate)
    }

    /// Returns LN(x + branch) with dropout on the branch.
    pub fn residual(&self, norm: &str, values: Tensor<2>, branch: Tensor<2>, rate: f64) -> Tensor<2> {
        let [gamma, beta] = self.tensors.norm(norm);
        layer_norm(values + self.dropped(branch, rate), gamma, beta)
    }

    pub fn linear(&self, name: &str, input: Tensor<2>) -> Tensor<2> {
        let Some(tap) = self.tap else { return self.product(self.tensors.linear(name).clone(), input) };
        let layer = match self.tensors.linear(name).clone() {
            LinearTensors::Product { weight, bias } => {
                LinearTensors::Product { weight: tap.weight(name, weight), bias }
            }
            LinearTensors::Distance { weight, norm } => {
                LinearTensors::Distance { weight: tap.weight(name, weight), norm }
            }
        };
        tap.output(self.product(layer, tap.input(name, input)))
    }

    fn product(&self, layer: LinearTensors, input: Tensor<2>) -> Tensor<2> {
        match layer {
            LinearTensors::Product { weight, bias } => linear(input, weight, bias),
            LinearTensors::Distance { weight, norm } => add_linear(input, weight, norm, self.add_scale),
        }
    }

    fn dropped<const D: usize>(&self, values: Tensor<D>, rate: f64) -> Tensor<D> {
        match self.noise.as_ref().and_then(|noise| noise.mask(rate)) {
            Some(mask) => dropout(values, mask),
            None => values,
        }
    }

    fn attention_noise(&self) -> Option<kernels::Mask> {
        self.noise.as_ref().and_then(|noise| noise.mask(self.settings.dropout.attention))
    }
}

/// Returns first and second half of the channels.
pub(crate) fn halves(values: Tensor<2>) -> [Tensor<2>; 2] {
    let half = values.dims()[1] / 2;
    [values.clone().narrow(1, 0, half), values.narrow(1, half, half)]
}
