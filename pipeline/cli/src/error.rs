//! Why a command could not do what it was asked.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use engine::{ArtifactError, ManifestError, PlanError, RunError, StoreError, UnmetStep};
use stages::costing::CostingError;

use crate::console::{self, Ink};
use crate::exit::Exit;

/// Why a command stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// The manifest is wrong; the message shows where.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Steps ask for what cannot be had.
    #[error("{} steps ask for what cannot be had", .0.len())]
    Unmet(Vec<UnmetStep>),
    /// The store, or something in it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An artifact cannot be read.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// A mistake on the command line.
    #[error("{message}")]
    Usage {
        /// What was wanted and what was found.
        message: String,
        /// The fix, if known.
        help: Option<String>,
    },
    /// A model or picture that cannot be used; the cause names it.
    #[error("cannot classify")]
    Inference(#[source] Box<dyn Error>),
    /// A translation model that cannot be used; the cause names it.
    #[error("cannot translate")]
    Translation(#[source] Box<dyn Error>),
    /// A benchmark whose data or reference cannot be used; the cause names it.
    #[error("cannot time")]
    Benchmark(#[source] Box<dyn Error>),
    /// A network, hardware or table of layers that has no costs.
    #[error("cannot tell costs")]
    Cost(#[source] CostingError),
    /// A file of the user's that cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The machine refuses something every run needs.
    #[error("cannot {action}")]
    Environment {
        /// What was tried, as a verb.
        action: &'static str,
        /// What the system said.
        #[source]
        source: Box<dyn Error>,
    },
    /// Standard output is full or broken.
    #[error("cannot write to standard output")]
    Output(#[from] io::Error),
}

impl CommandError {
    /// Returns a mistake on the command line.
    pub(crate) fn usage(message: impl ToString) -> Self {
        Self::Usage { message: message.to_string(), help: None }
    }

    /// Returns a mistake on the command line with its fix.
    pub(crate) fn usage_with_help(message: impl ToString, help: impl Into<String>) -> Self {
        Self::Usage { message: message.to_string(), help: Some(help.into()) }
    }

    /// Returns what the shell is told.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Manifest(_) | Self::Usage { .. } | Self::Cost(_) => Exit::USAGE,
            Self::Unmet(_) => Exit::UNMET,
            Self::Store(StoreError::Unknown { .. } | StoreError::Ambiguous { .. }) => Exit::USAGE,
            Self::Store(StoreError::Io { .. } | StoreError::Artifact(_) | StoreError::Busy { .. })
            | Self::Artifact(_)
            | Self::Inference(_)
            | Self::Translation(_)
            | Self::Benchmark(_)
            | Self::Write { .. }
            | Self::Environment { .. }
            | Self::Output(_) => Exit::FAILED,
        }
    }

    /// Tells the error, what is underneath it, and the fix.
    pub(crate) fn print(&self) {
        if let Self::Manifest(error) = self {
            console::log(&error.render(console::stderr_colour()));
            return;
        }
        if let Self::Unmet(steps) = self {
            steps.iter().for_each(|step| console::log(&format!("{} {step}", console::on_stderr("error:", Ink::Bad))));
            return;
        }
        let mut message = self.to_string();
        let mut cause = Error::source(self);
        while let Some(error) = cause {
            message.push_str(&format!(": {error}"));
            cause = error.source();
        }
        console::log(&format!("{} {message}", console::on_stderr("error:", Ink::Bad)));
        if let Self::Usage { help: Some(help), .. } = self {
            console::log(&format!("{} {help}", console::on_stderr("help:", Ink::Hint)));
        }
    }
}

impl From<PlanError> for CommandError {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Manifest(error) => Self::Manifest(error),
            PlanError::Unmet { steps } => Self::Unmet(steps),
            PlanError::Store(error) => Self::Store(error),
        }
    }
}

impl From<RunError> for CommandError {
    fn from(error: RunError) -> Self {
        match error {
            RunError::UnknownStep { .. } => Self::usage(error),
            RunError::Store(error) => Self::Store(error),
        }
    }
}
