//! One labelled image, and the two parts a data set ships in.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A part of a data set as its authors shipped it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// What may be trained on; [`crate::split::carve_valid`] takes the validation split from it.
    Train,
    /// What is kept for the final measurement.
    Test,
}

impl Part {
    /// Every part, in the order they are stored.
    pub const ALL: [Self; 2] = [Self::Train, Self::Test];
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Train => "train",
            Self::Test => "test",
        })
    }
}

/// One image and its class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Bytes in planar order: channel, then row, then column.
    pub pixels: Vec<u8>,
    /// Index of the class in [`crate::ImageSource::classes`].
    pub label: u32,
}
