use std::borrow::Cow;
use std::ops::Range;

use pulp::Arch;

use crate::Window;
use crate::lines::AddTo;
use crate::tile::PANEL;

/// A row of a map: neighbouring cells, and where they are among the map's own values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// First cell.
    pub cell: usize,
    /// First value; the next ones are a stride apart where the map is the input, and neighbours where it is the output.
    pub at: usize,
    /// Number of cells.
    pub length: usize,
}

/// Calls `visit(first value, cells)` for what each run has in common with the cells, and drops the runs that end
/// there. Runs are in order, and so must be the calls.
pub(crate) fn each_overlap(
    runs: &mut &[Run],
    cells: Range<usize>,
    step: usize,
    mut visit: impl FnMut(usize, Range<usize>),
) {
    while let Some((run, rest)) = runs.split_first() {
        let end = run.cell + run.length;
        let common = run.cell.max(cells.start)..end.min(cells.end);
        if !common.is_empty() {
            visit(run.at + (common.start - run.cell) * step, common);
        }
        if end > cells.end {
            return;
        }
        *runs = rest;
    }
}

/// How one picture and group is laid out so that every tap sees all positions as one run of neighbours.
///
/// The padded picture is split by row and column modulo the stride into planes of Y + (kernel − 1) / stride rows and
/// X + (kernel − 1) / stride columns. Position (y, x) then is cell `y · columns + x` of a plane, and the input of a
/// tap is the cell a fixed number further, whatever the stride. Cells between the rows belong to no position; what is
/// computed for them is never read. At stride 1 a row's right padding is the next row's left one, so there are fewer.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    window: Window,
    channels: usize,
    /// Planes of a channel along each axis.
    phases: usize,
    rows: usize,
    /// Distance of two rows.
    columns: usize,
    /// Cells behind the last row, for the padding that it shares with no other.
    behind: usize,
    inputs: Vec<Vec<Run>>,
}

impl Grid {
    /// Returns the layout of one picture and group.
    pub fn new(window: &Window) -> Self {
        let further = (window.kernel - 1) / window.stride;
        let behind = if window.stride == 1 && window.padding < window.kernel { window.padding } else { 0 };
        let mut grid = Self {
            window: *window,
            channels: window.in_channels / window.groups,
            phases: window.stride.min(window.kernel),
            rows: window.out_height() + further,
            columns: window.out_width() + further - behind,
            behind,
            inputs: Vec::new(),
        };
        grid.inputs = (0..grid.planes()).map(|plane| grid.find_inputs(plane)).collect();
        grid
    }

    /// Returns whether the picture is its own grid: 1x1 taps without stride or padding.
    pub fn is_picture(&self) -> bool {
        self.window.kernel == 1 && self.window.stride == 1 && self.window.padding == 0
    }

    /// Returns the cells of one picture and group, with a panel's width to spare.
    pub fn len(&self) -> usize {
        self.channels * self.channel_cells() + PANEL
    }

    /// Returns Q, the cells that positions span, those between the rows included.
    pub fn cells(&self) -> usize {
        (self.window.out_height() - 1) * self.columns + self.window.out_width()
    }

    /// Returns how far from a position's cell each of the K taps reads.
    pub fn taps(&self) -> Vec<usize> {
        let area = self.window.kernel.pow(2);
        let tap = |tap: usize| {
            tap / area * self.channel_cells() + self.plane_of(tap % area) * self.plane() + self.shift(tap % area)
        };
        (0..self.window.taps()).map(tap).collect()
    }

    /// Returns the number of planes of a channel.
    pub fn planes(&self) -> usize {
        self.phases.pow(2)
    }

    /// Returns the taps of a kernel that read a plane.
    pub fn taps_of(&self, plane: usize) -> Vec<usize> {
        (0..self.window.kernel.pow(2)).filter(|&tap| self.plane_of(tap) == plane).collect()
    }

    /// Returns where a plane of every channel begins.
    pub fn plane_offsets(&self, plane: usize) -> Vec<usize> {
        (0..self.channels).map(|channel| channel * self.channel_cells() + plane * self.plane()).collect()
    }

