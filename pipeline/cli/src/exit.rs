//! The answer to the shell.

use std::process::ExitCode;

/// An exit code of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exit(pub(crate) u8);

impl Exit {
    /// All is done.
    pub(crate) const DONE: Self = Self(0);
    /// A stage failed, or the environment did.
    pub(crate) const FAILED: Self = Self(1);
    /// The command line or the manifest asks for what cannot be.
    pub(crate) const USAGE: Self = Self(2);
    /// A gate failed, or what is asked for cannot be had.
    pub(crate) const UNMET: Self = Self(3);
    /// A step is stale, and the shell wanted to know.
    pub(crate) const STALE: Self = Self(4);
    /// An artifact in the store is not what its digest says.
    pub(crate) const CORRUPT: Self = Self(5);
    /// A run was asked to stop and can go on later.
    pub(crate) const INTERRUPTED: Self = Self(75);

    /// Returns clap's answer: help that was asked for is no mistake.
    pub(crate) fn of_clap(message: &clap::Error) -> Self {
        if message.use_stderr() { Self::USAGE } else { Self::DONE }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}
