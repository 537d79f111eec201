//! The pixels of one phase of a stride: those that meet the same taps.
//!
//! A stride s splits the pixels into s² phases with disjoint taps. Within a phase the next pixel meets the next output
//! position, so a phase is a layer of stride 1, and a gradient that gathers per phase visits no tap in vain.

use burn_cubecl::cubecl;
use cubecl::prelude::*;
use kernels::Window;

use super::patches::{Geometry, geometry, is_inside};

/// A phase along one axis: its `i`-th pixel `first_pixel + i · stride` meets its `t`-th tap `first_tap + t · stride` at
/// the output position `lead + i − t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Axis {
    stride: usize,
    first_pixel: usize,
    first_tap: usize,
    lead: usize,
    /// Taps of the phase.
    pub(super) taps: usize,
}

impl Axis {
    /// Returns the phase of a pixel within the first stride.
    pub(super) const fn new(window: &Window, first_pixel: usize) -> Self {
        let first_tap = (first_pixel + window.padding) % window.stride;
        Self {
            stride: window.stride,
            first_pixel,
            first_tap,
            lead: (first_pixel + window.padding) / window.stride,
            taps: (window.kernel + window.stride - 1 - first_tap) / window.stride,
        }
    }

    /// Returns the pixels of the phase among the `size` of the input.
    pub(super) const fn pixels(&self, size: usize) -> usize {
        (size + self.stride - 1 - self.first_pixel) / self.stride
    }
}

/// A phase of both axes, as a kernel sees it.
#[derive(CubeLaunch, CubeType)]
pub(super) struct Phase {
    /// The window.
    pub(super) geometry: Geometry,
    #[cube(comptime)]
    rows: Axis,
    #[cube(comptime)]
    columns: Axis,
}

/// Returns a phase as a launch wants it.
pub(super) fn phase(window: &Window, rows: Axis, columns: Axis) -> PhaseLaunch {
    PhaseLaunch::new(geometry(window), rows, columns)
}

/// A pixel of a phase.
#[derive(CubeType)]
pub(super) struct Pixel {
    /// Index of the pixel in the group's first input channel.
    pub(super) index: usize,
    /// Index of the group's first upstream value in the pixel's picture.
    start: usize,
    /// Output row that the first tap row of the phase meets.
    row: usize,
    /// Output column that the first tap column of the phase meets.
    column: usize,
}

/// A term of a pixel's gradient.
#[derive(CubeType)]
pub(super) struct Tap {
    /// Output channel within the group; one behind the last for terms behind the last.
    pub(super) channel: usize,
    /// Which of the phase's tap rows.
    row: usize,
    /// Which of the phase's tap columns.
    column: usize,
}

#[cube]
impl Phase {
    /// Returns the terms of one pixel's gradient.
    pub(super) fn terms(&self) -> usize {
        self.geometry.outputs * comptime!(self.rows.taps * self.columns.taps)
    }

    /// Returns the pixels of the phase in one channel of the batch.
    pub(super) fn pixels(&self) -> usize {
        self.geometry.batch * self.height() * self.width()
    }

    fn height(&self) -> usize {
        (self.geometry.height + comptime!(self.rows.stride - 1 - self.rows.first_pixel)) / comptime!(self.rows.stride)
    }

    fn width(&self) -> usize {
        (self.geometry.width + comptime!(self.columns.stride - 1 - self.columns.first_pixel))
            / comptime!(self.columns.stride)
    }

    /// Returns the `at`-th pixel of the batch. One behind the last meets rows below the output, where nothing is.
    pub(super) fn pixel(&self, at: usize, group: usize) -> Pixel {
        let geometry = &self.geometry;
        let picture = at / (self.height() * self.width()) * geometry.groups + group;
        let row = at / self.width() % self.height();
        let column = at % self.width();
        let line = picture * geometry.inputs * geometry.height
            + row * comptime!(self.rows.stride)
            + comptime!(self.rows.first_pixel);
        let mut met = row + comptime!(self.rows.lead);
        if at >= self.pixels() {
            met = geometry.out_height + comptime!(self.rows.taps);
        }
        Pixel {
            index: line * geometry.width
                + column * comptime!(self.columns.stride)
                + comptime!(self.columns.first_pixel),
            start: picture * geometry.outputs * geometry.positions(),
            row: met,
            column: column + comptime!(self.columns.lead),
        }
    }

    /// Returns the `at`-th term of every pixel.
    pub(super) fn tap(&self, at: usize) -> Tap {
        let columns = comptime!(self.columns.taps);
        let area = comptime!(self.rows.taps * self.columns.taps);
        Tap { channel: at / area, row: at % area / columns, column: at % columns }
    }

    /// Returns the index of the tap's weight for the first input channel of a group.
    pub(super) fn weight_index(&self, tap: &Tap, group: usize) -> usize {
        let row = tap.row * comptime!(self.rows.stride) + comptime!(self.rows.first_tap);
        let column = tap.column * comptime!(self.columns.stride) + comptime!(self.columns.first_tap);
        (group * self.geometry.outputs + tap.channel) * self.geometry.taps()
            + row * comptime!(self.geometry.kernel)
            + column
    }

    /// Returns what comes to a pixel from above through a tap; 0 where the tap meets no output.
    pub(super) fn met(&self, upstream: &[f32], pixel: &Pixel, tap: &Tap) -> f32 {
        let (height, width) = (self.geometry.out_height, self.geometry.out_width);
        let mut value = 0.0f32;
        if tap.channel < self.geometry.outputs
            && is_inside(pixel.row, tap.row, height)
            && is_inside(pixel.column, tap.column, width)
        {
            let line = tap.channel * height + pixel.row - tap.row;
            value = upstream[pixel.start + line * width + pixel.column - tap.column];
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A window of 3 with stride 2 and padding 1: even pixels lie under the centre only, odd ones under both edges.
    #[test]
    fn the_phases_of_a_stride_have_disjoint_taps() {
        let window = Window {
            batch: 1,
            in_channels: 1,
            out_channels: 1,
            height: 5,
            width: 5,
            kernel: 3,
            stride: 2,
            padding: 1,
            groups: 1,
        };
        let even = Axis { stride: 2, first_pixel: 0, first_tap: 1, lead: 0, taps: 1 };
        let odd = Axis { stride: 2, first_pixel: 1, first_tap: 0, lead: 1, taps: 2 };
        assert_eq!([0, 1].map(|first| Axis::new(&window, first)), [even, odd]);
        assert_eq!([even, odd].map(|axis| axis.pixels(5)), [3, 2]);
    }
}
