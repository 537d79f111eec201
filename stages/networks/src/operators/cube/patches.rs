//! Patches of the input, addressed where they lie.

use burn_cubecl::cubecl;
use cubecl::prelude::*;
use kernels::Window;

/// A window as the kernels see it. The lattice of the taps is compiled in, so that divisions by it are cheap; a kernel
/// is told the rest when it runs.
#[derive(CubeLaunch, CubeType)]
pub(super) struct Geometry {
    /// Channel groups.
    pub(super) groups: usize,
    /// Input channels of a group.
    pub(super) inputs: usize,
    /// Output channels of a group.
    pub(super) outputs: usize,
    /// Pictures.
    pub(super) batch: usize,
    /// Input rows.
    pub(super) height: usize,
    /// Input columns.
    pub(super) width: usize,
    /// Output rows.
    pub(super) out_height: usize,
    /// Output columns.
    pub(super) out_width: usize,
    /// Edge of the square window.
    #[cube(comptime)]
    pub(super) kernel: usize,
    /// Step of the window.
    #[cube(comptime)]
    pub(super) stride: usize,
    /// Zero rows and columns on every side.
    #[cube(comptime)]
    pub(super) padding: usize,
}

/// Returns the geometry of a window as a launch wants it.
pub(super) fn geometry(window: &Window) -> GeometryLaunch {
    GeometryLaunch::new(
        window.groups,
        window.in_channels / window.groups,
        window.out_channels / window.groups,
        window.batch,
        window.height,
        window.width,
        window.out_height(),
        window.out_width(),
        window.kernel,
        window.stride,
        window.padding,
    )
}

#[cube]
impl Geometry {
    /// Returns the taps of one output channel.
    pub(super) fn taps(&self) -> usize {
        self.inputs * comptime!(self.kernel * self.kernel)
    }

    /// Returns the output positions of one channel.
    pub(super) fn positions(&self) -> usize {
        self.out_height * self.out_width
    }
}

/// The patch under one output position.
#[derive(CubeType)]
pub(super) struct Patch {
    /// Index of the group's first input value in the patch's picture.
    start: usize,
    /// Row of the first tap, counted from the first row of the padding.
    row: usize,
    /// Column of the first tap, counted from the first column of the padding.
    column: usize,
}

/// Returns the patch of the `position`-th output position of the batch. One from `end` on lies below the picture, where
/// all is padding.
#[cube]
pub(super) fn patch(position: usize, end: usize, group: usize, geometry: &Geometry) -> Patch {
    let picture = position / geometry.positions();
    let within = position % geometry.positions();
    let mut row = within / geometry.out_width * comptime!(geometry.stride);
    if position >= end {
        row = geometry.height + comptime!(geometry.padding);
    }
    Patch {
        start: (picture * geometry.groups + group) * geometry.inputs * geometry.height * geometry.width,
        row,
        column: within % geometry.out_width * comptime!(geometry.stride),
    }
}

/// Returns the input value under a tap of a patch; 0 on the padding.
#[cube]
pub(super) fn under(input: &[f32], patch: &Patch, tap: usize, geometry: &Geometry) -> f32 {
    let area = comptime!(geometry.kernel * geometry.kernel);
    let kernel = comptime!(geometry.kernel);
    let padding = comptime!(geometry.padding);
    let row = patch.row + tap % area / kernel;
    let column = patch.column + tap % kernel;
    let mut value = 0.0f32;
    if is_inside(row, padding, geometry.height) && is_inside(column, padding, geometry.width) {
        let line = tap / area * geometry.height + row - padding;
        value = input[patch.start + line * geometry.width + column - padding];
    }
    value
}

/// Returns whether `at`, counted from the start of a margin, lies on the `size` places behind it.
#[cube]
pub(super) fn is_inside(at: usize, margin: usize, size: usize) -> bool {
    at >= margin && at < margin + size
}
