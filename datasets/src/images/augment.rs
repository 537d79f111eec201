//! Random changes to training pictures that keep their class.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ImageShape;

/// Smallest and largest share of the picture that is erased (timm's defaults, which DeiT uses).
const ERASED_SHARE: (f64, f64) = (0.02, 1.0 / 3.0);
/// Smallest height over width of the erased rectangle; the largest is its inverse (Zhong et al. 2017, timm).
const ERASED_ASPECT: f64 = 0.3;
/// Draws after which no rectangle is erased because none fitted (timm).
const ERASE_ATTEMPTS: usize = 10;

/// Whether pictures are mirrored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Flip {
    /// Never.
    #[default]
    None,
    /// Left and right change places in every second picture on average.
    Horizontal,
}

/// What may happen to a training picture; the default changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Augmentation {
    /// Mirroring.
    pub flip: Flip,
    /// The picture is moved by up to this many pixels in both directions. What comes in from outside is 0 after
    /// normalization, the mean colour, where torchvision pads with black.
    pub crop_padding: usize,
    /// Probability, in [0, 1], that a random rectangle is replaced by standard normal noise: random erasing as
    /// DeiT uses it (0.25, mode `pixel`), on normalized values.
    pub erase_probability: f64,
}

impl Augmentation {
    /// Draws what happens to one picture. What is switched off draws nothing.
    ///
    /// # Panics
    /// When [`Self::erase_probability`] is not within [0, 1].
    pub(crate) fn draw(&self, shape: ImageShape, rng: &mut impl Rng) -> Drawing {
        let flip = match self.flip {
            Flip::None => Flip::None,
            Flip::Horizontal if rng.random_bool(0.5) => Flip::Horizontal,
            Flip::Horizontal => Flip::None,
        };
        let (mut down, mut right) = (0, 0);
        if self.crop_padding > 0 {
            let reach = self.crop_padding as i64;
            down = rng.random_range(-reach..=reach);
            right = rng.random_range(-reach..=reach);
        }
        let erased = if self.erase_probability > 0.0 && rng.random_bool(self.erase_probability) {
            Erased::draw(shape, rng)
        } else {
            None
        };
        Drawing { flip, down, right, erased }
    }
}

/// What happens to one picture.
#[derive(Debug, Clone, Default)]
pub(crate) struct Drawing {
    flip: Flip,
    /// Row of the source that becomes row 0, less any padding.
    down: i64,
    /// Column of the source, mirrored or not, that becomes column 0.
    right: i64,
    erased: Option<Erased>,
}

impl Drawing {
    /// Writes the changed and normalized picture into `values`, which is all zeros before.
    ///
    /// `tables` has the normalized value of every byte for each channel.
    pub(crate) fn apply(&self, bytes: &[u8], shape: ImageShape, tables: &[[f32; 256]], values: &mut [f32]) {
        let planes = bytes.chunks_exact(shape.plane()).zip(values.chunks_exact_mut(shape.plane()));
        for (table, (source, target)) in tables.iter().zip(planes) {
            for (row, target) in target.chunks_exact_mut(shape.width).enumerate() {
                if let Some(from) = moved(row, self.down, shape.height) {
                    self.apply_row(&source[from * shape.width..][..shape.width], table, target);
                }
            }
        }
        if let Some(erased) = &self.erased {
            erased.apply(shape, values);
        }
    }

    fn apply_row(&self, source: &[u8], table: &[f32; 256], target: &mut [f32]) {
        let width = source.len();
        for (column, value) in target.iter_mut().enumerate() {
            if let Some(from) = moved(column, self.right, width) {
                let from = match self.flip {
                    Flip::None => from,
                    Flip::Horizontal => width - 1 - from,
                };
                *value = table[usize::from(source[from])];
            }
        }
    }
}

/// Returns `place + by` when it lies within 0 to `length` - 1.
fn moved(place: usize, by: i64, length: usize) -> Option<usize> {
    usize::try_from(place as i64 + by).ok().filter(|&place| place < length)
}

/// A rectangle that becomes noise.
#[derive(Debug, Clone)]
struct Erased {
    top: usize,
    left: usize,
    height: usize,
    width: usize,
    /// Seed of the noise, so that it can be made on any thread.
    seed: u64,
}

