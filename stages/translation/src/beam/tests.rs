use std::convert::Infallible;

use proptest::prelude::*;

use super::*;
use crate::special::{BEGIN, PAD};

/// A model that knows each row by its sentence and its tokens, as told by the parents.
struct Toy<F> {
    log_probabilities: F,
    rows: Vec<(usize, Vec<u32>)>,
    counts: Vec<usize>,
}

impl<F: Fn(usize, &[u32]) -> Vec<f32>> Toy<F> {
    fn new(log_probabilities: F) -> Self {
        Self { log_probabilities, rows: Vec::new(), counts: Vec::new() }
    }
}

impl<F: Fn(usize, &[u32]) -> Vec<f32>> StepModel for Toy<F> {
    type Error = Infallible;

    fn step(&mut self, tokens: &[u32], parents: &[usize]) -> Result<Vec<f32>, Infallible> {
        self.rows = if self.counts.is_empty() {
            assert!(tokens.iter().all(|&token| token == END), "a decoder reads the end of sentence first");
            parents.iter().map(|&sentence| (sentence, Vec::new())).collect()
        } else {
            let child = |(&token, &parent): (&u32, &usize)| {
                let (sentence, mut prefix) = self.rows[parent].clone();
                prefix.push(token);
                (sentence, prefix)
            };
            tokens.iter().zip(parents).map(child).collect()
        };
        self.counts.push(tokens.len());
        Ok(self.rows.iter().flat_map(|(sentence, prefix)| (self.log_probabilities)(*sentence, prefix)).collect())
    }
}

fn search<F: Fn(usize, &[u32]) -> Vec<f32>>(
    model: F,
    sentences: usize,
    settings: &BeamSettings,
) -> Vec<Vec<Hypothesis>> {
    let Ok(found) = beam_search(&mut Toy::new(model), sentences, settings);
    found
}

/// Returns log-probabilities that depend on everything; quarters, so that sums are exact and ties are common.
fn scattered(seed: u64, sentence: usize, prefix: &[u32], vocabulary: usize) -> Vec<f32> {
    let mut state = seed ^ 0x9e37_79b9_7f4a_7c15;
    for part in prefix.iter().map(|&token| u64::from(token)).chain([sentence as u64, 77]) {
        state = (state ^ part).wrapping_mul(0x2545_f491_4f6c_dd1d).rotate_left(29);
    }
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        match (state >> 40) % 24 {
            23 => f32::NEG_INFINITY,
            quarters => -(quarters as f32) / 4.0,
        }
    };
    (0..vocabulary).map(|_| next()).collect()
}

/// Returns all possible translations of a sentence, best first.
fn exhaustive(model: impl Fn(&[u32]) -> Vec<f32>, settings: &BeamSettings) -> Vec<Hypothesis> {
    let mut prefixes = vec![(Vec::new(), 0.0f32)];
    let mut finished = Vec::new();
    for length in 1..=settings.most_length {
        let mut longer = Vec::new();
        for (tokens, before) in prefixes {
            let next = model(&tokens);
            if length > settings.least_length || length == settings.most_length {
                let log_probability = before + next[END as usize];
                let score = log_probability / (length as f32).powf(settings.length_penalty);
                finished.push(Hypothesis { tokens: tokens.clone(), log_probability, score });
            }
            for (token, value) in (0u32..).zip(&next).filter(|&(token, _)| token >= UNKNOWN) {
                longer.push(([&tokens[..], &[token]].concat(), before + value));
            }
        }
        prefixes = longer;
    }
    finished.retain(|hypothesis| hypothesis.score > f32::NEG_INFINITY);
    finished.sort_by(|a, b| b.score.total_cmp(&a.score));
    finished
}

/// Beam search of one sentence as it is told: every continuation is written down and sorted.
fn plain(model: impl Fn(&[u32]) -> Vec<f32>, settings: &BeamSettings) -> Vec<Hypothesis> {
    let mut live: Vec<(Vec<u32>, f32)> = vec![(Vec::new(), 0.0)];
    let mut finished: Vec<Hypothesis> = Vec::new();
    for length in 1..=settings.most_length {
        let mut continuations = Vec::new();
        for (row, (tokens, before)) in live.iter().enumerate() {
            for (token, value) in (0u32..).zip(model(tokens)) {
                let last = length == settings.most_length;
                let early = length <= settings.least_length;
                let forbidden =
                    [BEGIN, PAD].contains(&token) || (last && token != END) || (!last && early && token == END);
                if !forbidden {
                    continuations.push((before + value, row, token));
                }
            }
        }
        continuations.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
        continuations.truncate(2 * settings.beam);
        let possible = continuations.iter().filter(|continuation| continuation.0 > f32::NEG_INFINITY).count();
        if possible > 0 || !finished.is_empty() {
            continuations.truncate(possible);
        }
        let ended = continuations.iter().take(settings.beam).filter(|&&(_, _, token)| token == END);
        for &(log_probability, row, _) in ended {
            let score = log_probability / (length as f32).powf(settings.length_penalty);
            finished.push(Hypothesis { tokens: live[row].0.clone(), log_probability, score });
        }
        if finished.len() >= settings.beam {
            break;
        }
        let going = continuations.iter().filter(|&&(_, _, token)| token != END).take(settings.beam);
        live = going.map(|&(total, row, token)| ([&live[row].0[..], &[token]].concat(), total)).collect();
    }
    finished.truncate(settings.beam);
    finished.sort_by(|a, b| b.score.total_cmp(&a.score));
    finished.truncate(settings.best);
    finished
}

