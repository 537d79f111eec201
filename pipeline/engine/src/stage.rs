//! What a stage is: typed params, typed ports and a function.

use std::error::Error;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::artifact::ArtifactError;
use crate::context::Context;
use crate::ports::{Inputs, Outputs};
use crate::source::SourcePath;
use crate::table::TableError;
use crate::upstream::{Unmet, Upstream};

/// A step's code: what it is called, what it needs, what it makes.
///
/// `run` must be a pure function of params, inputs, sources and the context's seed: the engine keeps its outputs for
/// as long as these stay the same.
pub trait Stage: Send + Sync + 'static {
    /// The name in a manifest, kebab-case, equal to the file's name.
    const KIND: &'static str;
    /// Raised when the same params and inputs would give other outputs than before.
    const VERSION: u32;
    /// What the stage does, in one line.
    const SUMMARY: &'static str;

    /// What a user may choose: `deny_unknown_fields`, a documented default for everything that can have one.
    type Params: Serialize + DeserializeOwned + JsonSchema + Send + Sync;
    /// The artifacts it reads, declared with [`inputs!`](crate::inputs).
    type Inputs: Inputs;
    /// The artifacts it makes, declared with [`outputs!`](crate::outputs).
    type Outputs: Outputs;

    /// Returns every [`SourcePath`] of the params: raw files or folders outside the store. Their content decides
    /// freshness, their path does not.
    fn sources<'a>(&self, params: &'a Self::Params) -> Vec<&'a SourcePath> {
        let _ = params;
        Vec::new()
    }

    /// Returns what is wrong with params that have the right types: a number out of range, two params that contradict
    /// each other. It is asked before anything runs.
    ///
    /// # Errors
    /// What was wanted, what was found, and the fix.
    fn check(&self, params: &Self::Params) -> Result<(), String> {
        let _ = params;
        Ok(())
    }

    /// Returns what cannot be had whatever the steps before it make, as far as it can be told from the params of this
    /// step and of those that feed it. It is asked after [`Stage::check`] and before there is a plan, so it must be
    /// quick and must not want data to be there: what cannot be told is no refusal.
    ///
    /// # Errors
    /// [`Unmet`]; exits like a failed gate.
    fn foresee(&self, params: &Self::Params, upstream: &Upstream<'_>) -> Result<(), Unmet> {
        let _ = (params, upstream);
        Ok(())
    }

    /// Makes the outputs.
    ///
    /// # Errors
    /// [`StageError`]; nothing is published then.
    fn run(
        &self,
        params: &Self::Params,
        inputs: Self::Inputs,
        context: &mut Context<'_>,
    ) -> Result<Self::Outputs, StageError>;
}

/// Why a stage made nothing. The variants differ in whose turn it is: the user's, the raw data's, ours.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The params contradict each other or the inputs; the user changes the manifest.
    #[error("{message}")]
    Usage {
        /// What was wanted, what was found, and the fix.
        message: String,
    },
    /// What was asked for cannot be had: nothing is within a limit. Exits like a failed gate.
    #[error("{message}")]
    Unmet {
        /// The limit, the closest that was found, and the fix.
        message: String,
    },
    /// A raw file outside the store is broken or not what the params say.
    #[error("source {}: {message}", path.display())]
    Source {
        /// The file or folder.
        path: PathBuf,
        /// What was wanted and what was found.
        message: String,
    },
    /// The run was asked to stop; a checkpoint, if saved, is kept.
    #[error("interrupted")]
    Interrupted,
    /// An artifact could not be read or written.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// Anything else.
    #[error("{message}")]
    Failed {
        /// What was tried and how it failed.
        message: String,
        /// The error underneath, if any.
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
}

impl StageError {
    /// Returns a [`StageError::Usage`].
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage { message: message.into() }
    }

    /// Returns a [`StageError::Unmet`].
    pub fn unmet(message: impl Into<String>) -> Self {
        Self::Unmet { message: message.into() }
    }

    /// Returns a [`StageError::Source`].
    pub fn source(path: impl Into<PathBuf>, message: impl Into<String>) -> Self {
        Self::Source { path: path.into(), message: message.into() }
    }

    /// Returns a [`StageError::Failed`] with nothing underneath.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed { message: message.into(), source: None }
    }

    /// Returns a [`StageError::Failed`] with the error underneath.
    pub fn caused(message: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed { message: message.into(), source: Some(source.into()) }
    }
}

impl From<Unmet> for StageError {
    fn from(unmet: Unmet) -> Self {
        Self::Unmet { message: unmet.message }
    }
}

impl From<TableError> for StageError {
    fn from(error: TableError) -> Self {
        Self::Artifact(error.into())
    }
}
