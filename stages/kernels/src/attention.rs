//! Multi-head attention, y = D(softmax(q·k / √(q / H))) v, D dropout, forward and backward.
//!
//! The weights are computed anew in the backward pass. Sentences are independent, so the number of threads never
//! changes a result.

use std::ops::Range;

use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

use crate::Mask;
use crate::lanes::{exp, largest, sum_of};
use crate::product::{Former, Matrix, MatrixMut, Workers};

/// The geometry of an attention: queries `[B, T, q]`, keys and values `[B, S, q]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Heads {
    /// T, queries of a sentence.
    pub queries: usize,
    /// S, keys of a sentence: those of every source one after another, equally long with their padding.
    pub keys: usize,
    /// q, channels.
    pub width: usize,
    /// H; divides the channels.
    pub heads: usize,
    /// Real keys of each sentence in every source, at least one.
    pub lengths: Vec<usize>,
    /// How many sources the keys come from; divides S.
    pub sources: usize,
    /// Which of the keys before and after it a query sees.
    pub order: Order,
    /// What is dropped of the weights `[B, H, T, S]`.
    pub dropout: Option<Mask>,
}

/// Which of the keys before and after it a query sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Every key.
    Free,
    /// The keys up to its own; the last query's is the last key.
    Causal,
}

/// Returns the attended values, `[B, T, q]`.
///
/// # Panics
/// If a slice's length is not that of the geometry.
pub fn forward(heads: &Heads, query: &[f32], key: &[f32], value: &[f32]) -> Vec<f32> {
    let [of_queries, of_keys] = heads.check(query.len(), key.len(), value.len());
    let mut output = vec![0.0; query.len()];
    let sentences = output.par_chunks_mut(of_queries).zip(query.par_chunks(of_queries));
    let sentences = sentences.zip(key.par_chunks(of_keys).zip(value.par_chunks(of_keys)));
    sentences.enumerate().for_each_init(Vec::new, |weights, (sentence, ((output, query), (key, value)))| {
        weights.resize(heads.queries * heads.keys, 0.0);
        for head in 0..heads.heads {
            let place = (sentence, head);
            heads.weigh(place, query, key, weights);
            heads.drop(place, weights);
            let weights = heads.square(weights);
            heads.part_mut(output, head).multiply(
                weights,
                heads.keys_of(value, head),
                1.0,
                Former::Replaced,
                Workers::Caller,
            );
        }
    });
    output
}

/// Returns the gradients of query, key and value.
///
/// # Panics
/// If a slice's length is not that of the geometry.
pub fn backward(heads: &Heads, [query, key, value]: [&[f32]; 3], upstream: &[f32]) -> [Vec<f32>; 3] {
    let [of_queries, of_keys] = heads.check(query.len(), key.len(), value.len());
    assert_eq!(upstream.len(), query.len(), "upstream gradients of {heads:?}");
    let mut gradients = [query.len(), key.len(), value.len()].map(|length| vec![0.0; length]);
    let [of_query, of_key, of_value] = &mut gradients;
    let outputs = of_query.par_chunks_mut(of_queries);
    let outputs = outputs.zip(of_key.par_chunks_mut(of_keys).zip(of_value.par_chunks_mut(of_keys)));
    let inputs = query.par_chunks(of_queries).zip(upstream.par_chunks(of_queries));
    let inputs = inputs.zip(key.par_chunks(of_keys).zip(value.par_chunks(of_keys)));
    outputs.zip(inputs).enumerate().for_each_init(
        <[Vec<f32>; 2]>::default,
        |scratch, (sentence, (outputs, inputs))| {
            let ((of_query, (of_key, of_value)), ((query, upstream), (key, value))) = (outputs, inputs);
            let sentence = Sentence { at: sentence, query, key, value, upstream };
            for head in 0..heads.heads {
                heads.back(head, &sentence, scratch, [of_query, of_key, of_value]);
            }
        },
    );
    gradients
}

/// What one sentence brings to the backward pass.
struct Sentence<'a> {
    at: usize,
    query: &'a [f32],
    key: &'a [f32],
    value: &'a [f32],
    upstream: &'a [f32],
}

impl Heads {
    /// Returns the values of one sentence's queries and of its keys.
    fn check(&self, query: usize, key: usize, value: usize) -> [usize; 2] {
        let batch = self.lengths.len();
        let [of_queries, of_keys] = [self.queries * self.width, self.keys * self.width];
        assert!(self.heads > 0 && self.width.is_multiple_of(self.heads), "{self:?}: the heads divide the channels");
        assert!(self.sources > 0 && self.keys.is_multiple_of(self.sources), "{self:?}: the sources divide the keys");
        assert_eq!([query, key, value], [batch * of_queries, batch * of_keys, batch * of_keys], "values of {self:?}");
        [of_queries.max(1), of_keys.max(1)]
    }

    fn head(&self) -> usize {
        self.width / self.heads
    }

    fn scale(&self) -> f32 {
        (self.head() as f32).powf(-0.5)
    }

