use crate::Window;

/// Pictures whose weight gradients are summed by one worker. Part of the result's rounding, hence fixed.
pub(crate) const PICTURES_PER_SUM: usize = 8;

/// Returns the sum of partial gradients, in their order.
pub(crate) fn total(parts: Vec<Vec<f32>>, length: usize) -> Vec<f32> {
    let mut gradient = vec![0.0; length];
    for part in parts {
        gradient.iter_mut().zip(part).for_each(|(total, part)| *total += part);
    }
    gradient
}

/// Neighbouring positions of one tap that all lie inside the picture.
pub(crate) struct Run {
    /// Which weight of an output channel.
    pub tap: usize,
    /// First value of the picture; the next ones are a stride apart.
    pub input: usize,
    /// First output position.
    pub output: usize,
    /// Number of positions.
    pub length: usize,
}

/// The taps of one picture and one group as rows: `[K, P]`, so that every inner loop runs over positions.
pub(crate) struct Columns<'a> {
    window: &'a Window,
    /// Every run of one group.
    pub runs: Vec<Run>,
}

impl<'w> Columns<'w> {
    /// Returns the rows' geometry.
    pub fn new(window: &'w Window) -> Self {
        Self { window, runs: runs(window) }
    }

    /// Returns room for the rows, or none where the picture itself will do.
    pub fn buffer(&self) -> Vec<f32> {
        let length = if self.is_picture() { 0 } else { self.window.taps() * self.window.positions() };
        vec![0.0; length]
    }

    /// Returns whether the rows are the picture's channels: 1x1 taps without stride or padding.
    pub fn is_picture(&self) -> bool {
        self.window.kernel == 1 && self.window.stride == 1 && self.window.padding == 0
    }

    /// Returns the rows of a picture: the picture itself, or the buffer filled.
    pub fn rows<'a>(&self, picture: &'a [f32], buffer: &'a mut [f32]) -> &'a [f32] {
        if self.is_picture() {
            return picture;
        }
        self.gather(picture, buffer);
        buffer
    }

    /// Copies the picture's channels of one group into rows; taps on the padding become 0.
    fn gather(&self, picture: &[f32], rows: &mut [f32]) {
        rows.fill(0.0);
        let (positions, stride) = (self.window.positions(), self.window.stride);
        for run in &self.runs {
            let to = &mut rows[run.tap * positions + run.output..][..run.length];
            match stride {
                1 => to.copy_from_slice(&picture[run.input..][..run.length]),
                _ => to.iter_mut().zip(picture[run.input..].iter().step_by(stride)).for_each(|(to, from)| *to = *from),
            }
        }
    }

    /// Adds rows back onto the picture's channels: the transpose of [`Columns::rows`].
    pub fn scatter(&self, rows: &[f32], picture: &mut [f32]) {
        let (positions, stride) = (self.window.positions(), self.window.stride);
        for run in &self.runs {
            let from = &rows[run.tap * positions + run.output..][..run.length];
            from.iter().zip(picture[run.input..].iter_mut().step_by(stride)).for_each(|(from, to)| *to += *from);
        }
    }
}

fn runs(window: &Window) -> Vec<Run> {
    let columns = window.out_width();
    let mut runs = Vec::with_capacity(window.taps() * window.out_height());
    for tap in 0..window.taps() {
        let (channel, within) = (tap / window.kernel.pow(2), tap % window.kernel.pow(2));
        let (ky, kx) = (within / window.kernel, within % window.kernel);
        let first = window.padding.saturating_sub(kx).div_ceil(window.stride);
        let past = (window.width + window.padding).saturating_sub(kx).div_ceil(window.stride).min(columns);
        if first >= past {
            continue;
        }
        for y in 0..window.out_height() {
            let row = (y * window.stride + ky).checked_sub(window.padding);
            let Some(row) = row.filter(|&row| row < window.height) else { continue };
            let column = first * window.stride + kx - window.padding;
            let input = (channel * window.height + row) * window.width + column;
            runs.push(Run { tap, input, output: y * columns + first, length: past - first });
        }
    }
    runs
}
