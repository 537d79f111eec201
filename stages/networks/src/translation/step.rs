use std::convert::Infallible;

use burn::Tensor;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, TensorData};
use spaces::{DecoderLayer, LocalOperator};
use translation::StepModel;

use super::forward::{Forward, Memory, halves};
use super::frame::indices;
use crate::operators::local_mix::LocalLaw;
use crate::operators::multi_head::{AttentionMask, Order, multi_head};
use crate::parameters::host_values;

/// A decoder that computes one position at a time and remembers what the next one needs.
pub(crate) struct StepDecoder<'a> {
    forward: Forward<'a>,
    layers: Vec<LayerMemory>,
    /// Real source tokens of each sentence.
    source_lengths: Vec<usize>,
    /// The sentence of every row.
    sentences: Vec<usize>,
    /// The sentences whose keys and values are selected in the layers' memory.
    selected: Vec<usize>,
    /// Positions done.
    position: usize,
}

/// What a layer remembers. States are `None` where the layer has no such branch or nothing happened yet.
struct LayerMemory {
    /// Keys and values of the source by sentence, `[B, sources · S, q]`.
    cross: [Tensor<3>; 2],
    /// Those of the selected sentences.
    selected: [Tensor<3>; 2],
    /// Keys and values of the positions done, `[N, P, q]`.
    attention: Option<[Tensor<3>; 2]>,
    local: Option<LocalMemory>,
}

struct LocalMemory {
    /// The last K − 1 values that the kernel read, zeros at first, `[N, K − 1, C]`.
    window: Tensor<3>,
    /// The kernel of every channel, `[1, K, C]`.
    kernel: Tensor<3>,
}

impl<'a> StepDecoder<'a> {
    /// Returns the decoder of encoded sources, before the first position.
    pub fn new(forward: Forward<'a>, memory: &Memory) -> Self {
        let sentences: Vec<usize> = (0..memory.frame.sentences()).collect();
        let layer = |(index, layer): (usize, &DecoderLayer)| {
            let name = format!("decoder.{index}");
            let cross = forward.cross_keys(&name, layer.sources, memory);
            let local = layer.mix.local().map(|_| {
                let width = forward.sizes.decoder.width / layer.mix.branches();
                LocalMemory::new(forward.tensors.kernel(&format!("{name}.mix.local.kernel")), sentences.len(), width)
            });
            LayerMemory { selected: cross.clone(), cross, attention: None, local }
        };
        let layers = forward.sizes.decoder.layers.iter().enumerate().map(layer).collect();
        let source_lengths = memory.frame.lengths.clone();
        Self { forward, layers, source_lengths, selected: sentences.clone(), sentences, position: 0 }
    }

    /// Moves the rows of all states to where the parents say.
    fn follow(&mut self, parents: &[usize]) {
        let rows = self.sentences.len();
        if parents.len() == rows && parents.iter().enumerate().all(|(row, &parent)| row == parent) {
            return;
        }
        self.sentences = parents.iter().map(|&parent| self.sentences[parent]).collect();
        let rows = rows_of(parents, &self.forward);
        self.layers.iter_mut().for_each(|layer| layer.select_rows(&rows));
    }

    /// Selects the keys of the sentences that rows belong to and returns how many rows each of them has: queries of
    /// rows that stand together and are of one sentence share its keys.
    fn select_sentences(&mut self) -> usize {
        let mut groups: Vec<(usize, usize)> = Vec::new();
        for &sentence in &self.sentences {
            match groups.last_mut() {
                Some((last, rows)) if *last == sentence => *rows += 1,
                Some(_) | None => groups.push((sentence, 1)),
            }
        }
        let rows = groups.first().map_or(1, |&(_, rows)| rows);
        let (wanted, rows) = match groups.iter().all(|&(_, count)| count == rows) {
            true => (groups.into_iter().map(|(sentence, _)| sentence).collect(), rows),
            false => (self.sentences.clone(), 1),
        };
        if wanted != self.selected {
            let indices = rows_of(&wanted, &self.forward);
            for layer in &mut self.layers {
                layer.selected = layer.cross.each_ref().map(|tensor| tensor.clone().select(0, indices.clone()));
            }
            self.selected = wanted;
        }
        rows
    }

    fn embed(&self, tokens: &[u32]) -> Tensor<2> {
        let (forward, width) = (&self.forward, self.forward.sizes.decoder.width);
        let position = forward.conventions.positions.row(self.position, width);
        let position = Tensor::<2>::from_data(TensorData::new(position, [1, width]), forward.device);
        let tokens = indices(tokens.iter().map(|&token| token as i32).collect(), forward.device);
        forward.embedded(tokens, width) + position
    }

