//! Counts of a network as headlines.

use costs::{TranslationPass, transformer};
use engine::Context;
use spaces::{Graph, TransformerArchitecture};

/// Reports the counts of a network.
pub fn report(context: &mut Context<'_>, graph: &Graph) {
    let counts = costs::counts(graph);
    context.headline("params", counts.params.total(), "");
    context.headline("macs_multiply", counts.macs.multiply, "");
    context.headline("macs_shift", counts.macs.shift, "");
    context.headline("macs_add", counts.macs.add, "");
}

/// Reports the counts of a translation network for a pass over 30 tokens on either side, embeddings left out.
pub fn report_translation(context: &mut Context<'_>, architecture: &TransformerArchitecture) {
    let network = transformer("network", architecture, TranslationPass::default());
    let Ok(macs) = network.macs() else { return };
    context.headline("params_without_embedding", network.params(), "");
    context.headline("macs_multiply", macs.multiply, "");
    context.headline("macs_shift", macs.shift, "");
    context.headline("macs_add", macs.add, "");
}
