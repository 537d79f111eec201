//! Light convolutions over time: every channel with the kernel of its head, multiplying or adding.
//!
//! Positions outside of a sequence are 0. Every sum is made by one thread in a fixed order, so the number of threads
//! never changes a result.

use pulp::Arch;
use rayon::prelude::*;

use crate::add::Distance;
use crate::depthwise::Tap;
use crate::multiply::Scale;
use crate::tile::{Line, PANEL};
use sweep::{InputSlopes, KernelSlopes, Outputs};

mod sweep;

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
    /// Taps before the first position, fewer than K.
    pub padding: usize,
}

/// What a tap computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// p · u.
    Multiply,
    /// −|u − p|, with the slopes clip(p − u, −1, 1) of the input and u − p of the kernel.
    Add,
}

/// Returns the outputs, `[B, T, C]`.
///
/// # Panics
/// If a slice's length is not that of the geometry.
pub fn forward(law: Law, sequence: &Sequence, input: &[f32], kernel: &[f32]) -> Vec<f32> {
    sequence.check(input.len(), kernel.len());
    match law {
        Law::Multiply => sequence.forward(Arch::new(), Scale, input, kernel),
        Law::Add => sequence.forward(Arch::new(), Distance::default(), input, kernel),
    }
}

/// Returns the gradient of the input, `[B, T, C]`.
///
/// # Panics
/// If a slice's length is not that of the geometry.
pub fn input_gradient(law: Law, sequence: &Sequence, input: &[f32], kernel: &[f32], upstream: &[f32]) -> Vec<f32> {
    sequence.check(input.len(), kernel.len());
    sequence.check(upstream.len(), kernel.len());
    match law {
        Law::Multiply => sequence.input_gradient(Arch::new(), Scale, input, kernel, upstream),
        Law::Add => sequence.input_gradient(Arch::new(), Distance::default(), input, kernel, upstream),
    }
}

/// Returns the gradient of the kernels, `[H, K]`.
///
/// # Panics
/// If a slice's length is not that of the geometry.
pub fn kernel_gradient(law: Law, sequence: &Sequence, input: &[f32], kernel: &[f32], upstream: &[f32]) -> Vec<f32> {
    sequence.check(input.len(), kernel.len());
    sequence.check(upstream.len(), kernel.len());
    match law {
        Law::Multiply => sequence.kernel_gradient(Arch::new(), Scale, input, kernel, upstream),
        Law::Add => sequence.kernel_gradient(Arch::new(), Distance::default(), input, kernel, upstream),
    }
}

/// Sentences whose share of the kernels' gradient one task sums. Part of its rounding, hence fixed.
const SENTENCES: usize = 8;

impl Sequence {
    /// Returns the shape of input and output.
    pub const fn shape(&self) -> [usize; 3] {
        [self.batch, self.time, self.channels]
    }

    /// Checks that slices have the lengths of the geometry.
    ///
    /// # Panics
    /// If one has not: the caller made the slices for this geometry.
    fn check(&self, input: usize, kernel: usize) {
        assert!(
            self.heads > 0 && self.channels.is_multiple_of(self.heads),
            "{self:?}: the kernels divide the channels"
        );
        assert!(self.padding < self.taps, "{self:?}: the padding is below the number of taps");
        assert_eq!(input, self.batch * self.time * self.channels, "values of {self:?}");
        assert_eq!(kernel, self.heads * self.taps, "weights of {self:?}");
    }

    fn forward(&self, arch: Arch, tap: impl Tap, input: &[f32], kernel: &[f32]) -> Vec<f32> {
        let mut output = vec![0.0; input.len()];
        let kernels = self.kernels(kernel);
        let (sentence, after) = (self.sentence(), self.taps - 1 - self.padding);
        let sentences = output.par_chunks_mut(sentence).zip(input.par_chunks(sentence));
        sentences.for_each_init(<[Vec<Line>; 2]>::default, |[cells, sums], (output, input)| {
            for (panel, kernel) in kernels.chunks_exact(self.taps).enumerate() {
                self.fill(cells, input, panel, [self.padding, after]);
                sums.resize(self.time, Line::ZERO);
                arch.dispatch(Outputs { tap, kernel, cells, sums });
                self.write(sums, output, panel);
            }
        });
        output
    }