/// Probabilities of the next of 6 tokens, by the last: 3 leads to 4 or the end, 4 to 5 or the end, 5 to itself.
fn chain(last: u32) -> Vec<f32> {
    let probabilities: [f32; 6] = match last {
        3 => [0.3, 0.3, 0.1, 0.0, 0.3, 0.0],
        4 => [0.0, 0.0, 0.4, 0.1, 0.0, 0.5],
        5 => [0.0, 0.0, 0.2, 0.0, 0.0, 0.8],
        _ => [0.2, 0.2, 0.3, 0.2, 0.1, 0.0],
    };
    probabilities.iter().map(|probability| probability.ln()).collect()
}

fn last(prefix: &[u32]) -> u32 {
    prefix.last().copied().unwrap_or(END)
}

#[test]
fn a_beam_of_everything_finds_every_translation_in_order() {
    let settings = BeamSettings { beam: 64, best: 64, most_length: 4, ..BeamSettings::default() };
    for seed in 0..50 {
        let found = search(|sentence, prefix| scattered(seed, sentence, prefix, 6), 1, &settings).remove(0);
        let wanted = exhaustive(|prefix| scattered(seed, 0, prefix, 6), &settings);
        let scores = |list: &[Hypothesis]| list.iter().map(|hypothesis| hypothesis.score).collect::<Vec<_>>();
        assert_eq!(scores(&found), scores(&wanted), "seed {seed}");
        if wanted[0].score > wanted[1].score {
            assert_eq!(found[0], wanted[0], "seed {seed}");
        }
    }
}

/// Greedy takes 3 (0.2), 4 (0.3), 5 (0.5), 5 (0.8), then has to end (0.2); 4 and the end is likelier (0.1 x 0.4).
#[test]
fn a_beam_of_one_follows_the_likeliest_token_and_a_wider_one_finds_better() {
    let greedy = BeamSettings { beam: 1, most_length: 5, ..BeamSettings::default() };
    let found = search(|_, prefix| chain(last(prefix)), 1, &greedy).remove(0);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].tokens, [3, 4, 5, 5]);
    let sum = [0.2f32, 0.3, 0.5, 0.8, 0.2].iter().map(|probability| probability.ln()).sum::<f32>();
    // Five roundings of a sum near 5.
    assert!((found[0].log_probability - sum).abs() < 5e-6);
    assert!((found[0].score - sum / 5f32.powf(0.6)).abs() < 5e-6);

    let wide = BeamSettings { beam: 4, length_penalty: 0.0, ..greedy };
    assert_eq!(search(|_, prefix| chain(last(prefix)), 1, &wide)[0][0].tokens, [4]);
}

#[test]
fn a_penalty_of_length_prefers_the_longer_translation() {
    let with = |length_penalty| BeamSettings { length_penalty, most_length: 12, ..BeamSettings::default() };
    let tokens = |settings| search(|_, prefix| chain(last(prefix)), 1, &settings)[0][0].tokens.len();
    assert_eq!(tokens(with(0.0)), 1);
    assert!(tokens(with(3.0)) > 1);
}

#[test]
fn an_end_below_the_best_beam_finishes_nothing() {
    let model = |_: usize, prefix: &[u32]| match prefix {
        [] => [-9.0, -9.0, -9.0, -1.0, -2.0].to_vec(),
        [3] => [-9.0, -9.0, -3.0, -0.5, -1.0].to_vec(),
        _ => [-9.0, -9.0, 0.0, -8.0, -8.0].to_vec(),
    };
    let settings = BeamSettings { beam: 2, best: 2, ..BeamSettings::default() };
    let found = search(model, 1, &settings).remove(0);
    // After one token the order is 3 3 (-1.5), 3 4 and 4 END (-2, the better row first), 3 END (-4).
    assert_eq!(found.iter().map(|hypothesis| &hypothesis.tokens[..]).collect::<Vec<_>>(), [[3, 3], [3, 4]]);
}

#[test]
fn lengths_are_kept_and_the_last_token_is_forced() {
    let eager = |_: usize, _: &[u32]| vec![0.0, 0.0, -0.1, -3.0, -4.0];
    let never = |_: usize, _: &[u32]| vec![0.0, 0.0, f32::NEG_INFINITY, -0.1, -4.0];
    for beam in [1, 3] {
        let settings = BeamSettings { beam, best: beam, least_length: 3, most_length: 5, ..BeamSettings::default() };
        let found = search(eager, 1, &settings).remove(0);
        assert!(found.iter().all(|hypothesis| (3..5).contains(&hypothesis.tokens.len())), "{found:?}");
        assert_eq!(found[0].tokens, [3, 3, 3]);
        let found = search(never, 1, &settings).remove(0);
        assert_eq!(found[0].tokens, [3, 3, 3, 3]);
        assert_eq!(found[0].score, f32::NEG_INFINITY);
    }
    let empty = BeamSettings { least_length: 0, beam: 1, ..BeamSettings::default() };
    assert_eq!(search(eager, 1, &empty)[0][0].tokens, [0u32; 0]);
}

