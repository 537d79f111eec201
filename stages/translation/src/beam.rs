use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::special::END;

/// A decoder that computes one position at a time for a batch of rows.
pub trait StepModel {
    /// What can go wrong in it.
    type Error;

    /// Returns the log-probabilities of the next token, `[rows, vocabulary]` row by row.
    ///
    /// Row r reads `tokens[r]` and goes on from the state that row `parents[r]` of the step before left behind. Before
    /// the first step there is one row per sentence, in order. Rows of finished sentences are left out.
    ///
    /// # Errors
    /// Whatever the decoder reports.
    fn step(&mut self, tokens: &[u32], parents: &[usize]) -> Result<Vec<f32>, Self::Error>;
}

/// How a beam search decodes; the defaults are those of ShiftAddNAS for WMT'14.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BeamSettings {
    /// Hypotheses per sentence.
    pub beam: usize,
    /// Score = log-probability / length^`length_penalty`, the length with the end of sentence.
    pub length_penalty: f32,
    /// Fewest tokens before the end of sentence.
    pub least_length: usize,
    /// Most tokens, the end of sentence included.
    pub most_length: usize,
    /// Hypotheses returned per sentence, at most `beam`.
    pub best: usize,
}

impl Default for BeamSettings {
    fn default() -> Self {
        Self { beam: 4, length_penalty: 0.6, least_length: 1, most_length: 200, best: 1 }
    }
}

/// A finished translation.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypothesis {
    /// Its tokens, without the end of sentence.
    pub tokens: Vec<u32>,
    /// Natural log-probability of its tokens and the end.
    pub log_probability: f32,
    /// What it is ranked by, higher is better.
    pub score: f32,
}

/// Returns the best translations of `sentences` sentences, best first.
///
/// # Errors
/// Those of the model.
pub fn beam_search<M: StepModel>(
    model: &mut M,
    sentences: usize,
    settings: &BeamSettings,
) -> Result<Vec<Vec<Hypothesis>>, M::Error> {
    let mut found: Vec<Vec<Hypothesis>> = Vec::with_capacity(sentences);
    for _ in 0..sentences {
        found.push(Vec::new());
    }
    let (tokens, parents): (Vec<u32>, Vec<usize>) = (vec![END; sentences], (0..sentences).collect());
    let _ = (model.step(&tokens, &parents)?, settings);
    Ok(found)
}