    /// Returns for every output channel and each of these taps where, after [`Grid::surround`], the gradient lies of
    /// the position that reads cell 0 of the tap's plane.
    pub fn readers(&self, taps: &[usize]) -> Vec<usize> {
        let of_channel =
            |channel| taps.iter().map(move |&tap| channel * self.surrounded() + self.lead() - self.shift(tap));
        (0..self.window.out_channels / self.window.groups).flat_map(of_channel).collect()
    }

    /// Returns the rows of positions.
    pub fn positions(&self) -> Vec<Run> {
        let length = self.window.out_width();
        (0..self.window.out_height()).map(|y| Run { cell: y * self.columns, at: y * length, length }).collect()
    }

    /// Returns the rows of a channel's inputs that lie in a plane, cells counted from the plane's first.
    pub fn inputs(&self, plane: usize) -> &[Run] {
        &self.inputs[plane]
    }

    fn find_inputs(&self, plane: usize) -> Vec<Run> {
        let Window { stride, padding, width, height, .. } = self.window;
        let (py, px) = (plane / self.phases, plane % self.phases);
        let first = padding.saturating_sub(px).div_ceil(stride);
        let past = (width + padding).saturating_sub(px).div_ceil(stride).min(self.columns);
        if first >= past {
            return Vec::new();
        }
        let run = |row: usize| {
            let input = (row * stride + py).checked_sub(padding).filter(|&input| input < height)?;
            let at = input * width + first * stride + px - padding;
            Some(Run { cell: row * self.columns + first, at, length: past - first })
        };
        (0..self.rows).filter_map(run).collect()
    }

    /// Returns the plane that a tap of a kernel reads.
    fn plane_of(&self, tap: usize) -> usize {
        let Window { kernel, stride, .. } = self.window;
        tap / kernel % stride * self.phases + tap % kernel % stride
    }

    /// Returns how many cells after a position's own a tap of a kernel reads in its plane.
    fn shift(&self, tap: usize) -> usize {
        let Window { kernel, stride, .. } = self.window;
        tap / kernel / stride * self.columns + tap % kernel / stride
    }

    const fn plane(&self) -> usize {
        self.rows * self.columns + self.behind
    }

    const fn channel_cells(&self) -> usize {
        self.phases.pow(2) * self.plane()
    }

    /// Zeros before the gradients of an output channel: as many cells as a tap can be ahead.
    fn lead(&self) -> usize {
        self.shift(self.window.kernel.pow(2) - 1)
    }

    /// Values of an output channel after [`Grid::surround`].
    fn surrounded(&self) -> usize {
        self.lead() + self.plane()
    }

    /// Returns the cells of a picture: the picture itself where it is its own grid, or the buffer filled.
    pub fn cells_of<'a>(&self, picture: &'a [f32], centre: Option<&[f32]>, buffer: &'a mut Vec<f32>) -> &'a [f32] {
        if self.is_picture() && centre.is_none() {
            return picture;
        }
        self.lay_out(picture, centre, buffer);
        buffer
    }

    /// Lays a picture out, less the centre of each channel; the padding is 0 less the centre.
    pub fn lay_out(&self, picture: &[f32], centre: Option<&[f32]>, buffer: &mut Vec<f32>) {
        buffer.resize(self.len(), 0.0);
        match centre {
            None => {
                buffer.fill(0.0);
                self.place(picture, buffer, |_, value| value);
            }
            Some(centre) => {
                let channels = buffer.chunks_exact_mut(self.channel_cells()).zip(centre);
                channels.for_each(|(cells, centre)| cells.fill(-centre));
                self.place(picture, buffer, |channel, value| value - centre[channel]);
            }
        }
    }

