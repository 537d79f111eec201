use spaces::{Compute, FeatureMap, Graph, Linear, Node};

use crate::LoweringError;

/// Returns an error if the graph contradicts itself: its ends, what its nodes read, or their sizes.
pub(super) fn check(graph: &Graph) -> Result<(), LoweringError> {
    ends(graph)?;
    for (index, node) in graph.nodes.iter().enumerate() {
        inputs(index, node)?;
        let inputs: Vec<FeatureMap> = node.inputs.iter().map(|&input| graph.nodes[input].output).collect();
        let differs =
            |wanted: String| LoweringError::Size { node: node.name.clone(), wanted, found: node.output.to_string() };
        match size(node, &inputs) {
            Ok(wanted) if wanted == node.output => {}
            Ok(wanted) => return Err(differs(wanted.to_string())),
            Err(nothing) => return Err(differs(nothing)),
        }
    }
    Ok(())
}

fn ends(graph: &Graph) -> Result<(), LoweringError> {
    let named = |node: Option<&Node>| node.map_or("no node".to_owned(), |node| format!("`{}`", node.name));
    let (first, last) = (graph.nodes.first(), graph.nodes.last());
    if first.is_none_or(|node| node.compute != Compute::Input) {
        return Err(LoweringError::Ends { wanted: "its input as the first node", found: named(first) });
    }
    if last.is_none_or(|node| node.compute != Compute::Classifier) {
        return Err(LoweringError::Ends { wanted: "a classifier as the last node", found: named(last) });
    }
    Ok(())
}

fn inputs(index: usize, node: &Node) -> Result<(), LoweringError> {
    let wanted = match node.compute {
        Compute::Input => 0,
        Compute::Sum => 2,
        Compute::Linear(_)
        | Compute::BatchNorm
        | Compute::Affine
        | Compute::Relu
        | Compute::SelfAttention { .. }
        | Compute::MaxPool { .. }
        | Compute::GlobalAveragePool
        | Compute::Classifier => 1,
    };
    if node.inputs.len() == wanted && node.inputs.iter().all(|&input| input < index) {
        return Ok(());
    }
    Err(LoweringError::Inputs { node: node.name.clone(), wanted, found: node.inputs.clone() })
}

/// Returns the size that a node gives, or why it gives none.
fn size(node: &Node, inputs: &[FeatureMap]) -> Result<FeatureMap, String> {
    let output = node.output;
    match node.compute {
        Compute::Input => Ok(output),
        Compute::Linear(linear) => linear_size(linear, inputs[0], output.channels),
        Compute::BatchNorm | Compute::Affine | Compute::Relu => Ok(inputs[0]),
        Compute::SelfAttention { heads, .. } => {
            let channels = inputs[0].channels / 3;
            let divides = heads > 0 && channels * 3 == inputs[0].channels && channels.is_multiple_of(heads);
            let indivisible = || format!("no q, k, v of {heads} heads from {} channels", inputs[0].channels);
            divides.then(|| inputs[0].with_channels(channels)).ok_or_else(indivisible)
        }
        Compute::Sum if inputs[0] != inputs[1] => Err(format!("no sum of {} and {}", inputs[0], inputs[1])),
        Compute::Sum => Ok(inputs[0]),
        Compute::MaxPool { kernel, stride, padding } if 2 * padding <= kernel => {
            windowed(inputs[0], kernel, stride, padding)
        }
        Compute::MaxPool { .. } => Err("windows of padding only".to_owned()),
        Compute::GlobalAveragePool => Ok(FeatureMap::vector(inputs[0].channels)),
        Compute::Classifier => Ok(FeatureMap::vector(output.channels)),
    }
}

fn linear_size(linear: Linear, input: FeatureMap, channels: usize) -> Result<FeatureMap, String> {
    let groups = linear.groups;
    if groups == 0 || !input.channels.is_multiple_of(groups) || !channels.is_multiple_of(groups) {
        return Err(format!("no {groups} groups from {} to {channels} channels", input.channels));
    }
    let window = windowed(input, linear.kernel, linear.stride, linear.padding)?;
    Ok(window.with_channels(channels))
}

fn windowed(input: FeatureMap, kernel: usize, stride: usize, padding: usize) -> Result<FeatureMap, String> {
    let smallest = input.height.min(input.width) + 2 * padding;
    if kernel == 0 || stride == 0 || kernel > smallest {
        return Err(format!("no window of {kernel} and stride {stride} in {input} padded by {padding}"));
    }
    Ok(input.windowed(kernel, stride, padding))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, compute: Compute, inputs: &[usize], output: FeatureMap) -> Node {
        Node { name: name.to_owned(), compute, inputs: inputs.to_vec(), output, site: None }
    }

    fn message(nodes: Vec<Node>) -> String {
        check(&Graph { nodes }).unwrap_err().to_string()
    }

    const MAP: FeatureMap = FeatureMap { channels: 4, height: 5, width: 5 };

    fn between(middle: Node) -> Vec<Node> {
        let head = node("head", Compute::Classifier, &[1], FeatureMap::vector(2));
        vec![node("input", Compute::Input, &[], MAP), middle, head]
    }

    #[test]
    fn a_graph_begins_with_its_input_and_ends_with_its_classifier() {
        assert_eq!(message(Vec::new()), "graph wants its input as the first node, found no node");
        let relu = node("relu", Compute::Relu, &[0], MAP);
        let unfinished = vec![node("input", Compute::Input, &[], MAP), relu];
        assert_eq!(message(unfinished), "graph wants a classifier as the last node, found `relu`");
    }

    #[test]
    fn a_node_reads_only_nodes_before_it() {
        let relu = node("relu", Compute::Relu, &[1], MAP);
        assert_eq!(message(between(relu)), "node `relu` wants 1 inputs from nodes before it, found [1]");
    }

    #[test]
    fn a_stated_size_must_follow_from_the_window() {
        let pool = Compute::MaxPool { kernel: 3, stride: 2, padding: 1 };
        let sized = |edge| node("pool", pool, &[0], FeatureMap { channels: 4, height: edge, width: edge });
        assert!(check(&Graph { nodes: between(sized(3)) }).is_ok());
        assert_eq!(message(between(sized(2))), "node `pool` gives 4x3x3, the graph says 4x2x2");
    }

    #[test]
    fn a_window_larger_than_its_map_is_named() {
        let pool = Compute::MaxPool { kernel: 7, stride: 1, padding: 0 };
        let message = message(between(node("pool", pool, &[0], MAP)));
        assert_eq!(message, "node `pool` gives no window of 7 and stride 1 in 4x5x5 padded by 0, the graph says 4x5x5");
    }

    #[test]
    fn heads_must_divide_the_channels() {
        let attention = Compute::SelfAttention { heads: 2, form: spaces::AttentionForm::Standard };
        let message = message(between(node("attention", attention, &[0], MAP)));
        assert!(message.starts_with("node `attention` gives no q, k, v of 2 heads from 4 channels"), "{message}");
    }
}
