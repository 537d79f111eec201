use burn::Tensor;
use burn::tensor::activation::softmax;
use burn::tensor::{Device, TensorData};
use kernels::Mask;

use super::dropout::factors;

/// Added to the score of a key that a query must not see.
const HIDDEN: f32 = -1e9;

/// Which keys each query sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AttentionMask {
    /// Real keys of each sentence, those of every source, at least one.
    pub lengths: Vec<usize>,
    /// How many sequences of equal padded length lie one after another among the keys.
    pub sources: usize,
    /// What of the time before it a query sees.
    pub order: Order,
}

/// What of the time before it a query sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Every key.
    Free,
    /// The keys up to its own; the last query's is the last key.
    Causal,
}

/// Returns softmax(q·k / √(q / heads)) v with the heads side by side in the channels. Dropout applies to the weights.
///
/// # Shapes
/// - `query`, returns: `[B, T, q]`
/// - `key`, `value`: `[B, S, q]`, S = sources · padded length
pub(crate) fn multi_head(
    query: Tensor<3>,
    key: Tensor<3>,
    value: Tensor<3>,
    heads: usize,
    mask: &AttentionMask,
    dropout: Option<Mask>,
) -> Tensor<3> {
    let [batch, queries, width] = query.dims();
    let keys = key.dims()[1];
    let head = width / heads;
    let split = |tensor: Tensor<3>, length| tensor.reshape([batch, length, heads, head]).swap_dims(1, 2);
    let scores = split(query, queries).matmul(split(key, keys).swap_dims(2, 3)) * (head as f32).powf(-0.5);
    let bias = mask.bias(queries, keys, &scores.device().inner());
    let mut weights = softmax(scores + bias, 3);
    if let Some(dropout) = dropout {
        let factors = factors(weights.dims(), dropout, &weights.device().inner());
        weights = weights * factors;
    }
    weights.matmul(split(value, keys)).swap_dims(1, 2).reshape([batch, queries, width])
}

impl AttentionMask {
    /// Returns whether a query sees a key of a sentence.
    fn shows(&self, sentence: usize, query: (usize, usize), key: (usize, usize)) -> bool {
        let ((query, queries), (key, keys)) = (query, key);
        let is_real = key % (keys / self.sources) < self.lengths[sentence];
        let is_past = match self.order {
            Order::Free => true,
            Order::Causal => key + queries <= query + keys,
        };
        is_real && is_past
    }

    /// Returns 0 for what is seen and [`HIDDEN`] for the rest, `[B, 1, T, S]`.
    fn bias(&self, queries: usize, keys: usize, device: &Device) -> Tensor<4> {
        let batch = self.lengths.len();
        let mut bias = Vec::with_capacity(batch * queries * keys);
        for sentence in 0..batch {
            for query in 0..queries {
                let shown = (0..keys).map(|key| self.shows(sentence, (query, queries), (key, keys)));
                bias.extend(shown.map(|shown| if shown { 0.0 } else { HIDDEN }));
            }
        }
        Tensor::from_data(TensorData::new(bias, [batch, 1, queries, keys]), device)
    }
}
