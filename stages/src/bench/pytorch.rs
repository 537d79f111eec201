use serde::Deserialize;

use super::python::{Python, PythonError};

/// The script, which needs no file beside it.
const SCRIPT: &str = include_str!("pytorch.py");

/// What PyTorch needed for a case.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reference {
    pub case: String,
    pub threads: usize,
    pub reference: String,
    pub reference_ms: f64,
}

/// Times PyTorch.
///
/// # Errors
/// Why there are no times: no interpreter, no PyTorch, or what the script said last.
pub(super) fn time(python: &Python, threads: usize) -> Result<Vec<Reference>, PythonError> {
    python.lines(SCRIPT, &[&threads.to_string()])
}
