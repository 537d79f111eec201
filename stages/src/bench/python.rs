use std::process::{Command, Stdio};

use serde::de::DeserializeOwned;

/// A Python interpreter.
#[derive(Clone, Debug)]
pub struct Python {
    /// Its program.
    pub program: String,
}

/// Why a script gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum PythonError {
    /// No interpreter.
    #[error("cannot start `{program}`: {source}")]
    Start {
        /// The interpreter.
        program: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The script failed, as it does where a package is missing.
    #[error("`{program}`: {said}")]
    Failed {
        /// The interpreter.
        program: String,
        /// The last line it said.
        said: String,
    },
    /// It printed something else than what was asked for.
    #[error("`{program}` did not print rows of JSON: {source}")]
    Json {
        /// The interpreter.
        program: String,
        /// What is wrong.
        source: serde_json::Error,
    },
}

impl Python {
    /// Returns the values that a script prints, one a line.
    pub(super) fn lines<T: DeserializeOwned>(&self, script: &str, arguments: &[&str]) -> Result<Vec<T>, PythonError> {
        let program = || self.program.clone();
        let mut command = Command::new(&self.program);
        command.args(["-c", script]).args(arguments).stdin(Stdio::null());
        let output = command.output().map_err(|source| PythonError::Start { program: program(), source })?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said.lines().last().unwrap_or("it said nothing").to_owned();
            return Err(PythonError::Failed { program: program(), said });
        }
        let rows: Result<_, serde_json::Error> =
            String::from_utf8_lossy(&output.stdout).lines().map(serde_json::from_str).collect();
        rows.map_err(|source| PythonError::Json { program: program(), source })
    }

    /// Returns the only value that a script prints.
    pub(super) fn json<T: DeserializeOwned>(&self, script: &str, arguments: &[&str]) -> Result<T, PythonError> {
        let said = || PythonError::Failed { program: self.program.clone(), said: "it said nothing".to_owned() };
        self.lines(script, arguments)?.pop().ok_or_else(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_interpreter_is_named() {
        let error = Python { program: "no-such-python".to_owned() }.lines::<u8>("", &[]).unwrap_err().to_string();
        assert!(error.starts_with("cannot start `no-such-python`"), "{error}");
    }
}
