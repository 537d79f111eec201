use tract_onnx::prelude::{
    IntoTValue, OutletId, TValue, TVec, Tensor, TractResult, TypedFact, TypedModel, TypedNode, tvec,
};
use tract_onnx::tract_core::internal::{
    AxisOp, DatumExt, EvalContext, EvalOp, Op, StaticName, TypedModelPatch, TypedOp, as_op, bail, op_as_typed_op,
    op_out_of_plan,
};

/// Values added up side by side, so that they compile to vectors, and to several so that none waits for the last.
const LANES: usize = 64;

/// −Σ |x − w| over the inputs, for every row and output.
///
/// # Shapes
/// - x: `[rows, inputs]`; weight: `[outputs, inputs, 1]`; result: `[rows, outputs]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Distances;

/// Replaces the float add layers, which [`crate::export_translation`] writes as a Scan over outputs, by [`Distances`].
pub(super) fn fuse(model: &mut TypedModel) -> TractResult<()> {
    let layer = |node: &TypedNode| Some(node.name.strip_suffix("/negated")?.to_owned());
    let names: Vec<String> = model.nodes().iter().filter_map(layer).collect();
    for name in names {
        let scan = model.node_by_name(format!("{name}/distances"))?;
        let constant = |outlet: &&OutletId| model.outlet_fact(**outlet).is_ok_and(|fact| fact.konst.is_some());
        let weight = scan.inputs.iter().find(constant);
        let columns = scan.inputs.iter().find(|outlet| !constant(outlet));
        let (Some(&weight), Some(&columns)) = (weight, columns) else { continue };
        // Axes are exchanged before and behind the Scan, each by one operator of tract.
        let negated = model.node_by_name(format!("{name}/negated"))?;
        let [rows] = negated.outputs[0].successors.as_slice() else { continue };
        let (columns, rows) = (model.node(columns.node), model.node(rows.node));
        if !columns.op_is::<AxisOp>() || !rows.op_is::<AxisOp>() {
            continue;
        }
        let mut patch = TypedModelPatch::default();
        let inputs: TVec<OutletId> = patch.taps(model, &[columns.inputs[0], weight])?;
        let fused = patch.wire_node(format!("{name}/fused"), Distances, &inputs)?;
        patch.shunt_outside(model, OutletId::new(rows.id, 0), fused[0])?;
        patch.apply(model)?;
    }
    Ok(())
}

impl Op for Distances {
    fn name(&self) -> StaticName {
        "Distances".into()
    }

    op_as_typed_op!();
}

impl EvalOp for Distances {
    op_out_of_plan!();

    fn eval(&self, _context: &EvalContext<'_>, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let (rows, outputs) = (inputs[0].shape()[0], inputs[1].shape()[0]);
        let views = inputs.iter().map(|input| input.to_plain_array_view::<f32>()).collect::<TractResult<Vec<_>>>()?;
        let (Some(x), Some(weight)) = (views[0].as_slice(), views[1].as_slice()) else {
            bail!("add layers want tensors in order of their axes")
        };
        let inputs = inputs[1].shape()[1];
        let values = pulp::Arch::new().dispatch(|| distances(x, weight, inputs));
        Ok(tvec!(Tensor::from_shape(&[rows, outputs], &values)?.into_tvalue()))
    }
}

impl TypedOp for Distances {
    as_op!();

    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let shape = [inputs[0].shape[0].clone(), inputs[1].shape[0].clone()];
        Ok(tvec!(f32::fact(shape)))
    }
}

#[inline(always)]
fn distances(x: &[f32], weight: &[f32], inputs: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(x.len() / inputs * (weight.len() / inputs));
    for x in x.chunks_exact(inputs) {
        out.extend(weight.chunks_exact(inputs).map(|weight| -distance(x, weight)));
    }
    out
}

/// Returns Σ |x − w|.
#[inline(always)]
fn distance(x: &[f32], weight: &[f32]) -> f32 {
    let (x_lanes, x_rest) = x.as_chunks::<LANES>();
    let (weight_lanes, weight_rest) = weight.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (x, weight) in x_lanes.iter().zip(weight_lanes) {
        for lane in 0..LANES {
            sums[lane] += (x[lane] - weight[lane]).abs();
        }
    }
    sums.iter().sum::<f32>() + x_rest.iter().zip(weight_rest).map(|(x, weight)| (x - weight).abs()).sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quarters, whose sums floats hold exactly.
    #[test]
    fn distances_are_those_of_the_definition() {
        for inputs in [1, 63, 64, 200] {
            let quarters = |count: usize, step: usize| (0..count).map(move |at| (at * step % 97) as f32 / 4.0 - 12.0);
            let (x, weight): (Vec<f32>, Vec<f32>) =
                (quarters(3 * inputs, 31).collect(), quarters(5 * inputs, 17).collect());
            let distance = |row: usize, output: usize| -> f32 {
                -(0..inputs).map(|at| (x[row * inputs + at] - weight[output * inputs + at]).abs()).sum::<f32>()
            };
            let wanted: Vec<f32> = (0..15).map(|at| distance(at / 5, at % 5)).collect();
            assert_eq!(distances(&x, &weight, inputs), wanted, "{inputs} inputs");
        }
    }
}
