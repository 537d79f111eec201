use crate::graph::BATCH_NORM_EPSILON;
use crate::{Arithmetic, Compute, Graph, Node, Weights, WeightsError};

/// Returns the inference form of a float network: no batch normalisation, the same function.
///
/// A normalisation right behind a multiplying layer disappears into that layer's weights and bias. Behind
/// anything else (a shift layer must keep powers of two, an add layer is not linear in its weights) it becomes
/// one [`Compute::Affine`]: y = scale · x + offset, with scale = γ / √(σ² + ε), offset = β − scale · μ.
/// A layer read by more than its normalisation keeps its weights, and the normalisation becomes an affine.
///
/// # Errors
/// If a tensor of the graph is missing from the weights or has another shape.
pub fn fold(graph: &Graph, weights: &Weights) -> Result<(Graph, Weights), WeightsError> {
    let readers = readers(graph);
    let mut folding = Folding { graph, weights, folded: Weights::default(), nodes: Vec::new(), moved: Vec::new() };
    for (index, node) in graph.nodes.iter().enumerate() {
        match node.compute {
            Compute::BatchNorm => folding.normalization(index, &readers)?,
            Compute::Linear(_)
            | Compute::Classifier
            | Compute::Affine
            | Compute::Input
            | Compute::Relu
            | Compute::SelfAttention { .. }
            | Compute::Sum
            | Compute::MaxPool { .. }
            | Compute::GlobalAveragePool => folding.keep(index)?,
        }
    }
    Ok((Graph { nodes: folding.nodes }, folding.folded))
}

fn readers(graph: &Graph) -> Vec<usize> {
    let mut readers = vec![0; graph.nodes.len()];
    for input in graph.nodes.iter().flat_map(|node| &node.inputs) {
        readers[*input] += 1;
    }
    readers
}

struct Folding<'a> {
    graph: &'a Graph,
    weights: &'a Weights,
    folded: Weights,
    nodes: Vec<Node>,
    /// Where each old node's output is found among the new nodes.
    moved: Vec<usize>,
}

impl Folding<'_> {
    fn keep(&mut self, index: usize) -> Result<(), WeightsError> {
        for parameter in self.graph.parameters_of(index) {
            let values = self.weights.floats(&parameter.name, &parameter.shape)?.to_vec();
            self.folded.insert(parameter.name, parameter.shape, values);
        }
        let node = &self.graph.nodes[index];
        let inputs = node.inputs.iter().map(|&input| self.moved[input]).collect();
        self.moved.push(self.nodes.len());
        self.nodes.push(Node { inputs, ..node.clone() });
        Ok(())
    }

    fn normalization(&mut self, index: usize, readers: &[usize]) -> Result<(), WeightsError> {
        let (scale, offset) = self.scale_and_offset(&self.graph.nodes[index])?;
        let input = self.graph.nodes[index].inputs[0];
        let multiplies = matches!(
            self.graph.nodes[input].compute,
            Compute::Linear(linear) if linear.arithmetic == Arithmetic::Multiply
        );
        if multiplies && readers[input] == 1 {
            self.absorb(self.moved[input], &scale, &offset)?;
            self.moved.push(self.moved[input]);
        } else {
            self.affine(index, scale, offset);
        }
        Ok(())
    }

    fn scale_and_offset(&self, node: &Node) -> Result<(Vec<f32>, Vec<f32>), WeightsError> {
        let shape = [node.output.channels];
        let read = |kind: &str| self.weights.floats(&format!("{}.{kind}", node.name), &shape);
        let (gamma, beta) = (read("gamma")?, read("beta")?);
        let (mean, variance) = (read("mean")?, read("variance")?);
        let scale: Vec<f32> = gamma
            .iter()
            .zip(variance)
            .map(|(gamma, variance)| gamma / (variance + BATCH_NORM_EPSILON).sqrt())
            .collect();
        let offset = (0..scale.len()).map(|channel| beta[channel] - scale[channel] * mean[channel]).collect();
        Ok((scale, offset))
    }

    fn absorb(&mut self, at: usize, scale: &[f32], offset: &[f32]) -> Result<(), WeightsError> {
        let folded = Graph { nodes: std::mem::take(&mut self.nodes) };
        let parameters = folded.parameters_of(at);
        self.nodes = folded.nodes;
        let weight = &parameters[0];
        let values = self.folded.floats(&weight.name, &weight.shape)?;
        let taps = values.len() / scale.len();
        let scaled = values.iter().enumerate().map(|(at, value)| value * scale[at / taps]).collect();
        let bias_name = format!("{}.bias", self.nodes[at].name);
        let bias = match parameters.get(1) {
            Some(bias) => {
                let old = self.folded.floats(&bias.name, &bias.shape)?;
                (0..old.len()).map(|channel| old[channel] * scale[channel] + offset[channel]).collect()
            }
            None => offset.to_vec(),
        };
        self.folded.insert(weight.name.clone(), weight.shape.clone(), scaled);
        self.folded.insert(bias_name, vec![offset.len()], bias);
        if let Compute::Linear(linear) = &mut self.nodes[at].compute {
            linear.bias = true;
        }
        Ok(())
    }

    fn affine(&mut self, index: usize, scale: Vec<f32>, offset: Vec<f32>) {
        let node = &self.graph.nodes[index];
        let shape = vec![scale.len()];
        self.folded.insert(format!("{}.scale", node.name), shape.clone(), scale);
        self.folded.insert(format!("{}.offset", node.name), shape, offset);
        let inputs = vec![self.moved[node.inputs[0]]];
        self.moved.push(self.nodes.len());
        self.nodes.push(Node { compute: Compute::Affine, inputs, ..node.clone() });
    }
}

#[cfg(test)]
mod tests;
