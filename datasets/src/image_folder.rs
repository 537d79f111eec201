//! JPEG and PNG files in class folders, as ImageNet is laid out: `train/<class>/*` and `val/<class>/*`.

mod layout;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

use crate::class_quota::ClassQuota;
use crate::images::{decode, resize};
use crate::{BrokenFiles, Example, Fit, ImageShape, ImageSource, Part, SourceError, SourceKind, SourceOptions};
use layout::{ImageFile, Layout};

const DEFAULT_SIZE: usize = 224;
const MAX_SIZE: usize = 4096;
/// Files decoded in parallel before the first of them is given: some work for every core, little memory.
const FILES_AT_A_TIME: usize = 64;
/// A warning names at most this many skipped files.
const NAMES_IN_A_WARNING: usize = 3;

/// Lists the class folders in `path`; images are decoded on iteration.
///
/// # Errors
/// When a part has no folder or no images, a class is in the test part only, or `size` is out of bounds.
pub(crate) fn open(path: Option<&Path>, options: &SourceOptions) -> Result<ImageFolder, SourceError> {
    let kind = SourceKind::ImageFolder;
    let wanted = "a folder with `train/<class>/*.jpg` and `val/<class>/*.jpg`";
    let path = path.ok_or(SourceError::NoPath { kind, wanted })?;
    let size = options.size.unwrap_or(DEFAULT_SIZE);
    if !(1..=MAX_SIZE).contains(&size) {
        let wanted = format!("from 1 to {MAX_SIZE}");
        return Err(SourceError::Option { kind, option: "size", wanted, found: size.to_string() });
    }
    let Layout { classes, mut train, mut test, warnings } = Layout::read(path)?;
    keep(&mut train, options.limit_train, classes.len());
    keep(&mut test, options.limit_test, classes.len());
    let shape = shape(options);
    let (fit, broken) = (options.fit, options.broken);
    Ok(ImageFolder { shape, classes, train, test, fit, broken, warnings, skipped: Mutex::default() })
}

/// Returns the shape that every image gets.
pub(crate) fn shape(options: &SourceOptions) -> ImageShape {
    let size = options.size.unwrap_or(DEFAULT_SIZE);
    ImageShape { channels: 3, height: size, width: size }
}

/// Returns the names of the classes in `path`, without a look at the images.
///
/// # Errors
/// When the training part has no class folders.
pub(crate) fn classes(path: &Path) -> Result<Vec<String>, SourceError> {
    layout::class_folders(&path.join(layout::TRAIN))
}

/// The image files of both parts.
#[derive(Debug)]
pub(crate) struct ImageFolder {
    shape: ImageShape,
    classes: Vec<String>,
    train: Vec<ImageFile>,
    test: Vec<ImageFile>,
    fit: Fit,
    broken: BrokenFiles,
    warnings: Vec<String>,
    skipped: Mutex<BTreeSet<PathBuf>>,
}

impl ImageFolder {
    fn files(&self, part: Part) -> &[ImageFile] {
        match part {
            Part::Train => &self.train,
            Part::Test => &self.test,
        }
    }

    fn decode(&self, file: &ImageFile) -> Option<Result<Example, SourceError>> {
        match (decode::rgb_file(&file.path), self.broken) {
            (Ok(image), _) => {
                let square = resize::square(&image, self.shape.width, self.fit);
                Some(Ok(Example { pixels: resize::planes(&square), label: file.label }))
            }
            (Err(SourceError::Image { file, .. }), BrokenFiles::Skip) => {
                self.skipped().insert(file);
                None
            }
            (Err(error), BrokenFiles::Skip | BrokenFiles::Error) => Some(Err(error)),
        }
    }

    /// The set stays consistent whatever happened to a thread that held it.
    fn skipped(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.skipped.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ImageSource for ImageFolder {
    fn shape(&self) -> ImageShape {
        self.shape
    }

    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn len(&self, part: Part) -> usize {
        self.files(part).len()
    }

    fn examples(&self, part: Part) -> Result<Box<dyn Iterator<Item = Result<Example, SourceError>> + '_>, SourceError> {
        let decoded = self
            .files(part)
            .chunks(FILES_AT_A_TIME)
            .flat_map(|files| files.par_iter().map(|file| self.decode(file)).collect::<Vec<_>>().into_iter().flatten());
        let up_to_the_first_error = decoded.scan(false, |ended, example| {
            let ended_before = std::mem::replace(ended, example.is_err());
            (!ended_before).then_some(example)
        });
        Ok(Box::new(up_to_the_first_error))
    }

    fn warnings(&self) -> Vec<String> {
        let skipped = self.skipped();
        let mut warnings = self.warnings.clone();
        if !skipped.is_empty() {
            let names = skipped.iter().take(NAMES_IN_A_WARNING).map(|path| format!("`{}`", path.display()));
            let names = names.collect::<Vec<_>>().join(", ");
            let more = if skipped.len() > NAMES_IN_A_WARNING { ", ..." } else { "" };
            warnings.push(format!("broken image files skipped: {} ({names}{more})", skipped.len()));
        }
        warnings
    }
}

fn keep(files: &mut Vec<ImageFile>, limit: Option<usize>, classes: usize) {
    let mut counts = vec![0; classes];
    for file in files.iter() {
        counts[file.label as usize] += 1;
    }
    let mut quota = ClassQuota::new(limit, &counts);
    files.retain(|file| quota.admits(file.label));
}

#[cfg(test)]
mod tests;
