//! Decodes JPEG and PNG files to RGB, refusing damaged ones.

use std::fmt;
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use image::codecs::png::PngDecoder;
use image::{ImageDecoder, ImageFormat, Limits, RgbImage};
use thiserror::Error;

use super::jpeg::{self, JpegFault};
use crate::SourceError;

/// Longest image file that is read; the longest of ILSVRC-2012 has 16 MB.
const MAX_FILE_BYTES: u64 = 1 << 28;
/// Most bytes a decoded image may have; the largest of ILSVRC-2012 has 61 megapixels, 183 MB as RGB.
const MAX_DECODED_BYTES: u64 = 1 << 28;

/// Why an image file cannot be used.
#[derive(Debug, Error)]
pub enum ImageProblem {
    /// The first bytes are neither JPEG's nor PNG's.
    #[error("expected a JPEG or PNG image, found {found}")]
    Format {
        /// What the first bytes are taken for.
        found: String,
    },
    /// The file or the decoded image is larger than any sensible photograph.
    #[error("expected at most {most} bytes of {what}, found {found}")]
    TooLarge {
        /// Which bytes.
        what: &'static str,
        /// The limit.
        most: u64,
        /// The size.
        found: u64,
    },
    /// The file ends before its image does.
    #[error("expected a complete JPEG image, found one that {found}")]
    Truncated {
        /// How it ends.
        found: &'static str,
    },
    /// The decoder refuses the bytes.
    #[error("cannot be decoded: {reason}")]
    Damaged {
        /// The decoder's words.
        reason: String,
    },
}

impl ImageProblem {
    fn damaged(reason: impl fmt::Display) -> Self {
        Self::Damaged { reason: reason.to_string() }
    }
}

impl From<JpegFault> for ImageProblem {
    fn from(fault: JpegFault) -> Self {
        match fault {
            JpegFault::Truncated(found) => Self::Truncated { found },
            JpegFault::Malformed(reason) => Self::damaged(reason),
        }
    }
}

/// Reads and decodes the image file at `path`.
///
/// The format goes by the first bytes, not the name: ImageNet has a PNG and a few CMYK files named `.JPEG`.
/// Gray is repeated in three channels, palettes are looked up, 16 bits are rounded to 8 and alpha is dropped, and
/// a stored orientation is not applied, as torchvision's loader does.
///
/// # Errors
/// [`SourceError::Io`] when the file cannot be read, [`SourceError::Image`] when it is no complete image.
pub(crate) fn rgb_file(path: &Path) -> Result<RgbImage, SourceError> {
    let io_error = |source| SourceError::Io { path: path.to_path_buf(), source };
    let mut bytes = Vec::new();
    File::open(path).map_err(io_error)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(io_error)?;
    rgb(&bytes).map_err(|problem| SourceError::Image { file: path.to_path_buf(), problem })
}

/// Decodes a JPEG or PNG image to RGB.
pub(crate) fn rgb(bytes: &[u8]) -> Result<RgbImage, ImageProblem> {
    check_size("file", MAX_FILE_BYTES, bytes.len() as u64)?;
    match image::guess_format(bytes) {
        Ok(ImageFormat::Jpeg) => rgb_of_jpeg(bytes),
        Ok(ImageFormat::Png) => rgb_of_png(bytes),
        Ok(other) => Err(ImageProblem::Format { found: format!("{other:?}") }),
        Err(_) if bytes.is_empty() => Err(ImageProblem::Format { found: "an empty file".to_owned() }),
        Err(_) => Err(ImageProblem::Format { found: "neither".to_owned() }),
    }
}

fn rgb_of_jpeg(bytes: &[u8]) -> Result<RgbImage, ImageProblem> {
    use zune_jpeg::JpegDecoder;
    use zune_jpeg::zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};

    jpeg::check_complete(bytes)?;
    let side = usize::from(u16::MAX);
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(side)
        .set_max_height(side)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(ImageProblem::damaged)?;
    let (width, height) = decoder.dimensions().ok_or_else(|| ImageProblem::damaged("no size"))?;
    check_size("pixels", MAX_DECODED_BYTES, (width * height * 3) as u64)?;
    let pixels = decoder.decode().map_err(ImageProblem::damaged)?;
    RgbImage::from_raw(width as u32, height as u32, pixels)
        .ok_or_else(|| ImageProblem::damaged("its colour space is not supported"))
}

fn rgb_of_png(bytes: &[u8]) -> Result<RgbImage, ImageProblem> {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    let decoder = PngDecoder::with_limits(Cursor::new(bytes), limits).map_err(ImageProblem::damaged)?;
    check_size("pixels", MAX_DECODED_BYTES, decoder.total_bytes())?;
    Ok(image::DynamicImage::from_decoder(decoder).map_err(ImageProblem::damaged)?.into_rgb8())
}

fn check_size(what: &'static str, most: u64, found: u64) -> Result<(), ImageProblem> {
    if found <= most { Ok(()) } else { Err(ImageProblem::TooLarge { what, most, found }) }
}

