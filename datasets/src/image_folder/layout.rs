//! Finds parts, classes and image files.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::SourceError;
use crate::listing::{self, names_in, shown};

pub(super) const TRAIN: &str = "train";
/// Folders that may hold the test part, the preferred one first.
const TEST: [&str; 3] = ["test", "val", "valid"];
/// Folders below a class folder that are searched; Tiny ImageNet has one level, `images`.
const MAX_DEPTH: usize = 4;
const EXTENSIONS: [&str; 3] = ["jpg", "jpeg", "png"];

/// One image file and its class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ImageFile {
    pub(super) path: PathBuf,
    pub(super) label: u32,
}

/// What lies in the folder of a set.
#[derive(Debug)]
pub(super) struct Layout {
    /// Names of the class folders of the training part, sorted.
    pub(super) classes: Vec<String>,
    /// By class, then by path.
    pub(super) train: Vec<ImageFile>,
    /// By class, then by path.
    pub(super) test: Vec<ImageFile>,
    pub(super) warnings: Vec<String>,
}

impl Layout {
    /// Lists both parts.
    ///
    /// # Errors
    /// When a part is missing or has no class folder, a class has no image, or a test class is unknown.
    pub(super) fn read(folder: &Path) -> Result<Self, SourceError> {
        let train_folder = folder.join(TRAIN);
        if !train_folder.is_dir() {
            let fix = "put the class folders into `train`, or correct `path`";
            return Err(listing::missing("a folder `train`".to_owned(), folder, fix));
        }
        let (test_folder, mut warnings) = test_folder(folder)?;
        let classes = class_folders(&train_folder)?;
        let test_classes = class_folders(&test_folder)?;
        if let Some(class) = test_classes.iter().find(|class| classes.binary_search(class).is_err()) {
            return Err(SourceError::UnknownClass {
                folder: test_folder.join(class),
                class: class.clone(),
                known: shown(&classes),
            });
        }
        let absent = classes.iter().filter(|class| test_classes.binary_search(class).is_err());
        let absent: Vec<String> = absent.cloned().collect();
        if !absent.is_empty() {
            warnings.push(format!("classes without a test image: {}", shown(&absent)));
        }
        let train = files(&train_folder, &classes, &classes, &mut warnings)?;
        let test = files(&test_folder, &test_classes, &classes, &mut warnings)?;
        Ok(Self { classes, train, test, warnings })
    }
}

fn test_folder(folder: &Path) -> Result<(PathBuf, Vec<String>), SourceError> {
    let present: Vec<&str> = TEST.into_iter().filter(|name| folder.join(name).is_dir()).collect();
    let Some((used, ignored)) = present.split_first() else {
        let fix = "put images that are not trained on into `val/<class>`";
        return Err(listing::missing("a folder `val`, `test` or `valid`".to_owned(), folder, fix));
    };
    let warnings = ignored.iter().map(|name| format!("folder `{name}` is ignored, as there is `{used}`")).collect();
    Ok((folder.join(used), warnings))
}

/// Returns the names of the folders in `part`, sorted; hidden ones are left out.
pub(super) fn class_folders(part: &Path) -> Result<Vec<String>, SourceError> {
    let mut classes = names_in(part)?;
    classes.retain(|name| !name.starts_with('.') && part.join(name).is_dir());
    if classes.is_empty() {
        let fix = "sort the images into one folder for each class";
        return Err(listing::missing("class folders".to_owned(), part, fix));
    }
    Ok(classes)
}

/// Lists the images of `classes`; a label is the place among `all`.
fn files(
    part: &Path,
    classes: &[String],
    all: &[String],
    warnings: &mut Vec<String>,
) -> Result<Vec<ImageFile>, SourceError> {
    let mut files = Vec::new();
    let mut others = 0;
    for class in classes {
        let folder = part.join(class);
        let label = all.partition_point(|name| name < class) as u32;
        let before = files.len();
        for entry in WalkDir::new(&folder).max_depth(MAX_DEPTH).follow_links(true).sort_by_file_name() {
            let entry = entry.map_err(|error| walk_error(&folder, error))?;
            match (entry.file_type().is_file(), is_image(entry.path())) {
                (true, true) => files.push(ImageFile { path: entry.into_path(), label }),
                (true, false) => others += 1,
                (false, _) => {}
            }
        }
        if files.len() == before {
            let fix = "add images or remove the folder";
            return Err(listing::missing("`.jpg`, `.jpeg` or `.png` files".to_owned(), &folder, fix));
        }
    }
    if others > 0 {
        warnings.push(format!("`{}`: ignored {others} files that are not named .jpg, .jpeg or .png", part.display()));
    }
    Ok(files)
}

fn is_image(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    !hidden && extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
}

fn walk_error(folder: &Path, error: walkdir::Error) -> SourceError {
    let path = error.path().unwrap_or(folder).to_path_buf();
    SourceError::Io { path, source: error.into() }
}
