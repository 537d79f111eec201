mod rows;

use tract_onnx::prelude::{
    IntoTValue, OutletId, TValue, TVec, Tensor, TractResult, TypedFact, TypedModel, TypedNode, tvec,
};
use tract_onnx::tract_core::internal::{
    AxisOp, DatumExt, EvalContext, EvalOp, Op, StaticName, TypedModelPatch, TypedOp, as_op, bail, op_as_typed_op,
    op_out_of_plan,
};

use rows::{dots, softmax, sums};

/// softmax(q k + bias) v for few queries and many small groups of keys: a row's own states, or a sentence.
///
/// tract packs both factors of every product for tiles of 64 rows, of which one query fills one. Here nothing is moved.
///
/// # Shapes
/// - queries: `[A, H, Q, d]`; values: `[A, H, P, d]`; bias, if any: `[A, 1, 1, P]`; result as the queries.
/// - keys: `[A, H, P, d]` or `[A, H, d, P]`, as the order says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct FewQueries {
    keys: KeyOrder,
}

/// Which axis of the keys is the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum KeyOrder {
    Channels,
    Positions,
}

/// Replaces the attentions of a decoder, which [`crate::export_translation`] has named, by [`FewQueries`].
pub(super) fn fuse(model: &mut TypedModel) -> TractResult<()> {
    let attention = |node: &TypedNode| Some(node.name.strip_suffix(".weighted")?.to_owned());
    let decoder = |name: &String| name.starts_with("decoder.");
    let names: Vec<String> = model.nodes().iter().filter_map(attention).filter(decoder).collect();
    for name in names {
        let node = |part: &str| model.node_by_name(format!("{name}.{part}"));
        let (scores, weighted) = (node("scores")?, node("weighted")?);
        let (queries, values) = (scores.inputs[0], weighted.inputs[1]);
        let (keys, bias, order) = match node("masked") {
            Ok(masked) => (scores.inputs[1], Some(masked.inputs[1]), KeyOrder::Positions),
            Err(_) => (before_moves(model, scores.inputs[1]), None, KeyOrder::Channels),
        };
        let old = OutletId::new(weighted.id, 0);
        let mut patch = TypedModelPatch::default();
        let inputs: Vec<OutletId> = [queries, keys, values].into_iter().chain(bias).collect();
        let inputs: TVec<OutletId> = patch.taps(model, &inputs)?;
        let fused = patch.wire_node(format!("{name}.fused"), FewQueries { keys: order }, &inputs)?;
        patch.shunt_outside(model, old, fused[0])?;
        patch.apply(model)?;
    }
    Ok(())
}

/// Returns the value that `outlet` is with its axes moved.
fn before_moves(model: &TypedModel, mut outlet: OutletId) -> OutletId {
    while model.node(outlet.node).op_is::<AxisOp>() {
        outlet = model.node(outlet.node).inputs[0];
    }
    outlet
}

impl Op for FewQueries {
    fn name(&self) -> StaticName {
        "FewQueries".into()
    }

    op_as_typed_op!();
}

impl EvalOp for FewQueries {
    op_out_of_plan!();

    fn eval(&self, _context: &EvalContext<'_>, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let shape = inputs[0].shape().to_vec();
        let views = inputs.iter().map(|input| input.to_plain_array_view::<f32>()).collect::<TractResult<Vec<_>>>()?;
        let slices: Option<Vec<&[f32]>> = views.iter().map(|view| view.as_slice()).collect();
        let Some(slices) = slices else { bail!("attention wants tensors in order of their axes") };
        let attention = Attention {
            heads: shape[1],
            queries: shape[2],
            width: shape[3],
            positions: inputs[2].shape()[2],
            keys: self.keys,
        };
        let (bias, arch) = (slices.get(3).copied(), pulp::Arch::new());
        let values = arch.dispatch(|| attention.weighted(slices[0], slices[1], slices[2], bias));
        Ok(tvec!(Tensor::from_shape(&shape, &values)?.into_tvalue()))
    }
}