#[cfg(test)]
mod tests {
    use image::codecs::jpeg::JpegEncoder;
    use image::{DynamicImage, GrayImage, ImageBuffer, Luma, Rgb, Rgba};
    use proptest::prelude::*;

    use super::*;

    fn gradient(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| Rgb([(x * 5) as u8, (y * 7) as u8, ((x * y) % 251) as u8]))
    }

    fn jpeg(image: &DynamicImage) -> Vec<u8> {
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, 90).encode_image(image).unwrap();
        bytes
    }

    fn png(image: &DynamicImage) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_gray_jpeg_has_three_equal_channels() {
        let gray = GrayImage::from_fn(20, 10, |x, _| Luma([(x * 10) as u8]));
        let image = rgb(&jpeg(&DynamicImage::ImageLuma8(gray))).unwrap();
        assert_eq!(image.dimensions(), (20, 10));
        assert!(image.pixels().all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]));
        assert!(image.get_pixel(19, 5)[0] > 150);
    }

    #[test]
    fn alpha_is_dropped_and_sixteen_bits_become_eight() {
        let clear = ImageBuffer::from_pixel(2, 2, Rgba([10u8, 20, 30, 0]));
        assert_eq!(rgb(&png(&DynamicImage::ImageRgba8(clear))).unwrap().get_pixel(1, 1).0, [10, 20, 30]);
        let deep = ImageBuffer::from_pixel(2, 2, Rgb([0u16, 0x8080, 0xffff]));
        assert_eq!(rgb(&png(&DynamicImage::ImageRgb16(deep))).unwrap().get_pixel(0, 0).0, [0, 128, 255]);
    }

    #[test]
    fn a_palette_is_looked_up() {
        let mut bytes = Vec::new();
        let header = [0, 0, 0, 2, 0, 0, 0, 1, 8, 3, 0, 0, 0];
        let scanline = [0u8, 1, 0];
        bytes.extend_from_slice(&[0x89, b'P', b'N', b'G', 13, 10, 26, 10]);
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut zlib, &scanline).unwrap();
        let content = zlib.finish().unwrap();
        let chunks: [(&[u8; 4], &[u8]); 4] =
            [(b"IHDR", &header), (b"PLTE", &[1, 2, 3, 4, 5, 6]), (b"IDAT", &content), (b"IEND", &[])];
        for (name, data) in chunks {
            let mut sum = flate2::Crc::new();
            sum.update(name);
            sum.update(data);
            bytes.extend_from_slice(&(data.len() as u32).to_be_bytes());
            bytes.extend_from_slice(name);
            bytes.extend_from_slice(data);
            bytes.extend_from_slice(&sum.sum().to_be_bytes());
        }
        assert_eq!(rgb(&bytes).unwrap().into_raw(), [4, 5, 6, 1, 2, 3]);
    }

    #[test]
    fn a_jpeg_cut_anywhere_is_refused() {
        let bytes = jpeg(&DynamicImage::ImageRgb8(gradient(48, 40)));
        assert!(rgb(&bytes).is_ok());
        for end in 0..bytes.len() {
            assert!(rgb(&bytes[..end]).is_err(), "cut at {end} of {}", bytes.len());
        }
    }

    #[test]
    fn a_short_scan_is_refused_even_when_its_end_marker_is_there() {
        let bytes = jpeg(&DynamicImage::ImageRgb8(gradient(96, 96)));
        for cut in [bytes.len() - 40, bytes.len() * 3 / 4] {
            let mut short = bytes[..cut].to_vec();
            if short.last() == Some(&0xff) {
                short.pop();
            }
            short.extend_from_slice(&[0xff, 0xd9]);
            let problem = rgb(&short).unwrap_err();
            assert!(matches!(problem, ImageProblem::Truncated { .. }), "{problem}");
        }
    }

    #[test]
    fn a_cut_png_is_refused() {
        let bytes = png(&DynamicImage::ImageRgb8(gradient(48, 40)));
        for end in [0, 10, 50, bytes.len() / 2, bytes.len() - 30] {
            assert!(rgb(&bytes[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn another_format_is_named() {
        let problem = rgb(b"GIF89a..........").unwrap_err().to_string();
        assert_eq!(problem, "expected a JPEG or PNG image, found Gif");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn damaged_files_never_panic(place in any::<prop::sample::Index>(), byte in any::<u8>(), noise in any::<Vec<u8>>()) {
            let image = DynamicImage::ImageRgb8(gradient(24, 24));
            for mut bytes in [jpeg(&image), png(&image)] {
                let place = place.index(bytes.len());
                bytes[place] = byte;
                if let Ok(decoded) = rgb(&bytes) {
                    prop_assert_eq!(decoded.len(), (decoded.width() * decoded.height() * 3) as usize);
                }
            }
            prop_assert!(rgb(&[&[0xff, 0xd8, 0xff], noise.as_slice()].concat()).is_err());
        }
    }
}
