//! What can be wrong with raw data.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::{ImageProblem, ImageShape, SourceKind};

/// Why a data set cannot be read. Every message names the file, what was wanted, what was found and the fix.
#[derive(Debug, Error)]
pub enum SourceError {
    /// A picture file was asked for in a shape it cannot be brought into.
    #[error("a picture file becomes a square of 1 or 3 channels, wanted {shape}")]
    PictureShape {
        /// The shape asked for.
        shape: ImageShape,
    },
    /// The operating system refused.
    #[error("cannot read `{}`", path.display())]
    Io {
        /// File or folder.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// The kind reads files and no path was given.
    #[error("data set `{kind}` needs a path, found none; set `path` to {wanted}")]
    NoPath {
        /// Which data set.
        kind: SourceKind,
        /// What the path must lead to.
        wanted: &'static str,
    },
    /// The name of a kind is not known.
    #[error("no data set kind is called `{found}`; expected one of {known}")]
    UnknownKind {
        /// What was asked for.
        found: String,
        /// Every kind.
        known: String,
    },
    /// A file or folder of the set is not there.
    #[error("expected {wanted} in `{}`; found: {found}; {fix}", folder.display())]
    Missing {
        /// Which names would do.
        wanted: String,
        /// The folder or archive they were looked for in.
        folder: PathBuf,
        /// What is there instead.
        found: String,
        /// How to mend it.
        fix: &'static str,
    },
    /// A value in a file's header or names is not what the format allows.
    #[error("`{}`: {field} must be {wanted}, found {found}; {fix}", file.display())]
    Header {
        /// The file.
        file: PathBuf,
        /// Which value.
        field: &'static str,
        /// What the format allows.
        wanted: String,
        /// What the file says.
        found: String,
        /// How to mend it.
        fix: &'static str,
    },
    /// A file does not have the size that its header or format demands.
    #[error("`{}`: expected {wanted}, found {found}; the file is damaged or only partly copied, fetch it again", file.display())]
    Size {
        /// The file, or the archive and its member.
        file: PathBuf,
        /// The size or sizes that would do, with their unit.
        wanted: String,
        /// The size it has, or `more` when reading stopped at the first byte too many.
        found: String,
    },
    /// Compressed or archived bytes do not unpack.
    #[error("`{}` cannot be unpacked; the file is damaged or only partly copied, fetch it again", file.display())]
    Unpack {
        /// The file.
        file: PathBuf,
        /// The unpacker's reason.
        #[source]
        source: io::Error,
    },
    /// A label is outside the classes.
    #[error("`{}`: label of example {index} must be below {classes}, found {found}; is this another data set?", file.display())]
    Label {
        /// The file.
        file: PathBuf,
        /// Which example, from 0.
        index: usize,
        /// How many classes there are.
        classes: usize,
        /// The label.
        found: u32,
    },
    /// An image file cannot be decoded.
    #[error("`{}`: {problem}; replace the file or set `broken = \"skip\"`", file.display())]
    Image {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        problem: ImageProblem,
    },
    /// A class folder of the test part has no counterpart in the training part.
    #[error("`{}`: class `{class}` is not in the training part, which has: {known}; move or remove the folder", folder.display())]
    UnknownClass {
        /// The class folder.
        folder: PathBuf,
        /// Its name.
        class: String,
        /// The training part's classes.
        known: String,
    },
    /// An option does not suit the kind.
    #[error("data set `{kind}`: option `{option}` must be {wanted}, found {found}")]
    Option {
        /// Which data set.
        kind: SourceKind,
        /// The option's name.
        option: &'static str,
        /// What it may be.
        wanted: String,
        /// What it is.
        found: String,
    },
    /// Pixels do not have the length that their shape and number demand.
    #[error("{pictures} pictures of shape {shape} have {} values, found {found}", pictures * shape.len())]
    PixelCount {
        /// The shape.
        shape: ImageShape,
        /// How many pictures the values are for.
        pictures: usize,
        /// Values given.
        found: usize,
    },
    /// A label in memory is outside the classes.
    #[error("label of example {index} must be below {classes}, found {found}")]
    LabelInMemory {
        /// Which example, from 0.
        index: usize,
        /// How many classes there are.
        classes: usize,
        /// The label.
        found: u32,
    },
    /// A validation split cannot be carved.
    #[error("cannot carve a validation split: {wanted}, found {found}")]
    Split {
        /// What must hold.
        wanted: &'static str,
        /// What does.
        found: String,
    },
}
