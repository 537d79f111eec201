use std::path::Path;

use image::DynamicImage;

use crate::images::decode::rgb_file;
use crate::images::resize::{Fit, planes, square};
use crate::{ImageShape, SourceError};

/// Returns the pixels of one picture file as planar bytes of the given shape: cut to the centre square, resized, and
/// turned into shades of gray where the shape has one channel.
///
/// # Errors
/// If the file is missing or broken, or if the shape is not a square of one or three channels.
pub fn read_picture(path: &Path, shape: ImageShape) -> Result<Vec<u8>, SourceError> {
    let gray = match (shape.channels, shape.height == shape.width) {
        (1, true) => true,
        (3, true) => false,
        _ => return Err(SourceError::PictureShape { shape }),
    };
    let picture = square(&rgb_file(path)?, shape.height, Fit::CentreCrop);
    Ok(if gray { DynamicImage::ImageRgb8(picture).into_luma8().into_raw() } else { planes(&picture) })
}
