use std::sync::Arc;

use tract_onnx::prelude::{Datum, IntoArcTensor, OutletId, TDim, Tensor, TractResult, TypedModel};
use tract_onnx::tract_core::internal::{IntoTValue, TValue, TypedModelPatch};
use tract_onnx::tract_core::ops::konst::Const;

/// Replaces every node that reads constants only by its value.
///
/// tract folds constants too, but not into more than 4 MiB (`CONST_FOLD_MEM_BUDGET`): a larger 8-bit weight
/// would be decoded again with every batch.
pub(super) fn constants(model: &mut TypedModel) -> TractResult<()> {
    for id in model.eval_order()? {
        let Some(values) = values(model, id)? else { continue };
        let mut patch = TypedModelPatch::default();
        for (slot, value) in values.into_iter().enumerate() {
            let name = format!("{}.constant", model.node(id).name);
            let outlet = OutletId::new(id, slot);
            // What is packed for products is no plain tensor and says so in its fact.
            let packing = model.outlet_fact(outlet)?.exotic_fact.clone();
            let constant = Const::new_with_opt_exotic_fact(value.into_arc_tensor(), packing)?;
            let constant = patch.wire_node(name, constant, &[])?[0];
            patch.shunt_outside(model, outlet, constant)?;
        }
        patch.apply(model)?;
    }
    Ok(())
}

/// Returns the values that node `id` writes in every run, or `None` if they depend on the pictures.
fn values(model: &TypedModel, id: usize) -> TractResult<Option<Vec<TValue>>> {
    let node = model.node(id);
    // Sizes may hold symbols: known to tract, but no numbers yet.
    let number = |constant: &Arc<Tensor>| constant.datum_type() != TDim::datum_type();
    let constants = model.node_input_facts(id)?.into_iter().map(|fact| fact.konst.clone().filter(number));
    match constants.collect::<Option<Vec<_>>>() {
        Some(constants) if !constants.is_empty() && !node.op_is::<Const>() => {
            let inputs = constants.into_iter().map(IntoTValue::into_tvalue).collect();
            // Operators may hold symbols as well; what cannot be computed without them stays.
            Ok(node.op.eval_out_of_plan(inputs).ok().flatten().map(|values| values.into_vec()))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use tract_onnx::prelude::{SpecialOps, TypedFact};
    use tract_onnx::tract_core::ops::cast::cast;
    use tract_onnx::tract_core::ops::math::add;

    use super::*;

    /// Adds a picture to a weight of two million bytes, 8 MiB as floats.
    fn large() -> TypedModel {
        let shape = [2048, 1024];
        let mut model = TypedModel::default();
        // Equal codes would be folded as one number.
        let bytes: Vec<i8> = (0..2048 * 1024).map(|at| (at % 251 - 125) as i8).collect();
        let codes = model.add_const("codes", Tensor::from_shape(&shape, &bytes).unwrap()).unwrap();
        let weight = model.wire_node("weight", cast(f32::datum_type()), &[codes]).unwrap()[0];
        let picture = model.add_source("picture", TypedFact::dt_shape(f32::datum_type(), shape)).unwrap();
        let sum = model.wire_node("sum", add(), &[picture, weight]).unwrap();
        model.select_output_outlets(&sum).unwrap();
        model
    }

    /// Returns the operators of the optimized model.
    fn operators(model: TypedModel) -> Vec<String> {
        let optimized = model.into_optimized().unwrap();
        optimized.nodes().iter().map(|node| node.op().name().into_owned()).collect()
    }

    #[test]
    fn a_weight_above_the_limit_of_tract_is_decoded_once() {
        let mut decoded = large();
        constants(&mut decoded).unwrap();
        let casts = |model| operators(model).iter().filter(|name| name.contains("Cast")).count();
        assert_eq!((casts(large()), casts(decoded)), (1, 0), "{:?}", operators(large()));
    }
}
