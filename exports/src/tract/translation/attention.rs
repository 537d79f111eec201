use tract_onnx::prelude::{
    IntoTValue, OutletId, TValue, TVec, Tensor, TractResult, TypedFact, TypedModel, TypedNode, tvec,
};
use tract_onnx::tract_core::internal::{
    AxisOp, DatumExt, EvalContext, EvalOp, Op, StaticName, TypedModelPatch, TypedOp, as_op, bail, op_as_typed_op,
    op_out_of_plan,
};

/// Values added up side by side, so that they compile to vectors.
const LANES: usize = 16;

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

/// out\[p\] = Σ of query · row p.
#[inline(always)]
fn dots(query: &[f32], rows: &[f32], out: &mut [f32]) {
    for (row, out) in rows.chunks_exact(query.len()).zip(out) {
        let (query_lanes, query_rest) = query.as_chunks::<LANES>();
        let (row_lanes, row_rest) = row.as_chunks::<LANES>();
        let mut sums = [0.0; LANES];
        for (query, row) in query_lanes.iter().zip(row_lanes) {
            for lane in 0..LANES {
                sums[lane] += query[lane] * row[lane];
            }
        }
        *out = sums.iter().sum::<f32>() + query_rest.iter().zip(row_rest).map(|(a, b)| a * b).sum::<f32>();
    }
}

/// out = Σ over rows of factor · row.
#[inline(always)]
fn sums(factors: &[f32], rows: &[f32], out: &mut [f32]) {
    out.fill(0.0);
    for (factor, row) in factors.iter().zip(rows.chunks_exact(out.len().max(1))) {
        out.iter_mut().zip(row).for_each(|(out, value)| *out += factor * value);
    }
}

#[inline(always)]
fn softmax(scores: &mut [f32]) {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    scores.iter_mut().for_each(|score| *score = (*score - largest).exp());
    let factor = scores.iter().sum::<f32>().recip();
    scores.iter_mut().for_each(|score| *score *= factor);
}
