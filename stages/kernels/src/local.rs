//! Light convolutions over time: every channel with the kernel of its head, multiplying or adding.

/// The geometry of a local operator: `[B, T, C]` and `[H, K]` to `[B, T, C]`.
///
/// Tap k of output position t reads position t + k − padding, which is 0 outside of the sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// B, sentences.
    pub batch: usize,
    /// T, positions.
    pub time: usize,
    /// C, channels.
    pub channels: usize,
    /// H, kernels; divides the channels, which they share in contiguous parts.
    pub heads: usize,
    /// K, weights of a kernel.
    pub taps: usize,
    /// Taps before the first position.
    pub padding: usize,
}

impl Sequence {
    /// Returns the shape of input and output.
    pub const fn shape(&self) -> [usize; 3] {
        [self.batch, self.time, self.channels]
    }

    fn head(&self, channel: usize) -> usize {
        channel / (self.channels / self.heads)
    }

    /// Returns the position that a tap of an output position reads.
    fn position(&self, time: usize, tap: usize) -> Option<usize> {
        (time + tap).checked_sub(self.padding).filter(|&position| position < self.time)
    }
}

/// What a tap computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// p · u.
    Multiply,
    /// −|u − p|, with the slopes clip(p − u, −1, 1) of the input and u − p of the kernel.
    Add,
}

impl Law {
    fn output(self, input: f32, weight: f32) -> f32 {
        match self {
            Law::Multiply => weight * input,
            Law::Add => -(input - weight).abs(),
        }
    }

    fn input_slope(self, input: f32, weight: f32) -> f32 {
        match self {
            Law::Multiply => weight,
            Law::Add => (weight - input).clamp(-1.0, 1.0),
        }
    }

    fn kernel_slope(self, input: f32, weight: f32) -> f32 {
        match self {
            Law::Multiply => input,
            Law::Add => input - weight,
        }
    }
}

/// Returns the outputs, `[B, T, C]`.
pub fn forward(law: Law, sequence: &Sequence, input: &[f32], kernel: &[f32]) -> Vec<f32> {
    let mut output = vec![0.0; input.len()];
    each_term(sequence, |at, read, weight| {
        output[at] += law.output(read.map_or(0.0, |read| input[read]), kernel[weight]);
    });
    output
}

/// Returns the gradient of the input, `[B, T, C]`.
pub fn input_gradient(law: Law, sequence: &Sequence, input: &[f32], kernel: &[f32], upstream: &[f32]) -> Vec<f32> {
    let mut gradient = vec![0.0; input.len()];
    each_term(sequence, |at, read, weight| {
        if let Some(read) = read {
            gradient[read] += upstream[at] * law.input_slope(input[read], kernel[weight]);
        }
    });
    gradient
}

/// Returns the gradient of the kernels, `[H, K]`.
pub fn kernel_gradient(law: Law, sequence: &Sequence, input: &[f32], kernel: &[f32], upstream: &[f32]) -> Vec<f32> {
    let mut gradient = vec![0.0; kernel.len()];
    each_term(sequence, |at, read, weight| {
        gradient[weight] += upstream[at] * law.kernel_slope(read.map_or(0.0, |read| input[read]), kernel[weight]);
    });
    gradient
}

/// Calls the function with the places of the output, the input that is read, if any, and the weight of every term.
fn each_term(sequence: &Sequence, mut function: impl FnMut(usize, Option<usize>, usize)) {
    let Sequence { batch, time, channels, taps, .. } = *sequence;
    for sentence in 0..batch {
        let place = |position: usize, channel: usize| (sentence * time + position) * channels + channel;
        for position in 0..time {
            for tap in 0..taps {
                for channel in 0..channels {
                    let read = sequence.position(position, tap).map(|read| place(read, channel));
                    function(place(position, channel), read, sequence.head(channel) * taps + tap);
                }
            }
        }
    }
}