    /// The output that reads a position at tap k lies K − 1 − k cells after the first that reads it, hence the kernel
    /// from its end.
    fn input_gradient(&self, arch: Arch, tap: impl Tap, input: &[f32], kernel: &[f32], upstream: &[f32]) -> Vec<f32> {
        let mut gradient = vec![0.0; input.len()];
        let mut kernels = self.kernels(kernel);
        kernels.chunks_exact_mut(self.taps).for_each(<[Line]>::reverse);
        let (sentence, before) = (self.sentence(), self.taps - 1 - self.padding);
        let sentences =
            gradient.par_chunks_mut(sentence).zip(input.par_chunks(sentence).zip(upstream.par_chunks(sentence)));
        sentences.for_each_init(<[Vec<Line>; 3]>::default, |[cells, inputs, sums], (gradient, (input, upstream))| {
            for (panel, kernel) in kernels.chunks_exact(self.taps).enumerate() {
                self.fill(cells, upstream, panel, [before, self.padding]);
                self.fill(inputs, input, panel, [0, 0]);
                sums.resize(self.time, Line::ZERO);
                arch.dispatch(InputSlopes { tap, kernel, inputs, upstream: cells, sums });
                self.write(sums, gradient, panel);
            }
        });
        gradient
    }

    fn kernel_gradient(&self, arch: Arch, tap: impl Tap, input: &[f32], kernel: &[f32], upstream: &[f32]) -> Vec<f32> {
        let kernels = self.kernels(kernel);
        let (sentence, after) = (self.sentence(), self.taps - 1 - self.padding);
        let groups = input.par_chunks(SENTENCES * sentence).zip(upstream.par_chunks(SENTENCES * sentence));
        let parts = groups.map(|(inputs, upstreams)| {
            let (mut cells, mut slopes) = (Vec::new(), Vec::new());
            let mut sums = vec![Line::ZERO; kernels.len()];
            for (input, upstream) in inputs.chunks_exact(sentence).zip(upstreams.chunks_exact(sentence)) {
                let panels = kernels.chunks_exact(self.taps).zip(sums.chunks_exact_mut(self.taps));
                for (panel, (kernel, sums)) in panels.enumerate() {
                    self.fill(&mut cells, input, panel, [self.padding, after]);
                    self.fill(&mut slopes, upstream, panel, [0, 0]);
                    arch.dispatch(KernelSlopes { tap, kernel, cells: &cells, upstream: &slopes, sums });
                }
            }
            sums
        });
        let mut gradient = vec![0.0; kernel.len()];
        for sums in parts.collect::<Vec<_>>() {
            self.gather(&sums, &mut gradient);
        }
        gradient
    }

    /// Returns the values of one sentence.
    fn sentence(&self) -> usize {
        (self.time * self.channels).max(1)
    }

    /// Returns the weight of every channel at every tap: panel by panel of 64 channels, a line for each tap.
    fn kernels(&self, kernel: &[f32]) -> Vec<Line> {
        let mut lines = vec![Line::ZERO; self.channels.div_ceil(PANEL) * self.taps];
        for channel in 0..self.channels {
            let lines = &mut lines[channel / PANEL * self.taps..][..self.taps];
            let weights = &kernel[self.head(channel) * self.taps..][..self.taps];
            lines.iter_mut().zip(weights).for_each(|(line, weight)| line.0[channel % PANEL] = *weight);
        }
        lines
    }

    fn head(&self, channel: usize) -> usize {
        channel / (self.channels / self.heads)
    }

    /// Makes the lines a panel of a sentence's channels, with lines of zeros around it.
    fn fill(&self, lines: &mut Vec<Line>, sentence: &[f32], panel: usize, [before, after]: [usize; 2]) {
        lines.clear();
        lines.resize(before + self.time + after, Line::ZERO);
        for (line, row) in lines[before..].iter_mut().zip(sentence.chunks_exact(self.channels)) {
            line.copy_from(&row[panel * PANEL..]);
        }
    }

    /// Writes lines to their panel of a sentence's channels.
    fn write(&self, lines: &[Line], sentence: &mut [f32], panel: usize) {
        for (line, row) in lines.iter().zip(sentence.chunks_exact_mut(self.channels)) {
            row[panel * PANEL..].iter_mut().zip(&line.0).for_each(|(value, sum)| *value = *sum);
        }
    }

    /// Adds sums per channel and tap up to sums per kernel and tap.
    fn gather(&self, sums: &[Line], gradient: &mut [f32]) {
        for channel in 0..self.channels {
            let lines = &sums[channel / PANEL * self.taps..][..self.taps];
            let gradient = &mut gradient[self.head(channel) * self.taps..][..self.taps];
            gradient.iter_mut().zip(lines).for_each(|(sum, line)| *sum += line.0[channel % PANEL]);
        }
    }
}

#[cfg(test)]
mod tests;
