//! Translation with an exported model in tract, beside ONNX Runtime with the same files and the same search.

use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::path::Path;

use exports::{Batching, TranslationError, Translator};
use serde::Deserialize;
use translation::BeamSettings;

use super::python::{Python, PythonError};
use super::{Bench, Case};

/// The loop around ONNX Runtime, which needs no file beside it.
const SCRIPT: &str = include_str!("../../../exports/tests/it/translate.py");

/// Why translation cannot be timed.
#[derive(Debug, thiserror::Error)]
pub enum TranslateBenchError {
    /// The model or a sentence.
    #[error(transparent)]
    Model(#[from] TranslationError),
    /// Files for the reference.
    #[error("cannot write the sentences for the reference")]
    Files(#[from] io::Error),
    /// The reference.
    #[error(transparent)]
    Python(#[from] PythonError),
}

/// What the script tells.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    seconds: f64,
    sentences: usize,
    tokens: usize,
}

/// Times a model on lines, with one thread and with all.
///
/// # Errors
/// If the model does not translate them, or the reference does not run.
pub fn run(bench: &mut Bench<'_>, model: &Path, lines: &[String], python: &Python) -> Result<(), TranslateBenchError> {
    let translator = Translator::load(model)?;
    let sources: Vec<Vec<u32>> = lines.iter().map(|line| translator.source().encode(line)).collect();
    let sources: Vec<Vec<u32>> = sources.into_iter().filter(|source| !source.is_empty()).collect();
    let folder = tempfile::tempdir()?;
    for name in ["encoder.onnx", "decoder.onnx"] {
        fs::copy(model.join(name), folder.path().join(name))?;
    }
    let line = |source: &Vec<u32>| source.iter().map(u32::to_string).collect::<Vec<_>>().join(" ") + "\n";
    fs::write(folder.path().join("sources.txt"), sources.iter().map(line).collect::<String>())?;
    let all = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    for threads in [NonZeroUsize::MIN, all] {
        let batching = Batching { threads, ..Batching::default() };
        let limits = [threads.get(), batching.tokens, batching.sentences, translator.runner().task().longest];
        let limits = limits.map(|limit| limit.to_string());
        let path = folder.path().display().to_string();
        let told: Told = python.json(SCRIPT, &[&path, &limits[0], &limits[1], &limits[2], &limits[3]])?;
        let case = format!(
            "{} sentences, {} tokens, beam 4, {}",
            told.sentences,
            told.tokens,
            translator.runner().form().name()
        );
        let case = Case { case: &case, reference: "ONNX Runtime", threads: threads.get(), ops: 0, goal: None };
        let mut failed = None;
        let mut translate = || {
            let found = translator.runner().translate(&sources, &BeamSettings::default(), &batching, &|_| ());
            failed = found.err();
        };
        bench.compare_with(case, &mut translate, told.seconds * 1e3);
        if let Some(error) = failed {
            return Err(error.into());
        }
    }
    Ok(())
}