impl TypedOp for FewQueries {
    as_op!();

    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(tvec!(f32::fact(inputs[0].shape.clone())))
    }
}

/// The sizes of one call.
struct Attention {
    heads: usize,
    queries: usize,
    width: usize,
    positions: usize,
    keys: KeyOrder,
}

impl Attention {
    #[inline(always)]
    fn weighted(&self, queries: &[f32], keys: &[f32], values: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
        let size = self.positions * self.width;
        let mut out = vec![0.0; queries.len()];
        let mut scores = vec![0.0; self.positions];
        let rows = queries.chunks_exact(self.width).zip(out.chunks_exact_mut(self.width));
        for (row, (query, out)) in rows.enumerate() {
            let group = row / self.queries;
            let (keys, values) = (&keys[group * size..][..size], &values[group * size..][..size]);
            match self.keys {
                KeyOrder::Channels => dots(query, keys, &mut scores),
                KeyOrder::Positions => sums(query, keys, &mut scores),
            }
            if let Some(bias) = bias {
                let bias = &bias[group / self.heads * self.positions..][..self.positions];
                scores.iter_mut().zip(bias).for_each(|(score, bias)| *score += bias);
            }
            softmax(&mut scores);
            sums(&scores, values, out);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns numbers in −1..1 that look random.
    fn numbers(count: usize, step: usize) -> Vec<f32> {
        (0..count).map(|at| (at * step % 997) as f32 / 498.5 - 1.0).collect()
    }

    /// Returns softmax(q k + bias) v of one query by its definition.
    fn plain(query: &[f32], keys: &[Vec<f32>], values: &[f32], bias: &[f32]) -> Vec<f64> {
        let product = |key: &Vec<f32>| key.iter().zip(query).map(|(k, q)| f64::from(k * q)).sum::<f64>();
        let scores: Vec<f64> =
            keys.iter().zip(bias).map(|(key, &bias)| (product(key) + f64::from(bias)).exp()).collect();
        let sum: f64 = scores.iter().sum();
        let value = |channel: usize| {
            let shares = scores.iter().zip(values.chunks(query.len()));
            shares.map(|(score, row)| score / sum * f64::from(row[channel])).sum()
        };
        (0..query.len()).map(value).collect()
    }

    #[test]
    fn both_orders_of_keys_agree_with_the_definition() {
        let (groups, heads, queries) = (2, 3, 4);
        for (width, positions) in [(64, 1), (20, 17), (3, 33), (16, 5)] {
            let q = numbers(groups * heads * queries * width, 31);
            let k = numbers(groups * heads * positions * width, 17);
            let v = numbers(groups * heads * positions * width, 53);
            let masked = |at: usize| if !at.is_multiple_of(positions) && at.is_multiple_of(3) { -1e9 } else { 0.0 };
            let bias: Vec<f32> = (0..groups * positions).map(masked).collect();
            for order in [KeyOrder::Channels, KeyOrder::Positions] {
                let attention = Attention { heads, queries, width, positions, keys: order };
                let found = attention.weighted(&q, &k, &v, Some(&bias));
                for (row, found) in found.chunks(width).enumerate() {
                    let group = row / queries;
                    let keys = &k[group * positions * width..][..positions * width];
                    let key = |p: usize| match order {
                        KeyOrder::Channels => keys[p * width..][..width].to_vec(),
                        KeyOrder::Positions => (0..width).map(|c| keys[c * positions + p]).collect(),
                    };
                    let keys: Vec<Vec<f32>> = (0..positions).map(key).collect();
                    let values = &v[group * positions * width..][..positions * width];
                    let bias = &bias[group / heads * positions..][..positions];
                    let wanted = plain(&q[row * width..][..width], &keys, values, bias);
                    let close = |(&found, wanted): (&f32, f64)| (f64::from(found) - wanted).abs() < 1e-5;
                    assert!(found.iter().zip(wanted).all(close), "{order:?} {width} {positions}");
                }
            }
        }
    }
}
