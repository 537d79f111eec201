//! Mean and spread of each channel.

use serde::{Deserialize, Serialize};

use crate::Pictures;

/// Spread given to a channel that hardly varies: one byte step, so that dividing by it stays finite.
const SMALLEST_STD: f64 = 1.0 / 255.0;

/// Per channel, what is subtracted from pixels scaled to [0, 1] and what they are then divided by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Normalization {
    /// Mean of each channel.
    pub mean: Vec<f32>,
    /// Standard deviation of each channel, at least 1/255.
    pub std: Vec<f32>,
}

impl Normalization {
    /// Measures every pixel of `pictures`. Sums are exact, so the order of the pictures does not matter.
    ///
    /// No pictures give mean 0 and spread 1.
    #[must_use]
    pub fn measure(pictures: &Pictures) -> Self {
        let shape = pictures.shape;
        let mut sums = vec![(0u64, 0u64); shape.channels];
        for index in 0..pictures.len() {
            for (sum, plane) in sums.iter_mut().zip(pictures.pixels(index).chunks_exact(shape.plane())) {
                for &byte in plane {
                    sum.0 += u64::from(byte);
                    sum.1 += u64::from(byte) * u64::from(byte);
                }
            }
        }
        let count = (pictures.len() * shape.plane()) as f64;
        let (mean, std) = sums.into_iter().map(|(sum, squares)| moments(sum, squares, count)).unzip();
        Self { mean, std }
    }

    /// Returns the normalized value of every byte of `channel`.
    pub(crate) fn table(&self, channel: usize) -> [f32; 256] {
        let (mean, std) = (self.mean[channel], self.std[channel]);
        std::array::from_fn(|byte| (byte as f32 / 255.0 - mean) / std)
    }
}

fn moments(sum: u64, squares: u64, count: f64) -> (f32, f32) {
    if count == 0.0 {
        return (0.0, 1.0);
    }
    let mean = sum as f64 / count;
    let variance = (squares as f64 / count - mean * mean).max(0.0);
    ((mean / 255.0) as f32, (variance.sqrt() / 255.0).max(SMALLEST_STD) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ImageShape;

    #[test]
    fn mean_and_spread_are_measured_per_channel() {
        // Channel 0 holds 0 and 255 (mean and spread one half), channel 1 holds 51 only (one fifth, no spread).
        let shape = ImageShape { channels: 2, height: 1, width: 2 };
        let pictures = Pictures::from_parts(shape, 1, vec![0, 255, 51, 51], vec![0]).unwrap();
        let measured = Normalization::measure(&pictures);
        assert_eq!(measured, Normalization { mean: vec![0.5, 0.2], std: vec![0.5, 1.0 / 255.0] });
        assert_eq!((measured.table(0)[0], measured.table(0)[255]), (-1.0, 1.0));
    }

    #[test]
    fn nothing_measured_changes_nothing() {
        let shape = ImageShape { channels: 1, height: 1, width: 2 };
        let measured = Normalization::measure(&Pictures::new(shape, 1));
        assert_eq!(measured, Normalization { mean: vec![0.0], std: vec![1.0] });
    }
}
