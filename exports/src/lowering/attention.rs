use spaces::AttentionForm;

use super::layer::Layer;
use crate::onnx::Attribute;

/// Lowers multi-head self-attention over the positions of a map that holds q, k, v along its channels.
///
/// With d channels per head and q, k, v of shape `[d, positions]`: A = softmax(qᵀ k / √d) over its last axis,
/// then out = v Aᵀ (standard: out_i = Σ_j A_ij v_j) or out = v A (transposed: out_j = Σ_i v_i A_ij).
pub(super) fn lower(layer: &mut Layer<'_>, heads: usize, form: AttentionForm) {
    let to = layer.node.output;
    let sizes = [3 * heads, to.channels / heads, to.positions()];
    let stacked = layer.reshaped("heads", layer.inputs[0], &sizes);
    let [q, k, v] = [("q", 0), ("k", 1), ("v", 2)].map(|(part, third)| {
        let starts = layer.integers(&format!("{part}.starts"), &[third * heads]);
        let ends = layer.integers(&format!("{part}.ends"), &[(third + 1) * heads]);
        let axes = layer.integers(&format!("{part}.axes"), &[1]);
        layer.inner(part, "Slice", &[&stacked, &starts, &ends, &axes], Vec::new())
    });

    let scale = layer.part("scale");
    layer.builder.floats(&scale, &[], &[(sizes[1] as f32).sqrt().recip()]);
    let q = layer.inner("q.scaled", "Mul", &[&q, &scale], Vec::new());
    let q = swapped(layer, "q.swapped", &q);
    let scores = layer.inner("scores", "MatMul", &[&q, &k], Vec::new());
    let map = layer.inner("map", "Softmax", &[&scores], vec![Attribute::Int("axis", -1)]);
    let map = match form {
        AttentionForm::Standard => swapped(layer, "map.swapped", &map),
        AttentionForm::Transposed => map,
    };
    let mixed = layer.inner("mixed", "MatMul", &[&v, &map], Vec::new());
    let shape = layer.integers("shape", &[0, to.channels, to.height, to.width]);
    layer.last("Reshape", &[&mixed, &shape], Vec::new());
}

/// Swaps the last two of four axes.
fn swapped(layer: &mut Layer<'_>, part: &str, value: &str) -> String {
    layer.inner(part, "Transpose", &[value], vec![Attribute::Ints("perm", vec![0, 1, 3, 2])])
}
