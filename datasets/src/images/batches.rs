//! Batches of normalized values.

use rand::{Rng, seq::SliceRandom};
use rayon::prelude::*;

use super::augment::Drawing;
use crate::{Augmentation, ImageShape, Normalization, Pictures};

/// Fewest pictures that one thread takes at a time; below it, handing out work costs more than doing it.
const PICTURES_PER_TASK: usize = 16;

/// Pictures ready to become a tensor of shape B, C, H, W.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// Normalized values; the picture is the slowest index, the column the fastest.
    pub pixels: Vec<f32>,
    /// One label for each picture.
    pub labels: Vec<u32>,
    /// Shape of each picture.
    pub shape: ImageShape,
}

impl Batch {
    /// Returns the number of pictures.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Returns whether the batch has no pictures.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}

/// Returns the indices 0 to `len` - 1, shuffled.
#[must_use]
pub fn epoch_order(len: usize, rng: &mut impl Rng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    order.shuffle(rng);
    order
}

impl Pictures {
    /// Returns the pictures at `indices`, normalized.
    ///
    /// # Panics
    /// When an index is not below [`Self::len`] or `normalization` has fewer channels than the pictures.
    #[must_use]
    pub fn batch(&self, indices: &[usize], normalization: &Normalization) -> Batch {
        let drawings = vec![Drawing::default(); indices.len()];
        self.drawn_batch(indices, normalization, &drawings)
    }

    /// Returns the pictures at `indices`, each augmented by its own draw and normalized.
    ///
    /// Draws are taken from `rng` one picture after the other before any is applied: the result does not depend
    /// on the number of threads.
    ///
    /// # Panics
    /// As [`Self::batch`]; also when a probability of `augmentation` is not within [0, 1].
    #[must_use]
    pub fn augmented_batch(
        &self,
        indices: &[usize],
        normalization: &Normalization,
        augmentation: &Augmentation,
        rng: &mut impl Rng,
    ) -> Batch {
        let drawings: Vec<Drawing> = indices.iter().map(|_| augmentation.draw(self.shape, rng)).collect();
        self.drawn_batch(indices, normalization, &drawings)
    }

    fn drawn_batch(&self, indices: &[usize], normalization: &Normalization, drawings: &[Drawing]) -> Batch {
        let shape = self.shape;
        let tables: Vec<[f32; 256]> = (0..shape.channels).map(|channel| normalization.table(channel)).collect();
        let mut pixels = vec![0.0; indices.len() * shape.len()];
        pixels
            .par_chunks_exact_mut(shape.len().max(1))
            .with_min_len(PICTURES_PER_TASK)
            .zip(indices)
            .zip(drawings)
            .for_each(|((values, &index), drawing)| drawing.apply(self.pixels(index), shape, &tables, values));
        let labels = indices.iter().map(|&index| self.label(index)).collect();
        Batch { pixels, labels, shape }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::Flip;

    const SHAPE: ImageShape = ImageShape { channels: 2, height: 2, width: 2 };

    fn pictures(count: u8) -> Pictures {
        let pixels = (0..count).flat_map(|index| (0..8).map(move |place| index * 8 + place)).collect();
        Pictures::from_parts(SHAPE, 10, pixels, (0..u32::from(count)).map(|index| index % 10).collect()).unwrap()
    }

    fn plain() -> Normalization {
        Normalization { mean: vec![0.0, 0.2], std: vec![1.0, 0.5] }
    }

    #[test]
    fn a_batch_is_the_normalized_pictures_in_the_order_asked_for() {
        let batch = pictures(4).batch(&[3, 0], &plain());
        let channel0 = |byte: u8| f32::from(byte) / 255.0;
        let channel1 = |byte: u8| (f32::from(byte) / 255.0 - 0.2) / 0.5;
        let wanted: Vec<f32> = (24..28)
            .map(channel0)
            .chain((28..32).map(channel1))
            .chain((0..4).map(channel0))
            .chain((4..8).map(channel1))
            .collect();
        assert_eq!((batch.pixels, batch.labels, batch.shape), (wanted, vec![3, 0], SHAPE));
    }

    #[test]
    fn no_augmentation_is_the_plain_batch_and_draws_nothing() {
        let (pictures, mut rng) = (pictures(30), ChaCha8Rng::seed_from_u64(1));
        let order: Vec<usize> = (0..30).collect();
        let augmented = pictures.augmented_batch(&order, &plain(), &Augmentation::default(), &mut rng);
        assert_eq!(augmented, pictures.batch(&order, &plain()));
        assert_eq!(rng, ChaCha8Rng::seed_from_u64(1));
    }

    #[test]
    fn the_same_seed_gives_the_same_batch_on_any_number_of_threads() {
        let augmentation = Augmentation { flip: Flip::Horizontal, crop_padding: 1, erase_probability: 0.5 };
        let batch = || {
            let mut rng = ChaCha8Rng::seed_from_u64(7);
            let order = epoch_order(30, &mut rng);
            pictures(30).augmented_batch(&order, &plain(), &augmentation, &mut rng)
        };
        let single = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let several = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        assert_eq!(single.install(batch), several.install(batch));
    }

    #[test]
    fn an_epoch_visits_every_picture_once() {
        let mut order = epoch_order(100, &mut ChaCha8Rng::seed_from_u64(3));
        assert!(!order.is_sorted());
        order.sort_unstable();
        assert_eq!(order, (0..100).collect::<Vec<_>>());
    }
}
