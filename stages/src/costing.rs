//! What networks cost, for whoever asks by name: the nouns behind the command `cost`.
//!
//! A [`CostSubject`] becomes a network, and with an [`accelerator`] a [`CostSheet`]: a row per layer and the totals. [`single_layers`] costs layers that are given one by one.

mod sheet;
mod single_layers;
mod subject;

pub use costs::{BitWidth, Sources};
pub use sheet::{CostSheet, SheetRow, Totals};
pub use single_layers::single_layers;
pub use spaces::FeatureMap;
pub use subject::{CostSubject, SpaceFile, manifest_space};

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use costs::{Accelerator, AcceleratorError, CostError, Hardware, NameError};
use engine::SourcePath;
use spaces::{GenomeError, SpaceError};
use thiserror::Error;

use crate::cost_model::{HardwareChoice, HardwareChoiceError};

/// Why something has no cost sheet.
#[derive(Debug, Error)]
pub enum CostingError {
    /// A name stands for no network.
    #[error(transparent)]
    Name(#[from] NameError),
    /// An architecture is no point of its space.
    #[error("`{text}` is no network's name, and no architecture of the space in {}", path.display())]
    Genome {
        /// What was asked for.
        text: String,
        /// The manifest with the space.
        path: PathBuf,
        /// Which rule it breaks.
        #[source]
        source: Box<GenomeError>,
    },
    /// A space has no point, or does not fit the pictures.
    #[error("the space in {} does not hold", path.display())]
    Space {
        /// The manifest with the space.
        path: PathBuf,
        /// Which rule it breaks.
        #[source]
        source: SpaceError,
    },
    /// A file cannot be read, or is not what it should be.
    #[error("{}: {message}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was wanted and what was found.
        message: String,
        /// What is underneath, if anything.
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// A hardware is neither a preset nor a description.
    #[error(transparent)]
    Hardware(#[from] HardwareChoiceError),
    /// A layer has no cost on the hardware.
    #[error(transparent)]
    Accelerator(#[from] AcceleratorError),
    /// A count is too large.
    #[error(transparent)]
    Count(#[from] CostError),
    /// A row of a table of layers is wrong.
    #[error("{}:{line}: {message}", path.display())]
    Row {
        /// The table.
        path: PathBuf,
        /// Line, counted from 1.
        line: u64,
        /// What was wanted and what was found.
        message: String,
    },
}

/// Returns the accelerator of a preset's name or of a file with a description, and the width of numbers.
///
/// # Errors
/// If it is neither, or the description is wrong.
pub fn accelerator(preset_or_file: &str, bits: BitWidth) -> Result<Accelerator, CostingError> {
    Ok(Accelerator::new(hardware(preset_or_file)?, bits))
}

pub(crate) fn hardware(preset_or_file: &str) -> Result<Hardware, CostingError> {
    let choice = match Hardware::preset_names().contains(&preset_or_file) || !Path::new(preset_or_file).exists() {
        true => HardwareChoice::Preset(preset_or_file.to_owned()),
        false => HardwareChoice::File(SourcePath::new(preset_or_file)),
    };
    Ok(choice.read()?)
}

impl CostingError {
    fn file(path: impl Into<PathBuf>, message: impl Into<String>) -> Self {
        Self::File { path: path.into(), message: message.into(), source: None }
    }

    fn unreadable(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File { path: path.into(), message: "cannot be read".to_owned(), source: Some(source.into()) }
    }
}