#[test]
fn finished_sentences_leave_the_batch() {
    let model = |sentence: usize, prefix: &[u32]| {
        let end = if prefix.len() > sentence { 0.0 } else { -50.0 };
        vec![0.0, 0.0, end, -4.0, -5.0, -6.0]
    };
    let mut toy = Toy::new(model);
    let settings = BeamSettings { beam: 2, ..BeamSettings::default() };
    let Ok(found) = beam_search(&mut toy, 3, &settings);
    assert_eq!(found.iter().map(|best| best[0].tokens.len()).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(toy.counts, [3, 6, 4, 2]);
}

#[test]
fn no_sentence_takes_no_step() {
    let mut toy = Toy::new(|_, _| Vec::new());
    assert_eq!(beam_search(&mut toy, 0, &BeamSettings::default()), Ok(Vec::new()));
    assert!(toy.counts.is_empty());
}

#[test]
fn numbers_that_are_none_count_as_impossible() {
    let broken = |_: usize, _: &[u32]| vec![f32::NAN; 7];
    let settings = BeamSettings { most_length: 6, ..BeamSettings::default() };
    let found = search(broken, 2, &settings);
    assert!(found.iter().all(|best| best.len() == 1 && best[0].log_probability == f32::NEG_INFINITY));
    let half = |_: usize, prefix: &[u32]| match prefix.len() {
        3 => vec![f32::NAN, f32::NAN, -1.0, f32::NAN, f32::NAN],
        _ => vec![f32::NAN, f32::NAN, f32::NAN, f32::NAN, -1.0],
    };
    assert_eq!(search(half, 1, &settings)[0][0].tokens, [4, 4, 4]);
}

#[test]
fn a_beam_beyond_all_memory_keeps_what_there_is() {
    let settings = BeamSettings { beam: usize::MAX, best: usize::MAX, most_length: 3, ..BeamSettings::default() };
    let found = search(|_, _| vec![0.0, 0.0, -1.0, -2.0, -3.0], 1, &settings);
    assert_eq!(found[0].len(), 2 + 4);
}

#[test]
fn an_error_of_the_model_ends_the_search() {
    struct Broken;
    impl StepModel for Broken {
        type Error = &'static str;
        fn step(&mut self, _: &[u32], _: &[usize]) -> Result<Vec<f32>, Self::Error> {
            Err("out of memory")
        }
    }
    assert_eq!(beam_search(&mut Broken, 1, &BeamSettings::default()), Err("out of memory"));
}

fn settings() -> impl Strategy<Value = BeamSettings> {
    let lengths = (0usize..4).prop_flat_map(|least| (Just(least), least + 1..9));
    (1usize..6, lengths, prop::sample::select(vec![0.0f32, 0.6, 1.0, 2.0])).prop_map(
        |(beam, lengths, length_penalty)| BeamSettings {
            beam,
            length_penalty,
            least_length: lengths.0,
            most_length: lengths.1,
            best: beam,
        },
    )
}

proptest! {
    #[test]
    fn a_search_is_the_plain_one(settings in settings(), seed: u64, vocabulary in 4usize..90) {
        let found = search(|sentence, prefix| scattered(seed, sentence, prefix, vocabulary), 1, &settings);
        prop_assert_eq!(&found[0], &plain(|prefix| scattered(seed, 0, prefix, vocabulary), &settings));
    }

    #[test]
    fn a_batch_is_its_sentences_one_by_one(settings in settings(), seed: u64, sentences in 1usize..6) {
        let model = |sentence: usize, prefix: &[u32]| scattered(seed, sentence, prefix, 9);
        let found = search(model, sentences, &settings);
        for (sentence, best) in found.iter().enumerate() {
            prop_assert_eq!(best, &search(|_, prefix| model(sentence, prefix), 1, &settings)[0]);
        }
    }

    #[test]
    fn translations_hold_ordinary_tokens_and_come_best_first(settings in settings(), seed: u64) {
        for best in search(|sentence, prefix| scattered(seed, sentence, prefix, 12), 3, &settings) {
            prop_assert!(!best.is_empty() && best.len() <= settings.best);
            prop_assert!(best.is_sorted_by(|a, b| a.score >= b.score));
            for Hypothesis { tokens, .. } in &best {
                prop_assert!(tokens.iter().all(|&token| token >= UNKNOWN));
                prop_assert!(tokens.len() < settings.most_length);
                prop_assert!(tokens.len() >= settings.least_length);
            }
        }
    }
}
