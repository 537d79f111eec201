mod candidates;
mod settings;
#[cfg(test)]
mod tests;

use std::ops::Range;

use candidates::{Candidate, Candidates};
pub use settings::{BeamError, BeamSettings};

use crate::special::{END, UNKNOWN};

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

/// Returns the best translations of `sentences` sentences, best first, by the rules of fairseq's generator.
///
/// The search of a sentence goes on from the best 2 x `beam` continuations of its rows. One that ends is finished if
/// it is among the best `beam`; the best `beam` others are the rows of the next step. The sentence is done once it has
/// `beam` finished translations, and at `most_length`, where every row has to end. Padding and the start of sentence
/// are never chosen. Of two as good, the one of the better row and then of the lower token is first. Settings that
/// [`BeamSettings::check`] refuses find few or no translations.
///
/// Log-probabilities need not be finite: NaN counts as impossible, and what is impossible is left out as long as there
/// is anything else.
///
/// # Errors
/// Those of the model.
///
/// # Panics
/// If the model does not return as many log-probabilities for each row.
pub fn beam_search<M: StepModel>(
    model: &mut M,
    sentences: usize,
    settings: &BeamSettings,
) -> Result<Vec<Vec<Hypothesis>>, M::Error> {
    let mut searches: Vec<Search> = (0..sentences).map(Search::new).collect();
    for length in 1..=settings.most_length.max(1) {
        let rows: Vec<&Row> = searches.iter().flat_map(|search| &search.rows).collect();
        if rows.is_empty() {
            break;
        }
        let tokens: Vec<u32> = rows.iter().map(|row| row.tokens.last().copied().unwrap_or(END)).collect();
        let parents: Vec<usize> = rows.iter().map(|row| row.parent).collect();
        let log_probabilities = model.step(&tokens, &parents)?;
        let vocabulary = log_probabilities.len() / tokens.len();
        assert_eq!(log_probabilities.len(), tokens.len() * vocabulary, "a model returns one number per row and token");
        let mut first = 0;
        for search in &mut searches {
            let after = first + search.rows.len();
            let step = Step { log_probabilities: &log_probabilities, vocabulary, first, length };
            search.advance(&step, settings);
            first = after;
        }
    }
    Ok(searches.into_iter().map(|search| search.into_best(settings.best)).collect())
}

/// What a model said, and where the rows of one sentence begin in it.
struct Step<'a> {
    log_probabilities: &'a [f32],
    vocabulary: usize,
    first: usize,
    length: usize,
}

impl Step<'_> {
    fn row(&self, row: usize) -> &[f32] {
        &self.log_probabilities[(self.first + row) * self.vocabulary..][..self.vocabulary]
    }

    /// Returns the tokens that may come next; the end of sentence stands between the forbidden tokens and the others.
    fn allowed(&self, settings: &BeamSettings) -> Range<usize> {
        let (end, first) = (END as usize, UNKNOWN as usize);
        let allowed = if self.length >= settings.most_length {
            end..first
        } else if self.length <= settings.least_length {
            first..self.vocabulary
        } else {
            end..self.vocabulary
        };
        allowed.start.min(self.vocabulary)..allowed.end.min(self.vocabulary)
    }
}

/// A translation that has not ended.
struct Row {
    tokens: Vec<u32>,
    log_probability: f32,
    /// Its row in the step before.
    parent: usize,
}

/// The search for the translations of one sentence; without rows once it is done.
struct Search {
    rows: Vec<Row>,
    finished: Vec<Hypothesis>,
}

impl Search {
    fn new(sentence: usize) -> Self {
        Self { rows: vec![Row { tokens: Vec::new(), log_probability: 0.0, parent: sentence }], finished: Vec::new() }
    }

    fn advance(&mut self, step: &Step<'_>, settings: &BeamSettings) {
        let mut rows = Vec::new();
        for (rank, candidate) in self.candidates(step, settings).into_iter().enumerate() {
            if candidate.token == END as usize {
                if rank < settings.beam && self.finished.len() < settings.beam {
                    self.finish(candidate, settings.length_penalty);
                }
            } else if rows.len() < settings.beam {
                rows.push(self.extended(candidate, step.first));
            }
        }
        self.rows = if self.finished.len() < settings.beam { rows } else { Vec::new() };
    }

    fn candidates(&self, step: &Step<'_>, settings: &BeamSettings) -> Vec<Candidate> {
        let mut candidates = Candidates::new(settings.beam.saturating_mul(2));
        let allowed = step.allowed(settings);
        for (row, known) in self.rows.iter().enumerate() {
            candidates.offer(row, known.log_probability, step.row(row), allowed.clone());
        }
        let mut best = candidates.into_best();
        let possible = best.partition_point(|candidate| candidate.total > f32::NEG_INFINITY);
        if possible > 0 || !self.finished.is_empty() {
            best.truncate(possible);
        }
        best
    }

    fn finish(&mut self, candidate: Candidate, length_penalty: f32) {
        let tokens = self.rows[candidate.row].tokens.clone();
        let length = (tokens.len() + 1) as f32;
        let score = candidate.total / length.powf(length_penalty);
        self.finished.push(Hypothesis { tokens, log_probability: candidate.total, score });
    }

    fn extended(&self, candidate: Candidate, first: usize) -> Row {
        let mut tokens = Vec::with_capacity(self.rows[candidate.row].tokens.len() + 1);
        tokens.extend_from_slice(&self.rows[candidate.row].tokens);
        tokens.push(candidate.token as u32);
        Row { tokens, log_probability: candidate.total, parent: first + candidate.row }
    }

    fn into_best(mut self, best: usize) -> Vec<Hypothesis> {
        self.finished.sort_by(|a, b| b.score.total_cmp(&a.score));
        self.finished.truncate(best);
        self.finished
    }
}