    fn layer(&mut self, index: usize, values: Tensor<2>, rows: usize) -> Tensor<2> {
        let name = format!("decoder.{index}");
        let layer = self.forward.sizes.decoder.layers[index];
        let (forward, memory) = (&self.forward, &mut self.layers[index]);
        let mixed = memory.mix(forward, &name, &layer, values.clone());
        let values = forward.residual(&format!("{name}.mix_norm"), values, mixed, 0.0);
        let queries = forward.linear(&format!("{name}.cross.query"), values.clone());
        let [count, inner] = queries.dims();
        let lengths = self.selected.iter().map(|&sentence| self.source_lengths[sentence]).collect();
        let mask = AttentionMask { lengths, sources: layer.sources, order: Order::Free };
        let [keys, cross_values] = memory.selected.clone();
        let queries = queries.reshape([count / rows, rows, inner]);
        let attended = multi_head(queries, keys, cross_values, layer.cross_heads, &mask, None);
        let crossed = forward.linear(&format!("{name}.cross.output"), attended.reshape([count, inner]));
        let values = forward.residual(&format!("{name}.cross_norm"), values, crossed, 0.0);
        forward.mlp(&name, values)
    }
}

impl StepModel for StepDecoder<'_> {
    type Error = Infallible;

    fn step(&mut self, tokens: &[u32], parents: &[usize]) -> Result<Vec<f32>, Infallible> {
        self.follow(parents);
        let rows = self.select_sentences();
        let mut values = self.embed(tokens);
        for index in 0..self.layers.len() {
            values = self.layer(index, values, rows);
        }
        self.position += 1;
        Ok(host_values(log_softmax(self.forward.logits(values), 1)))
    }
}

impl LayerMemory {
    fn select_rows(&mut self, rows: &Tensor<1, Int>) {
        if let Some(attention) = &mut self.attention {
            *attention = attention.each_ref().map(|tensor| tensor.clone().select(0, rows.clone()));
        }
        if let Some(local) = &mut self.local {
            local.window = local.window.clone().select(0, rows.clone());
        }
    }

    fn mix(&mut self, forward: &Forward<'_>, name: &str, layer: &DecoderLayer, values: Tensor<2>) -> Tensor<2> {
        match (layer.mix.attends(), layer.mix.local()) {
            (true, Some(operator)) => {
                let [attended, local] = halves(values);
                let attended = self.attend(forward, name, layer.self_heads, attended);
                Tensor::cat(vec![attended, self.mix_locally(forward, name, operator, local)], 1)
            }
            (_, None) => self.attend(forward, name, layer.self_heads, values),
            (false, Some(operator)) => self.mix_locally(forward, name, operator, values),
        }
    }

    fn attend(&mut self, forward: &Forward<'_>, layer: &str, heads: usize, values: Tensor<2>) -> Tensor<2> {
        let name = format!("{layer}.mix.attention");
        let [query, key, value] = ["query", "key", "value"].map(|part| {
            let row = forward.linear(&format!("{name}.{part}"), values.clone());
            let [rows, inner] = row.dims();
            row.reshape([rows, 1, inner])
        });
        let [keys, attended] = match self.attention.take() {
            Some([keys, values]) => [Tensor::cat(vec![keys, key], 1), Tensor::cat(vec![values, value], 1)],
            None => [key, value],
        };
        let [rows, positions, inner] = keys.dims();
        self.attention = Some([keys.clone(), attended.clone()]);
        let mask = AttentionMask { lengths: vec![positions; rows], sources: 1, order: Order::Free };
        let attended = multi_head(query, keys, attended, heads, &mask, None);
        forward.linear(&format!("{name}.output"), attended.reshape([rows, inner]))
    }

    fn mix_locally(
        &mut self,
        forward: &Forward<'_>,
        layer: &str,
        operator: LocalOperator,
        values: Tensor<2>,
    ) -> Tensor<2> {
        let local = self.local.as_mut().expect("a layer with a local branch remembers its window");
        let read = local.read(forward.local_input(layer, operator, values));
        let mixed = match forward.law(operator) {
            LocalLaw::Conv => read * local.kernel.clone(),
            LocalLaw::Add { .. } => -(read - local.kernel.clone()).abs(),
        };
        let [rows, _, width] = mixed.dims();
        forward.local_output(layer, operator, mixed.sum_dim(1).reshape([rows, width]))
    }
}

impl LocalMemory {
    fn new(kernel: Tensor<2>, rows: usize, width: usize) -> Self {
        let [kernels, taps] = kernel.dims();
        let window = Tensor::zeros([rows, taps - 1, width], &kernel.device());
        let of_channels = kernel.transpose().reshape([taps, kernels, 1]).expand([taps, kernels, width / kernels]);
        Self { window, kernel: of_channels.reshape([1, taps, width]) }
    }

    /// Adds a position, `[N, C]`, forgets the oldest one and returns the taps of the kernel, `[N, K, C]`.
    fn read(&mut self, values: Tensor<2>) -> Tensor<3> {
        let [rows, width] = values.dims();
        let read = Tensor::cat(vec![self.window.clone(), values.reshape([rows, 1, width])], 1);
        self.window = read.clone().narrow(1, 1, self.kernel.dims()[1] - 1);
        read
    }
}

fn rows_of(rows: &[usize], forward: &Forward<'_>) -> Tensor<1, Int> {
    indices(rows.iter().map(|&row| row as i32).collect(), forward.device)
}
