//! A translation network named in a manifest.

use engine::{SourcePath, StageError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spaces::{TransformerArchitecture, TransformerSizes};

use crate::small_file::read_text;

/// A translation network: a published one, one in a file, or its sizes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ArchitectureChoice {
    /// A published network by name, for example `en-de@350ms_update`; `cost` lists them.
    Named(String),
    /// A TOML file with the sizes, relative to the manifest.
    File(SourcePath),
    /// The sizes themselves.
    Sizes(TransformerSizes),
}

impl ArchitectureChoice {
    /// Returns the file, where there is one.
    pub const fn source(&self) -> Option<&SourcePath> {
        match self {
            Self::File(path) => Some(path),
            Self::Named(_) | Self::Sizes(_) => None,
        }
    }

    /// Returns the architecture.
    ///
    /// # Errors
    /// If no published network has the name, the file does not read, or the sizes make no network.
    pub fn read(&self) -> Result<TransformerArchitecture, StageError> {
        match self {
            Self::Named(name) => costs::translation_network(name)
                .map_err(|error| StageError::usage(format!("`architecture.named`: {error}"))),
            Self::Sizes(sizes) => TransformerArchitecture::new(sizes.clone())
                .map_err(|error| StageError::usage(format!("`architecture.sizes`: {error}"))),
            Self::File(source) => {
                let path = source.path();
                let text = read_text(path).map_err(|error| StageError::source(path, error.to_string()))?;
                costs::read_transformer(&text).map_err(|error| StageError::source(path, error.to_string()))
            }
        }
    }
}
