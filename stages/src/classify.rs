use std::path::Path;

use datasets::{ImageShape, SourceError};

/// Returns the pixels of a picture file as planar bytes `[C, H, W]`, cut and resized to the given size.
///
/// # Errors
/// If the file is missing, broken, or no picture this program reads.
pub fn read_picture(path: &Path, channels: usize, height: usize, width: usize) -> Result<Vec<u8>, SourceError> {
    datasets::read_picture(path, ImageShape { channels, height, width })
}
