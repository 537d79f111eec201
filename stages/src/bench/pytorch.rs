use std::process::{Command, Stdio};

use serde::Deserialize;

/// The script, which needs no file beside it.
const SCRIPT: &str = include_str!("pytorch.py");

/// A Python interpreter.
#[derive(Clone, Debug)]
pub struct Python {
    /// Its program.
    pub program: String,
}

/// What PyTorch needed for a case.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reference {
    pub case: String,
    pub threads: usize,
    pub reference: String,
    pub reference_ms: f64,
}

impl Python {
    /// Times PyTorch.
    ///
    /// # Errors
    /// Why there are no times: no interpreter, no PyTorch, or what the script said last.
    pub(super) fn time(&self, threads: usize) -> Result<Vec<Reference>, String> {
        let mut command = Command::new(&self.program);
        command.args(["-c", SCRIPT, &threads.to_string()]).stdin(Stdio::null());
        let output = command.output().map_err(|error| format!("cannot start `{}`: {error}", self.program))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("`{}`: {}", self.program, said.lines().last().unwrap_or("it said nothing")));
        }
        let rows: Result<_, serde_json::Error> =
            String::from_utf8_lossy(&output.stdout).lines().map(serde_json::from_str).collect();
        rows.map_err(|error| format!("`{}` did not print rows of JSON: {error}", self.program))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_interpreter_is_named() {
        let error = Python { program: "no-such-python".to_owned() }.time(1).unwrap_err();
        assert!(error.starts_with("cannot start `no-such-python`"), "{error}");
    }
}
