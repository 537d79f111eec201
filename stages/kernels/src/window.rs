/// The geometry of one convolution-like layer: `[B, C, H, W]` and `[O, C / G, kernel, kernel]` to `[B, O, Y, X]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// B, pictures.
    pub batch: usize,
    /// C, input channels.
    pub in_channels: usize,
    /// O, output channels.
    pub out_channels: usize,
    /// H, input rows.
    pub height: usize,
    /// W, input columns.
    pub width: usize,
    /// Edge of the square window.
    pub kernel: usize,
    /// Step of the window.
    pub stride: usize,
    /// Zero rows and columns on every side.
    pub padding: usize,
    /// G, channel groups; divides both channel counts.
    pub groups: usize,
}

impl Window {
    /// Returns Y, output rows.
    pub const fn out_height(&self) -> usize {
        (self.height + 2 * self.padding - self.kernel) / self.stride + 1
    }

    /// Returns X, output columns.
    pub const fn out_width(&self) -> usize {
        (self.width + 2 * self.padding - self.kernel) / self.stride + 1
    }

    /// Returns P, output positions of one channel.
    pub const fn positions(&self) -> usize {
        self.out_height() * self.out_width()
    }

    /// Returns K, weights of one output channel.
    pub const fn taps(&self) -> usize {
        self.in_channels / self.groups * self.kernel * self.kernel
    }

    /// Returns the number of input values.
    pub const fn input_len(&self) -> usize {
        self.batch * self.in_channels * self.height * self.width
    }

    /// Returns the number of weights.
    pub const fn weight_len(&self) -> usize {
        self.out_channels * self.taps()
    }

    /// Returns the number of output values.
    pub const fn output_len(&self) -> usize {
        self.batch * self.out_channels * self.positions()
    }

    /// Returns the shape of the input.
    pub const fn input_shape(&self) -> [usize; 4] {
        [self.batch, self.in_channels, self.height, self.width]
    }

    /// Returns the shape of the weight.
    pub const fn weight_shape(&self) -> [usize; 4] {
        [self.out_channels, self.in_channels / self.groups, self.kernel, self.kernel]
    }

    /// Returns the shape of the output.
    pub const fn output_shape(&self) -> [usize; 4] {
        [self.batch, self.out_channels, self.out_height(), self.out_width()]
    }

    /// Returns the input values of one picture and group.
    pub(crate) const fn group_inputs(&self) -> usize {
        self.in_channels / self.groups * self.height * self.width
    }

    /// Returns the output values of one picture and group.
    pub(crate) const fn group_outputs(&self) -> usize {
        self.out_channels / self.groups * self.positions()
    }

    /// Returns the weights of the group that the `at`-th (picture, group) pair belongs to.
    pub(crate) fn group_weights<'a>(&self, weight: &'a [f32], at: usize) -> &'a [f32] {
        let per_group = weight.len() / self.groups;
        &weight[at % self.groups * per_group..][..per_group]
    }

    /// Returns the values of one group's input channels.
    pub(crate) fn group_channels<'a>(&self, values: &'a [f32], group: usize) -> &'a [f32] {
        let channels = self.in_channels / self.groups;
        &values[group * channels..][..channels]
    }

    /// Returns whether the layer is a product of matrices `[B, C]` and `[O, C]`.
    pub(crate) const fn is_matrix(&self) -> bool {
        self.height == 1 && self.width == 1 && self.kernel == 1 && self.padding == 0 && self.groups == 1
    }

    /// Returns whether every channel has a filter and an output of its own.
    pub(crate) const fn is_depthwise(&self) -> bool {
        self.groups == self.in_channels && self.out_channels == self.in_channels
    }

    /// Checks that slices have the lengths of the geometry.
    ///
    /// # Panics
    /// If one has not, or if the groups do not divide the channels: the caller made the slices for this window.
    pub(crate) fn check(&self, input: usize, weight: usize, output: usize) {
        assert_eq!(self.in_channels % self.groups, 0, "groups divide the input channels");
        assert_eq!(self.out_channels % self.groups, 0, "groups divide the output channels");
        assert_eq!(input, self.input_len(), "input values of {self:?}");
        assert_eq!(weight, self.weight_len(), "weights of {self:?}");
        assert_eq!(output, self.output_len(), "output values of {self:?}");
    }
}
