//! A small set made from a seed: easy enough to learn in seconds, noisy enough not to be trivial.
//!
//! Each class has a smooth pattern of its own; an example is its class's pattern, moved by up to a quarter cell
//! of the pattern's grid, plus normal noise.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::class_quota::ClassQuota;
use crate::images::augment::standard_normal;
use crate::{Example, ImageShape, ImageSource, Part, SourceError, SourceKind, SourceOptions};

/// Points on each side of a pattern's grid; values between them are interpolated.
const GRID: usize = 5;
/// Patterns reach this far above and below the middle gray, in byte values.
const AMPLITUDE: f32 = 80.0;
const MIDDLE: f32 = 127.5;
const DEFAULT_SIDE: usize = 16;
const MAX_SIDE: usize = 1024;
const MAX_CLASSES: usize = 1000;
const MAX_CHANNELS: usize = 16;

/// Makes the set that `options` describes.
///
/// # Errors
/// When a size is zero or beyond its limit, or the noise is negative or not finite.
pub(crate) fn open(options: &SourceOptions) -> Result<Synthetic, SourceError> {
    let size = options.synthetic;
    let side = options.size.unwrap_or(DEFAULT_SIDE);
    check("size", side, MAX_SIDE)?;
    check("synthetic.classes", size.classes, MAX_CLASSES)?;
    check("synthetic.channels", size.channels, MAX_CHANNELS)?;
    if !(size.noise.is_finite() && size.noise >= 0.0) {
        let wanted = "a number from 0".to_owned();
        return Err(option_error("synthetic.noise", wanted, size.noise.to_string()));
    }
    let shape = ImageShape { channels: size.channels, height: side, width: side };
    Ok(Synthetic {
        shape,
        classes: (0..size.classes).map(|class| format!("pattern {class}")).collect(),
        patterns: patterns(options.seed, size.classes, size.channels),
        options: options.clone(),
    })
}

/// The patterns of the classes; examples are made on iteration.
#[derive(Debug)]
pub(crate) struct Synthetic {
    shape: ImageShape,
    classes: Vec<String>,
    /// For each class, its channels' grids of values in [-1, 1].
    patterns: Vec<Vec<Grid>>,
    options: SourceOptions,
}

type Grid = [[f32; GRID]; GRID];

impl Synthetic {
    fn made(&self, part: Part) -> usize {
        match part {
            Part::Train => self.options.synthetic.train,
            Part::Test => self.options.synthetic.test,
        }
    }

    fn quota(&self, part: Part) -> ClassQuota {
        let (made, classes) = (self.made(part), self.classes.len());
        let counts: Vec<usize> =
            (0..classes).map(|class| made / classes + usize::from(class < made % classes)).collect();
        ClassQuota::new(self.options.limit(part), &counts)
    }

    fn example(&self, part: Part, index: usize) -> Example {
        let label = index % self.classes.len();
        let mut rng = ChaCha8Rng::seed_from_u64(self.options.seed);
        // Stream 0 makes the patterns; odd streams are training examples, even ones test examples.
        let offset = match part {
            Part::Train => 1,
            Part::Test => 2,
        };
        rng.set_stream(2 * index as u64 + offset);
        let (down, right) = (rng.random_range(-0.25..0.25f32), rng.random_range(-0.25..0.25f32));
        let mut pixels = Vec::with_capacity(self.shape.len());
        for grid in &self.patterns[label] {
            for row in 0..self.shape.height {
                for column in 0..self.shape.width {
                    let y = place(row, self.shape.height) + down;
                    let x = place(column, self.shape.width) + right;
                    let noise = self.options.synthetic.noise * standard_normal(&mut rng);
                    pixels.push((MIDDLE + AMPLITUDE * interpolated(grid, y, x) + noise) as u8);
                }
            }
        }
        Example { pixels, label: label as u32 }
    }
}

impl ImageSource for Synthetic {
    fn shape(&self) -> ImageShape {
        self.shape
    }

    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn len(&self, part: Part) -> usize {
        self.quota(part).total()
    }

    fn examples(&self, part: Part) -> Result<Box<dyn Iterator<Item = Result<Example, SourceError>> + '_>, SourceError> {
        let mut quota = self.quota(part);
        let classes = self.classes.len();
        let admitted = move |index: &usize| quota.admits((index % classes) as u32);
        Ok(Box::new((0..self.made(part)).filter(admitted).map(move |index| Ok(self.example(part, index)))))
    }

    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
}

