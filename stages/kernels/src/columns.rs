use crate::Window;

/// The taps of one picture and one group as rows: `[K, P]`, so that every inner loop runs over positions.
pub(crate) struct Columns<'a> {
    pub window: &'a Window,
}

impl Columns<'_> {
    /// Number of values of the rows.
    pub fn len(&self) -> usize {
        self.window.taps() * self.window.positions()
    }

    /// Copies the picture's channels of one group into rows; taps on the padding become 0.
    pub fn gather(&self, picture: &[f32], rows: &mut [f32]) {
        rows.fill(0.0);
        self.each_run(|plane, row, length| match self.window.stride {
            1 => rows[row..row + length].copy_from_slice(&picture[plane..plane + length]),
            stride => {
                let strided = picture[plane..].iter().step_by(stride);
                rows[row..row + length].iter_mut().zip(strided).for_each(|(to, from)| *to = *from);
            }
        });
    }

    /// Adds rows back onto the picture's channels: the transpose of [`Columns::gather`].
    pub fn scatter(&self, rows: &[f32], picture: &mut [f32]) {
        let stride = self.window.stride;
        self.each_run(|plane, row, length| {
            let strided = picture[plane..].iter_mut().step_by(stride);
            rows[row..row + length].iter().zip(strided).for_each(|(from, to)| *to += *from);
        });
    }

    /// Calls `visit(first input index, first row index, length)` for every run of neighbouring positions.
    fn each_run(&self, mut visit: impl FnMut(usize, usize, usize)) {
        let window = self.window;
        let (rows, columns) = (window.out_height(), window.out_width());
        for tap in 0..window.taps() {
            let (channel, within) = (tap / window.kernel.pow(2), tap % window.kernel.pow(2));
            let (ky, kx) = (within / window.kernel, within % window.kernel);
            let first = window.padding.saturating_sub(kx).div_ceil(window.stride);
            let past = (window.width + window.padding).saturating_sub(kx).div_ceil(window.stride).min(columns);
            if first >= past {
                continue;
            }
            for y in 0..rows {
                let row = (y * window.stride + ky).checked_sub(window.padding);
                let Some(row) = row.filter(|&row| row < window.height) else { continue };
                let column = first * window.stride + kx - window.padding;
                let plane = (channel * window.height + row) * window.width + column;
                visit(plane, (tap * rows + y) * columns + first, past - first);
            }
        }
    }
}
