//! Examples held in memory.

use crate::{Example, ImageShape, SourceError};

/// Images of one shape with their labels, packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pictures {
    /// Shape of every picture.
    pub shape: ImageShape,
    /// Number of classes; every label is below it.
    pub classes: usize,
    pixels: Vec<u8>,
    labels: Vec<u32>,
}

impl Pictures {
    /// Returns a set without pictures.
    #[must_use]
    pub fn new(shape: ImageShape, classes: usize) -> Self {
        Self { shape, classes, pixels: Vec::new(), labels: Vec::new() }
    }

    /// Returns the pictures whose planar bytes lie one after the other in `pixels`.
    ///
    /// # Errors
    /// When `pixels` does not hold one picture for each label, or a label is not below `classes`.
    pub fn from_parts(
        shape: ImageShape,
        classes: usize,
        pixels: Vec<u8>,
        labels: Vec<u32>,
    ) -> Result<Self, SourceError> {
        if pixels.len() != labels.len() * shape.len() {
            return Err(SourceError::PixelCount { shape, pictures: labels.len(), found: pixels.len() });
        }
        if let Some(index) = labels.iter().position(|&label| label as usize >= classes) {
            return Err(SourceError::LabelInMemory { index, classes, found: labels[index] });
        }
        Ok(Self { shape, classes, pixels, labels })
    }

    /// Adds a picture.
    ///
    /// # Errors
    /// When its bytes do not have the set's shape or its label is not below the set's classes.
    pub fn push(&mut self, example: &Example) -> Result<(), SourceError> {
        let (shape, classes, found) = (self.shape, self.classes, example.label);
        if example.pixels.len() != shape.len() {
            return Err(SourceError::PixelCount { shape, pictures: 1, found: example.pixels.len() });
        }
        if found as usize >= classes {
            return Err(SourceError::LabelInMemory { index: self.len(), classes, found });
        }
        self.pixels.extend_from_slice(&example.pixels);
        self.labels.push(found);
        Ok(())
    }

    /// Returns the number of pictures.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Returns whether there are no pictures.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Returns the label of picture `index`.
    ///
    /// # Panics
    /// When `index` is not below [`Self::len`].
    #[must_use]
    pub fn label(&self, index: usize) -> u32 {
        self.labels[index]
    }

    /// Returns every label, in order.
    #[must_use]
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// Returns the planar bytes of picture `index`.
    ///
    /// # Panics
    /// When `index` is not below [`Self::len`].
    #[must_use]
    pub fn pixels(&self, index: usize) -> &[u8] {
        let size = self.shape.len();
        &self.pixels[index * size..][..size]
    }

    /// Returns the pictures at `indices`, in that order.
    ///
    /// # Panics
    /// When an index is not below [`Self::len`].
    #[must_use]
    pub fn select(&self, indices: &[usize]) -> Self {
        let mut pixels = Vec::with_capacity(indices.len() * self.shape.len());
        for &index in indices {
            pixels.extend_from_slice(self.pixels(index));
        }
        let labels = indices.iter().map(|&index| self.labels[index]).collect();
        Self { shape: self.shape, classes: self.classes, pixels, labels }
    }

    /// Returns how many pictures each class has.
    #[must_use]
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes];
        for &label in &self.labels {
            counts[label as usize] += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: ImageShape = ImageShape { channels: 1, height: 1, width: 2 };

    fn three() -> Pictures {
        Pictures::from_parts(SHAPE, 3, vec![0, 1, 10, 11, 20, 21], vec![0, 2, 2]).unwrap()
    }

    #[test]
    fn pushing_and_packing_give_the_same_pictures() {
        let mut pushed = Pictures::new(SHAPE, 3);
        for (pixels, label) in [(vec![0, 1], 0), (vec![10, 11], 2), (vec![20, 21], 2)] {
            pushed.push(&Example { pixels, label }).unwrap();
        }
        assert_eq!(pushed, three());
        assert_eq!(pushed.class_counts(), [1, 0, 2]);
    }

    #[test]
    fn a_selection_keeps_its_order_and_repetitions() {
        let selected = three().select(&[2, 0, 2]);
        assert_eq!(selected.labels(), [2, 0, 2]);
        assert_eq!((selected.pixels(0), selected.pixels(1)), ([20, 21].as_slice(), [0, 1].as_slice()));
    }

    #[test]
    fn a_picture_of_another_shape_or_class_is_refused() {
        let mut pictures = three();
        let error = pictures.push(&Example { pixels: vec![1], label: 0 }).unwrap_err().to_string();
        assert_eq!(error, "1 pictures of shape 1x1x2 have 2 values, found 1");
        let error = pictures.push(&Example { pixels: vec![1, 2], label: 3 }).unwrap_err().to_string();
        assert_eq!(error, "label of example 3 must be below 3, found 3");
        assert!(Pictures::from_parts(SHAPE, 3, vec![1, 2, 3], vec![0]).is_err());
        assert!(Pictures::from_parts(SHAPE, 3, vec![1, 2], vec![3]).is_err());
    }
}
