use spaces::{Arithmetic, Graph};

use crate::{BitWidth, Layer, Linear, Network, Window, Work};

/// Bits of a shift weight at either width: a sign and one of the 16 exponents −15 to 0, as DeepShift (Elhoushi et al.,
/// arXiv 1905.13298) trains them.
const SHIFT_WEIGHT_BITS: u64 = 5;

/// Bits of everything that is not multiplied, shifted or subtracted tap by tap.
const VECTOR_BITS: u64 = 32;

/// Returns the bytes of the trained scalars of a graph's network, as [`Network::size_bytes`].
pub fn size_bytes(graph: &Graph, bits: BitWidth) -> u64 {
    Network::of_graph("graph", graph).size_bytes(bits)
}

impl Network {
    /// Returns the bytes of all layers.
    pub fn size_bytes(&self, bits: BitWidth) -> u64 {
        self.layers.iter().map(|layer| layer.size_bytes(bits)).sum()
    }
}

impl Layer {
    /// Returns the bytes of the trained scalars, the weights rounded up to whole bytes.
    ///
    /// A weight of a multiplying or an add layer takes `bits`, one of a shift layer 5 bits at either width: form PS
    /// trains an exponent and a sign for it. Biases and the scales and offsets of normalisations take 32 bits at either
    /// width; an 8-bit network that has its normalisations folded in holds as much instead, a 32-bit scale and a 32-bit
    /// bias per channel. Packed, without names or padding: a file is larger, and one of 8-bit ONNX stores a shift weight
    /// in a whole byte.
    pub fn size_bytes(&self, bits: BitWidth) -> u64 {
        let weights = weights(&self.work).unwrap_or(self.params).min(self.params);
        let (width, trained) = match self.work.arithmetic() {
            Some(Arithmetic::Shift) if self.params >= 2 * weights => (SHIFT_WEIGHT_BITS, 2 * weights),
            Some(Arithmetic::Shift) => (SHIFT_WEIGHT_BITS, weights),
            Some(Arithmetic::Multiply | Arithmetic::Add) => (u64::from(bits.bits()), weights),
            None => (VECTOR_BITS, weights),
        };
        (weights * width).div_ceil(8) + (self.params - trained) * VECTOR_BITS / 8
    }
}

/// Returns how many scalars of a layer are weights; `None` if all are.
const fn weights(work: &Work) -> Option<u64> {
    match *work {
        Work::Window(Window { in_channels, out_channels, kernel, groups, .. }) => {
            Some(out_channels * (in_channels / groups) * kernel * kernel)
        }
        Work::Linear(Linear { inputs, outputs, .. }) => Some(inputs * outputs),
        Work::Product { .. } | Work::Local(_) | Work::Free => None,
    }
}

#[cfg(test)]
mod tests {
    use spaces::{Compute, FeatureMap, Node};

    use super::*;

    /// A 1x1 layer from 3 to `channels` channels with bias, and a normalisation behind it.
    fn layer(arithmetic: Arithmetic, channels: usize) -> Graph {
        let map = |channels| FeatureMap { channels, height: 2, width: 2 };
        let linear = spaces::Linear { arithmetic, kernel: 1, stride: 1, padding: 0, groups: 1, bias: true };
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

    #[test]
    fn a_shift_layer_of_form_ps_takes_no_more_than_one_of_form_q() {
        let network = |name| crate::network(name, 224).unwrap();
        let [q, ps] = ["T0_mix_v4_Q", "T0_mix_v4_PS"].map(|name| network(name).size_bytes(BitWidth::Eight));
        assert_eq!(q, ps);
        // All but the shift weights take a byte, and those 5 bits; vectors take four bytes.
        assert!(q < network("T0_mix_v4_Q").params() * 11 / 10, "{q}");
    }
}
