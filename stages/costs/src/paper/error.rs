use thiserror::Error;

use crate::{AcceleratorError, CostError, HardwareError, NameError};

/// Why a row of a data file cannot be computed.
#[derive(Debug, Error)]
pub(super) enum PaperError {
    #[error(transparent)]
    File(#[from] csv::Error),
    #[error(transparent)]
    Name(#[from] NameError),
    #[error(transparent)]
    Cost(#[from] CostError),
    #[error(transparent)]
    Accelerator(#[from] AcceleratorError),
    #[error(transparent)]
    Hardware(#[from] HardwareError),
    #[error("`{row}`: no {wanted} is called `{found}`")]
    Text { row: String, wanted: &'static str, found: String },
}

impl PaperError {
    /// Returns that a text of a data file is not what was wanted; the row is filled in by [`PaperError::in_row`].
    pub(super) fn text(wanted: &'static str, found: &str) -> Self {
        Self::Text { row: String::new(), wanted, found: found.to_owned() }
    }

    /// Returns it with the row that it is about.
    pub(super) fn in_row(self, row: &str) -> Self {
        match self {
            Self::Text { wanted, found, .. } => Self::Text { row: row.to_owned(), wanted, found },
            Self::File(_) | Self::Name(_) | Self::Cost(_) | Self::Accelerator(_) | Self::Hardware(_) => self,
        }
    }
}