    /// Puts `value(channel, input)` into the cell of every input that a tap reads.
    pub fn place<T: Copy>(&self, picture: &[T], cells: &mut [T], value: impl Fn(usize, T) -> T) {
        let pictures = picture.chunks_exact(self.window.height * self.window.width);
        for (channel, (picture, planes)) in pictures.zip(cells.chunks_exact_mut(self.channel_cells())).enumerate() {
            for (plane, cells) in planes.chunks_exact_mut(self.plane()).enumerate() {
                for &Run { cell, at, length } in self.inputs(plane) {
                    let cells = &mut cells[cell..][..length];
                    match self.window.stride {
                        1 => {
                            let inputs = &picture[at..][..length];
                            cells.iter_mut().zip(inputs).for_each(|(cell, &input)| *cell = value(channel, input));
                        }
                        stride => {
                            let inputs = picture[at..].iter().step_by(stride);
                            cells.iter_mut().zip(inputs).for_each(|(cell, &input)| *cell = value(channel, input));
                        }
                    }
                }
            }
        }
    }

    /// Returns the sum of what all taps read at each of the Q cells: first over the channels, then over the kernel.
    pub fn tap_sums(&self, arch: Arch, cells: &[f32]) -> Vec<f32> {
        let mut channels = cells[..self.channels * self.channel_cells()].chunks_exact(self.channel_cells());
        let mut plane = channels.next().map_or_else(Vec::new, <[f32]>::to_vec);
        channels.for_each(|channel| arch.dispatch(AddTo { sums: &mut plane, values: channel }));
        let mut sums = vec![0.0; self.cells()];
        for tap in 0..self.window.kernel.pow(2) {
            let values = &plane[self.plane_of(tap) * self.plane() + self.shift(tap)..][..self.cells()];
            arch.dispatch(AddTo { sums: &mut sums, values });
        }
        sums
    }

    /// Copies the cells that are inputs back to the picture; inputs that no tap reads become 0.
    pub fn collect(&self, cells: &[f32], picture: &mut [f32]) {
        let plane = self.window.height * self.window.width;
        picture.fill(0.0);
        for (planes, picture) in cells.chunks_exact(self.channel_cells()).zip(picture.chunks_exact_mut(plane)) {
            for (plane, cells) in planes.chunks_exact(self.plane()).enumerate() {
                for &Run { cell, at, length } in self.inputs(plane) {
                    let to = picture[at..].iter_mut().step_by(self.window.stride);
                    to.zip(&cells[cell..][..length]).for_each(|(to, from)| *to = *from);
                }
            }
        }
    }

    /// Returns outputs `[O, P]` as `[O, Q]`, 0 where there is no position.
    pub fn by_cell<'a>(&self, outputs: &'a [f32]) -> Cow<'a, [f32]> {
        let width = self.window.out_width();
        if self.columns == width {
            return Cow::Borrowed(outputs);
        }
        let planes = outputs.len() / self.window.positions();
        let mut cells = vec![0.0; planes * self.cells()];
        let outputs = outputs.chunks_exact(self.window.positions());
        for (cells, outputs) in cells.chunks_exact_mut(self.cells()).zip(outputs) {
            for (cells, outputs) in cells.chunks_mut(self.columns).zip(outputs.chunks_exact(width)) {
                cells[..width].copy_from_slice(outputs);
            }
        }
        Cow::Owned(cells)
    }

    /// Lays outputs `[O, P]` out by cell with zeros before, between and after them, so that whatever a tap is ahead,
    /// the cell that far back is a position's or 0.
    pub fn surround(&self, outputs: &[f32], buffer: &mut Vec<f32>) {
        let (width, channels) = (self.window.out_width(), outputs.len() / self.window.positions());
        buffer.clear();
        buffer.resize(channels * self.surrounded() + PANEL, 0.0);
        let outputs = outputs.chunks_exact(self.window.positions());
        for (cells, outputs) in buffer.chunks_exact_mut(self.surrounded()).zip(outputs) {
            let rows = cells[self.lead()..].chunks_mut(self.columns).zip(outputs.chunks_exact(width));
            rows.for_each(|(cells, outputs)| cells[..width].copy_from_slice(outputs));
        }
    }
}
