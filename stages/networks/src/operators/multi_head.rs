use burn::Tensor;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::activation::softmax;
use burn::tensor::{Device, TensorData};
use burn_flex::FlexTensor;
use kernels::Mask;
use kernels::attention as kernel;
use kernels::attention::Heads;
pub(crate) use kernels::attention::Order;

use super::dropout::factors;
use super::host;

/// Added to the score of a key that a query must not see.
const HIDDEN: f32 = -1e9;

/// Which keys each query sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AttentionMask {
    /// Real keys of each sentence, those of every source, at least one.
    pub lengths: Vec<usize>,
    /// How many sequences of equal padded length lie one after another among the keys.
    pub sources: usize,
    /// Which of the keys before and after it a query sees.
    pub order: Order,
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
    if !host::is_own(&query.device()) {
        return composed(query, key, value, heads, mask, dropout);
    }
    let ([_, queries, width], keys) = (query.dims(), key.dims()[1]);
    let AttentionMask { lengths, sources, order } = mask.clone();
    let heads = Heads { queries, keys, width, heads, lengths, sources, order, dropout };
    let output = Dispatch::attend_heads(query.into_dispatch(), key.into_dispatch(), value.into_dispatch(), heads);
    Tensor::from_dispatch(output)
}

/// As [`multi_head`], in the backend's own operations.
fn composed(
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

/// Attention and its gradients as backend operations; the default bodies compute on the host.
#[backend_extension(
    Flex,
    LibTorch: cfg(feature = "tch"),
    Cube: cfg(any(feature = "cuda", feature = "vulkan")),
    Autodiff
)]
pub(super) trait MultiHead: Backend {
    fn attend_heads(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        value: FloatTensor<Self>,
        heads: Heads,
    ) -> FloatTensor<Self> {
        let (device, shape) = (query.device(), query.shape());
        let [query, key, value] = [query, key, value].map(host::values::<Self>);
        host::tensor::<Self>(kernel::forward(&heads, &query, &key, &value), &shape, &device)
    }

    /// Returns the gradients of query, key and value.
    fn attend_heads_gradients(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        value: FloatTensor<Self>,
        upstream: FloatTensor<Self>,
        heads: Heads,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (device, shapes) = (query.device(), [query.shape(), key.shape(), value.shape()]);
        let [query, key, value, upstream] = [query, key, value, upstream].map(host::values::<Self>);
        let [of_query, of_key, of_value] = kernel::backward(&heads, [&query, &key, &value], &upstream);
        let tensor = |values, at: usize| host::tensor::<Self>(values, &shapes[at], &device);
        (tensor(of_query, 0), tensor(of_key, 1), tensor(of_value, 2))
    }
}

/// Reads tensors where they are.
impl MultiHead for Flex {
    fn attend_heads(query: FlexTensor, key: FlexTensor, value: FlexTensor, heads: Heads) -> FlexTensor {
        let [query, key, value] = [query, key, value].map(|tensor| tensor.to_contiguous());
        let output = kernel::forward(&heads, host::slice(&query), host::slice(&key), host::slice(&value));
        host::flex(output, &query.shape())
    }

    fn attend_heads_gradients(
        query: FlexTensor,
        key: FlexTensor,
        value: FlexTensor,
        upstream: FlexTensor,
        heads: Heads,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let [query, key, value, upstream] = [query, key, value, upstream].map(|tensor| tensor.to_contiguous());
        let inputs = [&query, &key, &value].map(host::slice);
        let [of_query, of_key, of_value] = kernel::backward(&heads, inputs, host::slice(&upstream));
        let tensor = |values, like: &FlexTensor| host::flex(values, &like.shape());
        (tensor(of_query, &query), tensor(of_key, &key), tensor(of_value, &value))
    }
}

#[cfg(feature = "tch")]
impl MultiHead for burn::backend::LibTorch {}

#[cfg(any(feature = "cuda", feature = "vulkan"))]
impl MultiHead for burn::backend::Cube {}

impl<B: MultiHead, C: CheckpointStrategy> MultiHead for Autodiff<B, C> {
    fn attend_heads(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        value: FloatTensor<Self>,
        heads: Heads,
    ) -> FloatTensor<Self> {
        match MultiHeadBackward.prepare::<C>([query.node(), key.node(), value.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let nodes = [&query, &key, &value].map(|tensor| prepared.checkpoint(tensor));
                let (query, key, value) = (query.into_primitive(), key.into_primitive(), value.into_primitive());
                let output = B::attend_heads(query, key, value, heads.clone());
                prepared.finish((nodes, heads), output)
            }
            OpsKind::UnTracked(prepared) => {
                let (query, key, value) = (query.into_primitive(), key.into_primitive(), value.into_primitive());
                prepared.finish(B::attend_heads(query, key, value, heads))
            }
        }
    }
}

#[derive(Debug)]
struct MultiHeadBackward;

impl<B: MultiHead> Backward<B, 3> for MultiHeadBackward {
    type State = ([NodeId; 3], Heads);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let (nodes, heads) = ops.state;
        let upstream = grads.consume::<B>(&ops.node);
        let [query, key, value] = nodes.map(|node| checkpointer.retrieve_node_output::<FloatTensor<B>>(node));
        let (of_query, of_key, of_value) = B::attend_heads_gradients(query, key, value, upstream, heads);
        for (node, gradient) in ops.parents.into_iter().zip([of_query, of_key, of_value]) {
            if let Some(node) = node {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_into_vec().unwrap()
    }

    type Attention = fn(Tensor<3>, Tensor<3>, Tensor<3>, usize, &AttentionMask, Option<Mask>) -> Tensor<3>;

    /// Returns the output and the gradients of a loss whose upstream gradient is no constant.
    fn run(attention: Attention, mask: &AttentionMask, keys: usize, dropout: Option<Mask>) -> [Vec<f32>; 4] {
        let device = Device::flex().autodiff();
        let leaf = |length: usize, step: f32| {
            let values: Vec<f32> = (0..3 * length * 8).map(|at| 2.0 * (at as f32 * step).sin()).collect();
            Tensor::<3>::from_data(TensorData::new(values, [3, length, 8]), &device).require_grad()
        };
        let parts = [leaf(5, 0.7), leaf(keys, 1.3), leaf(keys, 2.1)];
        let [query, key, value] = parts.clone();
        let output = attention(query, key, value, 2, mask, dropout);
        let gradients = output.clone().powi_scalar(3).sum().backward();
        let [query, key, value] = parts.map(|part| read(part.grad(&gradients).unwrap()));
        [read(output), query, key, value]
    }

    #[test]
    fn the_kernel_and_the_backends_operations_agree() {
        let masks = [
            (AttentionMask { lengths: vec![5, 2, 1], sources: 1, order: Order::Causal }, 5),
            (AttentionMask { lengths: vec![4, 2, 1], sources: 2, order: Order::Free }, 8),
        ];
        for (mask, keys) in masks {
            for dropout in [None, Some(Mask::new(0.3, 5))] {
                let wanted = run(composed, &mask, keys, dropout);
                for (found, wanted) in run(multi_head, &mask, keys, dropout).iter().zip(&wanted) {
                    for (found, wanted) in found.iter().zip(wanted) {
                        // Single-precision sums of values of magnitude 2, cubed.
                        assert!((found - wanted).abs() <= 1e-4 * (1.0 + wanted.abs()), "{found} instead of {wanted}");
                    }
                }
            }
        }
    }
}
