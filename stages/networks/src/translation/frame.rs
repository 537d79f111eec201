use burn::Tensor;
use burn::tensor::{Device, Int, TensorData};
use datasets::TokenBatch;

/// Token ids of sentences, padded on the right.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Padded<'a> {
    /// `[B, T]`.
    pub tokens: &'a [u32],
    /// Real tokens of each sentence.
    pub lengths: &'a [usize],
    /// T, the longest length.
    pub length: usize,
}

impl<'a> Padded<'a> {
    /// Returns the sources of a batch.
    pub fn sources(batch: &'a TokenBatch) -> Self {
        Self { tokens: &batch.sources, lengths: &batch.source_lengths, length: batch.source_length }
    }

    /// Returns the frame of positions that the tokens lie in.
    pub fn frame(&self, device: &Device) -> Frame {
        Frame::new(self.lengths.to_vec(), self.length, device)
    }

    /// Returns the tokens as row numbers of an embedding.
    pub fn indices(&self, device: &Device) -> Tensor<1, Int> {
        indices(self.tokens.iter().map(|&token| token as i32).collect(), device)
    }
}

/// Which positions of a batch are real. Values of a batch lie in `[B · T, C]`, sentence by sentence.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// Real positions of each sentence.
    pub lengths: Vec<usize>,
    /// T, positions of each sentence.
    pub length: usize,
    /// 1 at real positions and 0 at the others, `[B · T, 1]`; `None` if all are real.
    real: Option<Tensor<2>>,
}

impl Frame {
    fn new(lengths: Vec<usize>, length: usize, device: &Device) -> Self {
        let real = lengths.iter().any(|&real| real < length).then(|| {
            let of_sentence = |&real: &usize| (0..length).map(move |at| if at < real { 1.0 } else { 0.0 });
            let values: Vec<f32> = lengths.iter().flat_map(of_sentence).collect();
            Tensor::from_data(TensorData::new(values, [lengths.len() * length, 1]), device)
        });
        Self { lengths, length, real }
    }

    /// Returns the number of sentences.
    pub fn sentences(&self) -> usize {
        self.lengths.len()
    }

    /// Returns `[B · T, C]` values with zeros at padding.
    pub fn without_padding(&self, values: Tensor<2>) -> Tensor<2> {
        match &self.real {
            Some(real) => values * real.clone(),
            None => values,
        }
    }

    /// Returns `[B · T, C]` values as `[B, T, C]`.
    pub fn unfold(&self, values: Tensor<2>) -> Tensor<3> {
        let channels = values.dims()[1];
        values.reshape([self.sentences(), self.length, channels])
    }
}

/// Returns `[B, T, C]` values as `[B · T, C]`.
pub(crate) fn fold(values: Tensor<3>) -> Tensor<2> {
    let [batch, length, channels] = values.dims();
    values.reshape([batch * length, channels])
}

/// Returns row numbers as a tensor.
pub(crate) fn indices(rows: Vec<i32>, device: &Device) -> Tensor<1, Int> {
    let length = rows.len();
    Tensor::from_data(TensorData::new(rows, [length]), device)
}

/// Returns the rows of real target positions in `[B · T]`, and their tokens, sentence by sentence.
pub(crate) fn real_targets(batch: &TokenBatch) -> (Vec<i32>, Vec<u32>) {
    let of_sentence = |(sentence, &length): (usize, &usize)| {
        let start = sentence * batch.target_length;
        start..start + length
    };
    let rows: Vec<usize> = batch.target_lengths.iter().enumerate().flat_map(of_sentence).collect();
    let targets = rows.iter().map(|&row| batch.targets[row]).collect();
    (rows.into_iter().map(|row| row as i32).collect(), targets)
}