fn patterns(seed: u64, classes: usize, channels: usize) -> Vec<Vec<Grid>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut grid = || Grid::default().map(|row| row.map(|_| rng.random_range(-1.0..=1.0)));
    (0..classes).map(|_| (0..channels).map(|_| grid()).collect()).collect()
}

/// Returns where a pixel's centre lies on the grid, from 0 to `GRID` - 1.
fn place(pixel: usize, side: usize) -> f32 {
    (pixel as f32 + 0.5) / side as f32 * (GRID - 1) as f32
}

fn interpolated(grid: &Grid, y: f32, x: f32) -> f32 {
    let last = (GRID - 1) as f32;
    let (y, x) = (y.clamp(0.0, last), x.clamp(0.0, last));
    let (top, left) = ((y as usize).min(GRID - 2), (x as usize).min(GRID - 2));
    let (down, right) = (y - top as f32, x - left as f32);
    let row = |row: &[f32; GRID]| row[left] * (1.0 - right) + row[left + 1] * right;
    row(&grid[top]) * (1.0 - down) + row(&grid[top + 1]) * down
}

fn check(option: &'static str, found: usize, most: usize) -> Result<(), SourceError> {
    if (1..=most).contains(&found) {
        return Ok(());
    }
    Err(option_error(option, format!("from 1 to {most}"), found.to_string()))
}

fn option_error(option: &'static str, wanted: String, found: String) -> SourceError {
    SourceError::Option { kind: SourceKind::Synthetic, option, wanted, found }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SyntheticSize;

    fn all(options: &SourceOptions, part: Part) -> Vec<Example> {
        open(options).unwrap().examples(part).unwrap().map(Result::unwrap).collect()
    }

    fn distance(left: &[f32], right: &[u8]) -> f32 {
        left.iter().zip(right).map(|(left, right)| (left - f32::from(*right)).powi(2)).sum()
    }

    #[test]
    fn the_seed_decides_every_byte() {
        let options = SourceOptions { seed: 3, ..SourceOptions::default() };
        assert_eq!(all(&options, Part::Test), all(&options, Part::Test));
        assert_ne!(all(&options, Part::Test), all(&SourceOptions::default(), Part::Test));
        assert_ne!(all(&options, Part::Train)[..64], all(&options, Part::Test)[..]);
    }

    #[test]
    fn the_nearest_class_mean_classifies_the_test_part() {
        let options = SourceOptions::default();
        let train = all(&options, Part::Train);
        assert_eq!(train.len(), 256);
        let means: Vec<Vec<f32>> = (0..4)
            .map(|class| {
                let members: Vec<_> = train.iter().filter(|example| example.label == class).collect();
                let mean = |place: usize| {
                    members.iter().map(|example| f32::from(example.pixels[place])).sum::<f32>() / members.len() as f32
                };
                (0..768).map(mean).collect()
            })
            .collect();
        let nearest = |pixels: &[u8]| {
            let distances = means.iter().map(|mean| distance(mean, pixels)).enumerate();
            distances.min_by(|left, right| left.1.total_cmp(&right.1)).map(|(class, _)| class as u32)
        };
        assert!(all(&options, Part::Test).iter().all(|example| nearest(&example.pixels) == Some(example.label)));
    }

    #[test]
    fn sizes_are_as_asked_for() {
        let synthetic = SyntheticSize { classes: 3, channels: 1, train: 10, test: 2, noise: 0.0 };
        let options = SourceOptions { size: Some(8), limit_train: Some(5), synthetic, ..SourceOptions::default() };
        let source = open(&options).unwrap();
        assert_eq!(
            (source.shape().to_string(), source.len(Part::Train), source.len(Part::Test)),
            ("1x8x8".into(), 5, 2)
        );
        let labels: Vec<u32> = all(&options, Part::Train).iter().map(|example| example.label).collect();
        assert_eq!(labels, [0, 1, 2, 0, 1]);
    }

    #[test]
    fn a_size_beyond_its_limit_is_refused() {
        let synthetic = SyntheticSize { classes: 0, ..SyntheticSize::default() };
        let error = open(&SourceOptions { synthetic, ..SourceOptions::default() }).unwrap_err().to_string();
        assert_eq!(error, "data set `synthetic`: option `synthetic.classes` must be from 1 to 1000, found 0");
    }
}
