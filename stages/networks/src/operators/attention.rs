use burn::Tensor;
use burn::tensor::activation::softmax;
use spaces::AttentionForm;

/// Returns multi-head self-attention over the positions of a map (Eq. 1 of ShiftAddNAS).
///
/// # Shapes
/// - `qkv`: `[B, 3 · C, H, W]`, queries, keys and values stacked along the channels, each `heads` heads wide
/// - returns: `[B, C, H, W]`
pub fn self_attention(qkv: Tensor<4>, heads: usize, form: AttentionForm) -> Tensor<4> {
    let [batch, stacked, height, width] = qkv.dims();
    let (channels, positions) = (stacked / 3, height * width);
    let head = channels / heads;
    let part = |at: usize| {
        let part = qkv.clone().narrow(1, at * channels, channels);
        part.reshape([batch, heads, head, positions])
    };
    let (queries, keys, values) = (part(0), part(1), part(2));
    let scores = queries.swap_dims(2, 3).matmul(keys) * (head as f32).powf(-0.5);
    let map = softmax(scores, 3);
    let attended = match form {
        AttentionForm::Standard => values.matmul(map.swap_dims(2, 3)),
        AttentionForm::Transposed => values.matmul(map),
    };
    attended.reshape([batch, channels, height, width])
}
