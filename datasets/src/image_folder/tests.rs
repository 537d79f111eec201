use std::fs;

use image::{DynamicImage, GrayImage, ImageFormat, RgbImage};
use tempfile::TempDir;

use super::*;

/// Where the photographs lie that are too many or not free enough to be embedded, if they are there.
fn shared(folder: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let shared = std::env::var_os("SHIFTADDNAS_SHARED").map_or_else(beside, PathBuf::from).join(folder);
    shared.is_dir().then_some(shared)
}

fn small() -> SourceOptions {
    SourceOptions { size: Some(8), ..SourceOptions::default() }
}

fn write(folder: &Path, name: &str, image: &DynamicImage, format: ImageFormat) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    image.save_with_format(path, format).unwrap();
}

fn plain(red: u8, green: u8, blue: u8) -> DynamicImage {
    DynamicImage::ImageRgb8(RgbImage::from_pixel(20, 12, image::Rgb([red, green, blue])))
}

/// Classes `ant` and `bee` with a training and a test image each.
fn two_classes() -> TempDir {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "train/bee/b.PNG", &plain(0, 200, 0), ImageFormat::Png);
    write(folder.path(), "train/ant/a.JPEG", &plain(200, 0, 0), ImageFormat::Jpeg);
    write(folder.path(), "val/ant/a.jpg", &plain(200, 0, 0), ImageFormat::Jpeg);
    write(folder.path(), "val/bee/b.png", &plain(0, 200, 0), ImageFormat::Png);
    folder
}

fn cut(path: &Path) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() - 20]).unwrap();
}

fn message(folder: &Path) -> String {
    open(Some(folder), &small()).unwrap_err().to_string()
}

fn read(source: &ImageFolder, part: Part) -> Vec<Example> {
    source.examples(part).unwrap().map(Result::unwrap).collect()
}

#[test]
fn classes_are_the_sorted_folder_names() {
    let folder = two_classes();
    let source = open(Some(folder.path()), &small()).unwrap();
    assert_eq!(
        (source.shape().to_string(), source.classes()),
        ("3x8x8".into(), ["ant".into(), "bee".into()].as_slice())
    );
    for part in Part::ALL {
        let examples = read(&source, part);
        assert_eq!(examples.iter().map(|example| example.label).collect::<Vec<_>>(), [0, 1]);
        assert!(examples[0].pixels[0] > 190 && examples[0].pixels[64] < 10, "red comes first");
        assert_eq!(examples[1].pixels, [[0; 64], [200; 64], [0; 64]].concat());
    }
    assert!(source.warnings().is_empty());
}

#[test]
fn the_embedded_photographs_are_read_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("embedded/photo-cc0-imagenet");
    let source = open(Some(&folder), &SourceOptions { size: Some(32), ..small() }).unwrap();
    assert_eq!((source.classes().len(), source.len(Part::Train), source.len(Part::Test)), (10, 240, 60));
    let examples = read(&source, Part::Train);
    assert_eq!(examples.len(), 240);
    assert!(examples.windows(2).all(|pair| pair[0].label <= pair[1].label && pair[0].pixels != pair[1].pixels));
}

#[test]
fn a_limit_takes_as_many_of_each_class() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("embedded/photo-cc0-imagenet");
    let source = open(Some(&folder), &SourceOptions { limit_test: Some(20), ..small() }).unwrap();
    let labels: Vec<u32> = read(&source, Part::Test).iter().map(|example| example.label).collect();
    assert_eq!(labels, (0..10).flat_map(|class| [class, class]).collect::<Vec<_>>());
}

#[test]
fn a_truncated_jpeg_is_an_error_that_names_it_and_ends_the_reading() {
    let folder = two_classes();
    cut(&folder.path().join("train/ant/a.JPEG"));
    let source = open(Some(folder.path()), &small()).unwrap();
    let results: Vec<_> = source.examples(Part::Train).unwrap().collect();
    let [Err(error)] = results.as_slice() else { panic!("{results:?}") };
    let error = error.to_string();
    assert!(error.contains("a.JPEG`: expected a complete JPEG image, found one that"), "{error}");
    assert!(error.ends_with("replace the file or set `broken = \"skip\"`"), "{error}");
}

