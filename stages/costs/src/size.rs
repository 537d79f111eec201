use spaces::{Arithmetic, Graph, Parameter, ParameterKind};

use crate::BitWidth;

/// Bits of a shift weight at either width: a sign and one of the 16 exponents −15 to 0, as DeepShift (Elhoushi et al.,
/// arXiv 1905.13298) trains them.
const SHIFT_WEIGHT_BITS: u64 = 5;

/// Bits of everything that is not multiplied, shifted or subtracted tap by tap.
const VECTOR_BITS: u64 = 32;

/// Returns the bytes of a network's trained scalars, each tensor rounded up to whole bytes.
///
/// A weight of a multiplying or an add layer takes `bits`, one of a shift layer 5 bits at either width. Biases and the
/// scales and offsets of normalisations take 32 bits at either width; an 8-bit network that has its normalisations
/// folded in holds as much instead, a 32-bit scale and a 32-bit bias per channel. Packed, without names or padding: a
/// file is larger, and one of 8-bit ONNX stores a shift weight in a whole byte.
pub fn size_bytes(graph: &Graph, bits: BitWidth) -> u64 {
    let bytes = |index: usize| -> u64 {
        let arithmetic = graph.nodes[index].compute.arithmetic();
        let tensors = graph.parameters_of(index).into_iter();
        tensors.map(|parameter| tensor_bytes(&parameter, arithmetic, bits)).sum()
    };
    (0..graph.nodes.len()).map(bytes).sum()
}

fn tensor_bytes(parameter: &Parameter, arithmetic: Option<Arithmetic>, bits: BitWidth) -> u64 {
    let width = match (parameter.kind, arithmetic) {
        (ParameterKind::Weight, Some(Arithmetic::Shift)) => SHIFT_WEIGHT_BITS,
        (ParameterKind::Weight, Some(Arithmetic::Multiply | Arithmetic::Add) | None) => u64::from(bits.bits()),
        (ParameterKind::Bias | ParameterKind::Gamma | ParameterKind::Beta, _) => VECTOR_BITS,
        (ParameterKind::Mean | ParameterKind::Variance | ParameterKind::Scale | ParameterKind::Offset, _) => return 0,
    };
    let scalars: u64 = parameter.shape.iter().map(|&extent| extent as u64).product();
    (scalars * width).div_ceil(8)
}

#[cfg(test)]
mod tests {
    use spaces::{Compute, FeatureMap, Linear, Node};

    use super::*;

    /// A 1x1 layer from 3 to `channels` channels with bias, and a normalisation behind it.
    fn layer(arithmetic: Arithmetic, channels: usize) -> Graph {
        let map = |channels| FeatureMap { channels, height: 2, width: 2 };
        let linear = Linear { arithmetic, kernel: 1, stride: 1, padding: 0, groups: 1, bias: true };
        let node = |name: &str, compute, inputs: &[usize], output| Node {
            name: name.to_owned(),
            compute,
            inputs: inputs.to_vec(),
            output,
            site: None,
        };
        Graph {
            nodes: vec![
                node("images", Compute::Input, &[], map(3)),
                node("layer", Compute::Linear(linear), &[0], map(channels)),
                node("norm", Compute::BatchNorm, &[1], map(channels)),
            ],
        }
    }

    #[test]
    fn weights_take_the_bits_of_their_arithmetic_and_vectors_four_bytes() {
        // 3 · 5 weights; a bias, a scale and an offset for each of 5 channels are 60 bytes.
        for (arithmetic, eight, thirty_two) in [
            (Arithmetic::Multiply, 15, 60),
            (Arithmetic::Add, 15, 60),
            // 15 · 5 bits are 9.375 bytes.
            (Arithmetic::Shift, 10, 10),
        ] {
            let graph = layer(arithmetic, 5);
            assert_eq!(size_bytes(&graph, BitWidth::Eight), eight + 60, "{arithmetic:?}");
            assert_eq!(size_bytes(&graph, BitWidth::ThirtyTwo), thirty_two + 60, "{arithmetic:?}");
        }
    }

    #[test]
    fn without_shift_layers_a_network_takes_four_bytes_per_trained_scalar() {
        let graph = layer(Arithmetic::Add, 7);
        assert_eq!(size_bytes(&graph, BitWidth::ThirtyTwo), 4 * graph.trained_parameters() as u64);
    }

    #[test]
    fn what_is_not_trained_takes_no_bytes() {
        let mut graph = layer(Arithmetic::Multiply, 5);
        graph.nodes[2].compute = Compute::Affine;
        assert_eq!(size_bytes(&graph, BitWidth::Eight), 15 + 20);
    }
}
