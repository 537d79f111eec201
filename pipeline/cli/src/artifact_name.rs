//! From what a person writes to an artifact.

use std::path::Path;

use engine::{Folder, LISTING, Store};

use crate::error::CommandError;

/// How an artifact is named on the command line.
pub(crate) const HELP: &str = "STEP.PORT, STEP if it has one output, MANIFEST:STEP.PORT where several manifests have \
                               that step, the first digits of a digest, or an artifact's folder";

/// Opens the artifact called `name`.
///
/// # Errors
/// When nothing or several things have that name, or the artifact cannot be read.
pub(crate) fn open(store: &Store, name: &str) -> Result<Folder, CommandError> {
    if Path::new(name).join(LISTING).is_file() {
        return Ok(Folder::open(name)?);
    }
    Ok(match name.split_once(':') {
        Some((manifest, step)) => store.resolve(step, Some(manifest))?,
        None => store.resolve(name, None)?,
    })
}
