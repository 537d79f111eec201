use tract_onnx::prelude::{SpecialOps, TractResult, TypedModel};
use tract_onnx::tract_core::ops::konst::Const;

/// Gives every reader of a constant one of its own, the values shared.
///
/// tract prepares a weight for products once only if nothing else reads it; the embedding is also looked up in.
pub(super) fn give(model: &mut TypedModel) -> TractResult<()> {
    for id in model.eval_order()? {
        let Some(constant) = model.node(id).op_as::<Const>() else { continue };
        let value = constant.val().clone();
        for (copy, reader) in model.node(id).outputs[0].successors.clone().into_iter().enumerate().skip(1) {
            let own = model.add_const(format!("{}.{copy}", model.node(id).name), value.clone())?;
            model.add_edge(own, reader)?;
        }
    }
    Ok(())
}
