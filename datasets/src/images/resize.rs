//! Makes an image of any proportions a square of a given size.

use image::imageops::{self, FilterType};
use image::{RgbImage, imageops::crop_imm};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Numerator and denominator of the short side before the crop: 256 for a crop of 224, as ResNet's evaluation.
const SHORT_SIDE: (usize, usize) = (256, 224);

/// How an image becomes a square.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// Scale the short side to `size` x 256 / 224, then cut the centre out. Keeps proportions, loses the rim.
    #[default]
    CentreCrop,
    /// Scale both sides to `size`. Keeps everything, distorts.
    Stretch,
}

/// Returns `image` as a square of `size` pixels a side, scaled with an antialiasing bilinear filter.
pub(crate) fn square(image: &RgbImage, size: usize, fit: Fit) -> RgbImage {
    match fit {
        Fit::Stretch => scaled(image, size as u32, size as u32),
        Fit::CentreCrop => {
            let side = (size * SHORT_SIDE.0 / SHORT_SIDE.1) as u32;
            centre(&scaled(&centre(image, image.width().min(image.height())), side, side), size as u32)
        }
    }
}

/// Returns the square of `side` pixels in the middle of `image`.
///
/// Cutting the image to a square before scaling gives the same centre and keeps the cost of a very long image low.
fn centre(image: &RgbImage, side: u32) -> RgbImage {
    let (left, top) = ((image.width() - side) / 2, (image.height() - side) / 2);
    crop_imm(image, left, top, side, side).to_image()
}

/// Returns the planes of `image`: all red, then all green, then all blue bytes.
pub(crate) fn planes(image: &RgbImage) -> Vec<u8> {
    let interleaved = image.as_raw();
    (0..3).flat_map(|channel| interleaved.iter().skip(channel).step_by(3).copied()).collect()
}

fn scaled(image: &RgbImage, width: u32, height: u32) -> RgbImage {
    if image.dimensions() == (width, height) {
        return image.clone();
    }
    imageops::resize(image, width, height, FilterType::Triangle)
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    /// Left third red, middle green, right blue.
    fn stripes(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, _| {
            let mut pixel = [0; 3];
            pixel[(x * 3 / width) as usize] = 255;
            Rgb(pixel)
        })
    }

    #[test]
    fn a_centre_crop_keeps_proportions_and_loses_the_sides() {
        // 300 x 100 scaled to 96 x 32, cut to 28: the middle third of the width and nothing else.
        let image = square(&stripes(300, 100), 28, Fit::CentreCrop);
        assert_eq!(image.dimensions(), (28, 28));
        assert!(image.pixels().all(|pixel| pixel.0 == [0, 255, 0]), "{:?}", image.get_pixel(0, 0));
    }

    #[test]
    fn a_stretch_keeps_all_of_the_image() {
        let image = square(&stripes(300, 100), 30, Fit::Stretch);
        assert_eq!(image.get_pixel(2, 15).0, [255, 0, 0]);
        assert_eq!(image.get_pixel(15, 15).0, [0, 255, 0]);
        assert_eq!(image.get_pixel(27, 15).0, [0, 0, 255]);
    }

    #[test]
    fn every_odd_size_fits() {
        for (width, height) in [(1, 1), (1, 500), (500, 1), (33, 32), (224, 225)] {
            for fit in [Fit::CentreCrop, Fit::Stretch] {
                for size in [1, 5, 32] {
                    let image = square(&stripes(width, height), size, fit);
                    assert_eq!(image.dimensions(), (size as u32, size as u32));
                }
            }
        }
    }

    #[test]
    fn planes_are_red_then_green_then_blue() {
        let image = RgbImage::from_raw(2, 1, vec![1, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(planes(&image), [1, 4, 2, 5, 3, 6]);
    }
}
