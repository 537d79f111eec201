//! The size of an image.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Channels, height and width of every image of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageShape {
    /// Colour planes: 1 for gray, 3 for red, green and blue.
    pub channels: usize,
    /// Rows of pixels.
    pub height: usize,
    /// Columns of pixels.
    pub width: usize,
}

impl ImageShape {
    /// Returns the bytes of one image, which is also its number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.channels * self.plane()
    }

    /// Returns whether an image of this shape has no values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the values of one channel.
    #[must_use]
    pub fn plane(&self) -> usize {
        self.height * self.width
    }
}

impl fmt::Display for ImageShape {
    /// Writes `channels x height x width`, for example `1x28x28`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}x{}x{}", self.channels, self.height, self.width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_written_channels_first() {
        let shape = ImageShape { channels: 1, height: 28, width: 30 };
        assert_eq!(shape.to_string(), "1x28x30");
        assert_eq!((shape.len(), shape.plane()), (840, 840));
    }
}