    /// Returns one head of a sentence's queries.
    fn queries_of<'a>(&self, sentence: &'a [f32], head: usize) -> Matrix<'a> {
        Matrix::new(&sentence[head * self.head()..], [self.queries, self.head()], [self.width, 1])
    }

    /// Returns one head of a sentence's keys or values.
    fn keys_of<'a>(&self, sentence: &'a [f32], head: usize) -> Matrix<'a> {
        Matrix::new(&sentence[head * self.head()..], [self.keys, self.head()], [self.width, 1])
    }

    /// Returns one head of a sentence to write to.
    fn part_mut<'a>(&self, sentence: &'a mut [f32], head: usize) -> MatrixMut<'a> {
        let rows = sentence.len() / self.width;
        MatrixMut::new(&mut sentence[head * self.head()..], [rows, self.head()], self.width)
    }

    /// Returns a matrix of a query's row for every key.
    fn square<'a>(&self, values: &'a [f32]) -> Matrix<'a> {
        Matrix::dense(values, self.queries, self.keys)
    }

    /// Writes the softmax of the scores, `[T, S]`.
    fn weigh(&self, (sentence, head): (usize, usize), query: &[f32], key: &[f32], weights: &mut [f32]) {
        let (queries, keys) = (self.queries_of(query, head), self.keys_of(key, head).turned());
        let mut scores = MatrixMut::new(weights, [self.queries, self.keys], self.keys);
        scores.multiply(queries, keys, self.scale(), Former::Replaced, Workers::Caller);
        let arch = Arch::new();
        for (query, row) in weights.chunks_exact_mut(self.keys).enumerate() {
            arch.dispatch(Softmax { row, seen: self.seen(sentence, query), stride: self.keys / self.sources });
        }
    }

    /// Returns the keys of the first source that a query sees.
    fn seen(&self, sentence: usize, query: usize) -> Range<usize> {
        let past = match self.order {
            Order::Free => self.keys,
            Order::Causal => (query + 1 + self.keys).saturating_sub(self.queries),
        };
        0..self.lengths[sentence].min(past).min(self.keys / self.sources)
    }

    /// Multiplies weights of a head, or their gradients, by what is dropped.
    fn drop(&self, (sentence, head): (usize, usize), weights: &mut [f32]) {
        let Some(mask) = self.dropout else { return };
        let first = (sentence * self.heads + head) * weights.len();
        Arch::new().dispatch(Drop { mask, first, weights });
    }

    /// With W the weights and D what is dropped: dV = (W D)ᵀ G, dW = (G Vᵀ) D, dS = W (dW − Σ_S W dW),
    /// dQ = dS K / √(q / H), dK = dSᵀ Q / √(q / H).
    fn back(&self, head: usize, sentence: &Sentence<'_>, scratch: &mut [Vec<f32>; 2], gradients: [&mut [f32]; 3]) {
        let [weights, slopes] = scratch;
        let ([of_query, of_key, of_value], place) = (gradients, (sentence.at, head));
        weights.resize(self.queries * self.keys, 0.0);
        self.weigh(place, sentence.query, sentence.key, weights);
        slopes.clone_from(weights);
        self.drop(place, slopes);
        let (once, caller) = (Former::Replaced, Workers::Caller);
        let upstream = self.queries_of(sentence.upstream, head);
        self.part_mut(of_value, head).multiply(self.square(slopes).turned(), upstream, 1.0, once, caller);
        let values = self.keys_of(sentence.value, head).turned();
        MatrixMut::new(slopes, [self.queries, self.keys], self.keys).multiply(upstream, values, 1.0, once, caller);
        self.drop(place, slopes);
        Arch::new().dispatch(Slopes { weights, slopes, keys: self.keys });
        let (query, key) = (self.queries_of(sentence.query, head), self.keys_of(sentence.key, head));
        let slopes = self.square(slopes);
        self.part_mut(of_query, head).multiply(slopes, key, self.scale(), once, caller);
        self.part_mut(of_key, head).multiply(slopes.turned(), query, self.scale(), once, caller);
    }
}

/// Turns scores into weights: those of the keys that are seen, in each source, and 0 for the others.
struct Softmax<'a> {
    row: &'a mut [f32],
    seen: Range<usize>,
    /// Keys of a source.
    stride: usize,
}

impl NullaryFnOnce for Softmax<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { row, seen, stride } = self;
        let most =
            row.chunks_exact(stride).fold(f32::NEG_INFINITY, |most, keys| most.max(largest(&keys[seen.clone()])));
        let mut sum = 0.0;
        for keys in row.chunks_exact_mut(stride) {
            keys[seen.clone()].iter_mut().for_each(|score| *score = exp(*score - most));
            keys[..seen.start].fill(0.0);
            keys[seen.end..].fill(0.0);
            sum += sum_of(&keys[seen.clone()], |weight| weight);
        }
        let inverse = if sum > 0.0 { 1.0 / sum } else { 0.0 };
        row.iter_mut().for_each(|weight| *weight *= inverse);
    }
}

struct Drop<'a> {
    mask: Mask,
    first: usize,
    weights: &'a mut [f32],
}

impl NullaryFnOnce for Drop<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { mask, first, weights } = self;
        weights.iter_mut().enumerate().for_each(|(at, weight)| *weight *= mask.factor(first + at));
    }
}

/// Turns the gradients of weights into those of scores.
struct Slopes<'a> {
    weights: &'a [f32],
    slopes: &'a mut [f32],
    keys: usize,
}

impl NullaryFnOnce for Slopes<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { weights, slopes, keys } = self;
        for (slopes, weights) in slopes.chunks_exact_mut(keys).zip(weights.chunks_exact(keys)) {
            slopes.iter_mut().zip(weights).for_each(|(slope, weight)| *slope *= weight);
            let total = sum_of(slopes, |slope| slope);
            slopes.iter_mut().zip(weights).for_each(|(slope, weight)| *slope -= weight * total);
        }
    }
}

#[cfg(test)]
mod tests;
