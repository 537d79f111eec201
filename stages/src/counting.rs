//! Counts of a network as headlines.

use engine::Context;
use spaces::Graph;

/// Reports the counts of a network.
pub fn report(context: &mut Context<'_>, graph: &Graph) {
    let counts = costs::counts(graph);
    context.headline("params", counts.params.total(), "");
    context.headline("macs_multiply", counts.macs.multiply, "");
    context.headline("macs_shift", counts.macs.shift, "");
    context.headline("macs_add", counts.macs.add, "");
}