impl Erased {
    /// Draws a rectangle smaller than the picture, or none when every attempt was too long.
    fn draw(shape: ImageShape, rng: &mut impl Rng) -> Option<Self> {
        let seed = rng.random();
        for _ in 0..ERASE_ATTEMPTS {
            let area = rng.random_range(ERASED_SHARE.0..ERASED_SHARE.1) * shape.plane() as f64;
            let aspect = rng.random_range(ERASED_ASPECT.ln()..-ERASED_ASPECT.ln()).exp();
            let (height, width) = ((area * aspect).sqrt().round() as usize, (area / aspect).sqrt().round() as usize);
            if (1..shape.height).contains(&height) && (1..shape.width).contains(&width) {
                let top = rng.random_range(0..=shape.height - height);
                let left = rng.random_range(0..=shape.width - width);
                return Some(Self { top, left, height, width, seed });
            }
        }
        None
    }

    fn apply(&self, shape: ImageShape, values: &mut [f32]) {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        for plane in values.chunks_exact_mut(shape.plane()) {
            for row in plane.chunks_exact_mut(shape.width).skip(self.top).take(self.height) {
                row[self.left..][..self.width].fill_with(|| standard_normal(&mut rng));
            }
        }
    }
}

/// Draws from the normal distribution with mean 0 and deviation 1 (Box and Muller 1958).
pub(crate) fn standard_normal(rng: &mut impl Rng) -> f32 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    let angle = std::f64::consts::TAU * rng.random::<f64>();
    (radius * angle.cos()) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: ImageShape = ImageShape { channels: 1, height: 2, width: 3 };

    /// A table that keeps the byte as it is.
    fn identity() -> [f32; 256] {
        std::array::from_fn(|byte| byte as f32)
    }

    fn applied(drawing: &Drawing) -> Vec<f32> {
        let mut values = vec![0.0; 6];
        drawing.apply(&[1, 2, 3, 4, 5, 6], SHAPE, &[identity()], &mut values);
        values
    }

    #[test]
    fn a_flip_mirrors_each_row() {
        let drawing = Drawing { flip: Flip::Horizontal, ..Drawing::default() };
        assert_eq!(applied(&drawing), [3.0, 2.0, 1.0, 6.0, 5.0, 4.0]);
    }

    #[test]
    fn a_crop_moves_the_picture_and_pads_with_zeros() {
        let drawing = Drawing { down: 1, right: -1, ..Drawing::default() };
        assert_eq!(applied(&drawing), [0.0, 4.0, 5.0, 0.0, 0.0, 0.0]);
        let outside = Drawing { down: 2, right: 0, ..Drawing::default() };
        assert_eq!(applied(&outside), [0.0; 6]);
    }

    #[test]
    fn every_move_within_the_padding_is_drawn_about_equally_often() {
        let augmentation = Augmentation { crop_padding: 2, ..Augmentation::default() };
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut counts = [[0; 5]; 5];
        for _ in 0..5000 {
            let drawing = augmentation.draw(SHAPE, &mut rng);
            counts[(drawing.down + 2) as usize][(drawing.right + 2) as usize] += 1;
        }
        // 200 expected for each of 25, with a deviation of 14.
        assert!(counts.as_flattened().iter().all(|count| (130..270).contains(count)), "{counts:?}");
    }

    #[test]
    fn erasing_stays_within_its_share_of_the_picture() {
        let shape = ImageShape { channels: 3, height: 32, width: 32 };
        let augmentation = Augmentation { erase_probability: 1.0, ..Augmentation::default() };
        let mut rng = ChaCha8Rng::seed_from_u64(9);
        for _ in 0..200 {
            let mut values = vec![0.0; shape.len()];
            let drawing = augmentation.draw(shape, &mut rng);
            drawing.apply(&vec![0; shape.len()], shape, &[identity(); 3], &mut values);
            let changed = values.iter().filter(|&&value| value != 0.0).count() as f64 / 3072.0;
            // Rounding both sides moves the share a little beyond its limits.
            assert!((0.01..0.36).contains(&changed), "{changed}");
        }
    }

    #[test]
    fn noise_has_mean_zero_and_deviation_one() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let draws: Vec<f32> = (0..20_000).map(|_| standard_normal(&mut rng)).collect();
        let mean = draws.iter().sum::<f32>() / 20_000.0;
        let variance = draws.iter().map(|draw| draw * draw).sum::<f32>() / 20_000.0;
        // Standard errors are 0.007 and 0.01.
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.04, "{mean} {variance}");
    }
}
