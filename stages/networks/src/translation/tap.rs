use burn::Tensor;

/// Sees, and may change, what goes in and out of the layers of a network that 8 bits concern.
pub(crate) trait LayerTap {
    /// Returns the input that a linear layer is to read.
    ///
    /// # Shapes
    /// - `input`, returns: `[N, I]`
    fn input(&self, layer: &str, input: Tensor<2>) -> Tensor<2>;

    /// Returns the weight that a linear layer is to use, `[O, I]`, or the kernel of a local operator, `[H, K]`.
    fn weight(&self, _layer: &str, weight: Tensor<2>) -> Tensor<2> {
        weight
    }

    /// Returns what the network is to see of a linear layer's output, `[N, O]`.
    fn output(&self, output: Tensor<2>) -> Tensor<2> {
        output
    }
}