#[test]
fn a_skipped_file_is_counted_once() {
    let folder = two_classes();
    cut(&folder.path().join("train/ant/a.JPEG"));
    let options = SourceOptions { broken: BrokenFiles::Skip, ..small() };
    let source = open(Some(folder.path()), &options).unwrap();
    for _ in 0..2 {
        assert_eq!(read(&source, Part::Train).len(), 1);
    }
    let path = folder.path().join("train/ant/a.JPEG");
    assert_eq!(source.warnings(), [format!("broken image files skipped: 1 (`{}`)", path.display())]);
}

#[test]
fn a_class_in_the_test_part_only_is_an_error() {
    let folder = two_classes();
    write(folder.path(), "val/cat/c.png", &plain(1, 2, 3), ImageFormat::Png);
    let message = message(folder.path());
    assert!(message.contains("class `cat` is not in the training part, which has: ant, bee"), "{message}");
}

#[test]
fn a_class_without_test_images_and_other_files_are_warned_of() {
    let folder = two_classes();
    fs::remove_dir_all(folder.path().join("val/bee")).unwrap();
    fs::write(folder.path().join("train/ant/notes.txt"), "").unwrap();
    let warnings = open(Some(folder.path()), &small()).unwrap().warnings();
    assert_eq!(warnings[0], "classes without a test image: bee");
    assert!(warnings[1].ends_with("train`: ignored 1 files that are not named .jpg, .jpeg or .png"), "{warnings:?}");
}

#[test]
fn a_missing_part_is_named_with_its_fix() {
    let folder = two_classes();
    fs::remove_dir_all(folder.path().join("val")).unwrap();
    let error = message(folder.path());
    assert!(error.contains("expected a folder `val`, `test` or `valid` in"), "{error}");
    assert!(error.ends_with("found: train; put images that are not trained on into `val/<class>`"), "{error}");
    fs::remove_dir_all(folder.path().join("train")).unwrap();
    assert!(message(folder.path()).contains("expected a folder `train` in"));
}

#[test]
fn images_that_are_not_in_class_folders_are_an_error() {
    let folder = two_classes();
    fs::remove_dir_all(folder.path().join("val")).unwrap();
    write(folder.path(), "val/1.png", &plain(1, 2, 3), ImageFormat::Png);
    let message = message(folder.path());
    assert!(
        message.contains("expected class folders in") && message.contains("found: 1.png; sort the images"),
        "{message}"
    );
}

#[test]
fn an_empty_class_folder_is_an_error() {
    let folder = two_classes();
    fs::create_dir(folder.path().join("train/cat")).unwrap();
    let message = message(folder.path());
    assert!(message.contains("train/cat`; found: nothing; add images or remove the folder"), "{message}");
}

#[test]
fn gray_photographs_and_alpha_become_three_channels() {
    let folder = two_classes();
    let gray = DynamicImage::ImageLuma8(GrayImage::from_pixel(9, 9, image::Luma([77])));
    write(folder.path(), "train/ant/gray.png", &gray, ImageFormat::Png);
    let clear = DynamicImage::ImageRgba8(image::RgbaImage::from_pixel(9, 9, image::Rgba([5, 6, 7, 0])));
    write(folder.path(), "train/ant/clear.png", &clear, ImageFormat::Png);
    let examples = read(&open(Some(folder.path()), &small()).unwrap(), Part::Train);
    assert_eq!(examples[1].pixels, [[5; 64], [6; 64], [7; 64]].concat());
    assert_eq!(examples[2].pixels, [77; 192]);
}

#[test]
#[expect(clippy::print_stderr, reason = "says why a test that needs data beside the repository does nothing")]
fn every_sample_of_imagenet_is_accepted_whole_and_refused_cut() {
    let Some(shared) = shared("data/imagenet-sample/train") else {
        eprintln!("skipped: no folder shared/data/imagenet-sample beside the repository");
        return;
    };
    let mut gray = 0;
    let mut files = 0;
    for entry in walkdir::WalkDir::new(shared).sort_by_file_name() {
        let entry = entry.unwrap();
        if !entry.file_type().is_file() {
            continue;
        }
        let bytes = fs::read(entry.path()).unwrap();
        let image = decode::rgb(&bytes).unwrap_or_else(|problem| panic!("{}: {problem}", entry.path().display()));
        gray += usize::from(image.pixels().all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]));
        files += 1;
        assert!(decode::rgb(&bytes[..bytes.len() * 9 / 10]).is_err(), "{}", entry.path().display());
    }
    assert!(files > 50 && gray > 0, "{files} files, {gray} gray");
}
