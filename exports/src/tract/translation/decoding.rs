use tract_onnx::prelude::{IntoTValue, TValue, TVec, Tensor, TractResult, tvec};
use translation::StepModel;
use translation::special::{END, PAD};

use super::part::{Input, Part};
use super::{TranslationError, TranslationRunner};
use crate::RunError;
use crate::lowering::translation::names::{LENGTHS, LOG_PROBABILITIES, PARENTS, PAST, POSITION, PRESENT, TOKENS};

/// The decoder of one batch of sentences, from one step to the next.
pub struct Decoding<'r> {
    runner: &'r TranslationRunner,
    /// What the encoder wrote for all sentences, in the order of its outputs.
    encoded: TVec<TValue>,
    /// The same for the sentences that are still decoded.
    memory: TVec<TValue>,
    /// Those sentences, as the groups of rows of the last step.
    sentences: Vec<usize>,
    /// Sentence of each row of the last step.
    rows: Vec<usize>,
    /// What the last step wrote, in the order of the decoder's outputs; states only.
    states: Vec<(String, TValue)>,
    /// Steps so far.
    position: usize,
}

impl<'r> Decoding<'r> {
    /// Encodes sentences that the model knows all tokens of.
    pub(super) fn new(runner: &'r TranslationRunner, sources: &[&[u32]]) -> Result<Self, TranslationError> {
        let rows = sources.len();
        let encoder = &runner.encoder;
        let inputs = encoder_inputs(encoder, sources).map_err(|error| encoder.error(rows, error))?;
        let encoded = encoder.run(inputs, rows)?;
        let states = runner.decoder.inputs.iter().filter(|input| input.name.starts_with(PAST));
        let states =
            states.map(|input| Ok((input.name.clone(), first_state(input, rows)?))).collect::<TractResult<_>>();
        let states = states.map_err(|error| runner.decoder.error(rows, error))?;
        let sentences: Vec<usize> = (0..rows).collect();
        Ok(Self { runner, memory: encoded.clone(), encoded, rows: sentences.clone(), sentences, states, position: 0 })
    }

    /// Returns the sentences of rows that lie together in groups of one size, or one sentence per row.
    fn groups(rows: &[usize]) -> Vec<usize> {
        let mut groups: Vec<(usize, usize)> = Vec::new();
        for &sentence in rows {
            match groups.last_mut() {
                Some((last, size)) if *last == sentence => *size += 1,
                _ => groups.push((sentence, 1)),
            }
        }
        let even = groups.iter().all(|&(_, size)| size == groups[0].1);
        if even { groups.into_iter().map(|(sentence, _)| sentence).collect() } else { rows.to_vec() }
    }

    /// Makes `memory` that of `sentences`.
    fn remember(&mut self, sentences: Vec<usize>) -> TractResult<()> {
        if self.sentences != sentences {
            self.memory = self.encoded.iter().map(|value| taken(value, &sentences)).collect::<TractResult<_>>()?;
            self.sentences = sentences;
        }
        Ok(())
    }

    fn inputs(&self, tokens: &[u32], parents: &[usize]) -> TractResult<TVec<TValue>> {
        let shape = [self.sentences.len(), tokens.len() / self.sentences.len()];
        let input = |input: &Input| match input.name.as_str() {
            TOKENS => integers(&shape, tokens.iter().map(|&token| i64::from(token))),
            PARENTS => integers(&shape, parents.iter().map(|&parent| parent as i64)),
            POSITION => integers(&[1], [self.position as i64]),
            name => match self.states.iter().find(|(state, _)| state == name) {
                Some((_, state)) => Ok(state.clone()),
                None => {
                    let at = self.runner.encoder.outputs.iter().position(|output| output == name);
                    at.map(|at| self.memory[at].clone())
                        .ok_or_else(|| tract_onnx::prelude::TractError::msg(format!("nothing writes `{name}`")))
                }
            },
        };
        self.runner.decoder.inputs.iter().map(input).collect()
    }

    fn run(&mut self, tokens: &[u32], parents: &[usize]) -> Result<Vec<f32>, RunError> {
        let decoder: &'r Part = &self.runner.decoder;
        let failed = |error| decoder.error(tokens.len(), error);
        self.rows = parents.iter().map(|&parent| self.rows[parent]).collect();
        self.remember(Self::groups(&self.rows)).map_err(failed)?;
        let inputs = self.inputs(tokens, parents).map_err(failed)?;
        self.states.clear();
        let mut log_probabilities = Vec::new();
        for (name, value) in decoder.outputs.iter().zip(decoder.run(inputs, tokens.len())?) {
            match name.strip_prefix(PRESENT) {
                Some(state) => self.states.push((format!("{PAST}{state}"), value)),
                None if name == LOG_PROBABILITIES => {
                    let values = value.to_plain_array_view::<f32>().map_err(failed)?;
                    log_probabilities = values.as_slice().map_or_else(Vec::new, <[f32]>::to_vec);
                }
                None => {}
            }
        }
        self.position += 1;
        Ok(log_probabilities)
    }
}

impl StepModel for Decoding<'_> {
    type Error = TranslationError;

    fn step(&mut self, tokens: &[u32], parents: &[usize]) -> Result<Vec<f32>, TranslationError> {
        if tokens.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.run(tokens, parents)?)
    }
}

/// Returns tokens, ended and padded, and lengths.
fn encoder_inputs(encoder: &Part, sources: &[&[u32]]) -> TractResult<TVec<TValue>> {
    let longest = sources.iter().map(|source| source.len() + 1).max().unwrap_or(0);
    let row = |source: &&[u32]| {
        let padding = longest - source.len() - 1;
        let end = std::iter::once(END).chain(std::iter::repeat_n(PAD, padding));
        source.iter().copied().chain(end).map(i64::from).collect::<Vec<_>>()
    };
    let mut inputs = tvec![];
    for input in &encoder.inputs {
        inputs.push(match input.name.as_str() {
            LENGTHS => integers(&[sources.len()], sources.iter().map(|source| source.len() as i64 + 1))?,
            _ => integers(&[sources.len(), longest], sources.iter().flat_map(row))?,
        });
    }
    Ok(inputs)
}

/// Returns the state before the first step: no position, or zeros.
fn first_state(input: &Input, rows: usize) -> TractResult<TValue> {
    let sizes = input.sizes.iter().map(|size| size.unwrap_or(0));
    let shape: Vec<usize> = std::iter::once(rows).chain(sizes).collect();
    Ok(Tensor::zero::<f32>(&shape)?.into_tvalue())
}

fn integers(shape: &[usize], values: impl IntoIterator<Item = i64>) -> TractResult<TValue> {
    let values: Vec<i64> = values.into_iter().collect();
    Ok(Tensor::from_shape(shape, &values)?.into_tvalue())
}

/// Returns rows of the first axis.
fn taken(value: &TValue, rows: &[usize]) -> TractResult<TValue> {
    let mut shape = value.shape().to_vec();
    let values = value.to_plain_array_view::<f32>()?;
    let values = values.as_slice().ok_or_else(|| tract_onnx::prelude::TractError::msg("values out of order"))?;
    let size = values.len() / shape[0].max(1);
    shape[0] = rows.len();
    let taken = rows.iter().map(|&row| &values[row * size..][..size]).collect::<Vec<_>>().concat();
    Ok(Tensor::from_shape(&shape, &taken)?.into_tvalue())
}
