use proptest::prelude::*;

use super::*;
use crate::samples::{values, with_threads};

/// Returns the attended values in double precision, one weight after the other.
fn reference(heads: &Heads, query: &[f64], key: &[f64], value: &[f64]) -> Vec<f64> {
    let Heads { queries, keys, width, .. } = *heads;
    let mut output = vec![0.0; query.len()];
    for sentence in 0..heads.lengths.len() {
        for head in 0..heads.heads {
            for at in 0..queries {
                let channels = head * heads.head()..(head + 1) * heads.head();
                let score = |to: usize| -> f64 {
                    let product = |c: usize| {
                        query[(sentence * queries + at) * width + c] * key[(sentence * keys + to) * width + c]
                    };
                    channels.clone().map(product).sum::<f64>() / (heads.head() as f64).sqrt()
                };
                let is_seen = |to: &usize| {
                    let is_past = heads.order == Order::Free || to + queries <= at + keys;
                    to % (keys / heads.sources) < heads.lengths[sentence] && is_past
                };
                let seen: Vec<usize> = (0..keys).filter(is_seen).collect();
                let total: f64 = seen.iter().map(|&to| score(to).exp()).sum();
                for &to in &seen {
                    let place = ((sentence * heads.heads + head) * queries + at) * keys + to;
                    let factor = heads.dropout.map_or(1.0, |mask| f64::from(mask.factor(place)));
                    let weight = score(to).exp() / total * factor;
                    for c in channels.clone() {
                        output[(sentence * queries + at) * width + c] +=
                            weight * value[(sentence * keys + to) * width + c];
                    }
                }
            }
        }
    }
    output
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

/// Causal attentions have one source, and no fewer keys than queries.
fn attentions() -> impl Strategy<Value = Heads> {
    let lengths = prop::collection::vec(1..6_usize, 1..4);
    ((1..7_usize, 1..4_usize, 0..3_usize), (1..4_usize, 1..9_usize), lengths, any::<bool>(), any::<bool>()).prop_map(
        |((queries, sources, more), (heads, head), lengths, is_causal, drops)| {
            let longest = lengths.iter().max().copied().unwrap_or(1);
            let dropout = drops.then(|| Mask::new(0.3, 9));
            let (sources, order) = if is_causal { (1, Order::Causal) } else { (sources, Order::Free) };
            let keys = if is_causal { (longest + more).max(queries) } else { (longest + more) * sources };
            Heads { queries, keys, width: heads * head, heads, lengths, sources, order, dropout }
        },
    )
}

/// Returns query, key, value and upstream gradient.
fn numbers(heads: &Heads) -> [Vec<f32>; 4] {
    let batch = heads.lengths.len();
    let [of_queries, of_keys] = [heads.queries, heads.keys].map(|length| batch * length * heads.width);
    [values(of_queries, 1), values(of_keys, 2), values(of_keys, 3), values(of_queries, 4)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn attended_values_are_those_of_the_plain_loop(heads in attentions()) {
        let [query, key, value, _] = numbers(&heads);
        let wanted = reference(&heads, &wide(&query), &wide(&key), &wide(&value));
        for (found, wanted) in forward(&heads, &query, &key, &value).iter().zip(wanted) {
            // Single-precision means of values of magnitude 2, divided by the share that stays.
            prop_assert!((f64::from(*found) - wanted).abs() < 1e-5, "{found} for {wanted}");
        }
    }

    #[test]
    fn gradients_are_finite_differences(heads in attentions()) {
        let [query, key, value, upstream] = numbers(&heads);
        let found = backward(&heads, [&query, &key, &value], &upstream);
        let parts = [query, key, value].map(|values| wide(&values));
        let loss = |parts: &[Vec<f64>; 3]| -> f64 {
            let output = reference(&heads, &parts[0], &parts[1], &parts[2]);
            output.iter().zip(&upstream).map(|(y, g)| y * f64::from(*g)).sum()
        };
        for (of, found) in found.iter().enumerate() {
            for at in [0, found.len() / 3, found.len() / 2, found.len() - 1] {
                let moved = |step: f64| {
                    let mut parts = parts.clone();
                    parts[of][at] += step;
                    loss(&parts)
                };
                let wanted = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                prop_assert!((f64::from(found[at]) - wanted).abs() < 1e-4, "{} for {wanted} of part {of}", found[at]);
            }
        }
    }
}

#[test]
fn a_token_to_come_changes_nothing_before_it() {
    let heads = Heads {
        queries: 5,
        keys: 5,
        width: 4,
        heads: 2,
        lengths: vec![5],
        sources: 1,
        order: Order::Causal,
        dropout: None,
    };
    let [query, mut key, mut value, _] = numbers(&heads);
    let before = forward(&heads, &query, &key, &value);
    key[4 * 4..].fill(7.0);
    value[4 * 4..].fill(-7.0);
    let after = forward(&heads, &query, &key, &value);
    assert_eq!(before[..16], after[..16]);
    assert_ne!(before[16..], after[16..]);
}

#[test]
fn threads_do_not_change_a_bit() {
    let heads = Heads {
        queries: 7,
        keys: 18,
        width: 32,
        heads: 4,
        lengths: vec![9, 4, 1, 8, 9],
        sources: 2,
        order: Order::Free,
        dropout: Some(Mask::new(0.1, 3)),
    };
    let [query, key, value, upstream] = numbers(&heads);
    let [one, three] =
        with_threads(|| (forward(&heads, &query, &key, &value), backward(&heads, [&query, &key, &value], &upstream)));
    assert_eq!(one, three);
}
