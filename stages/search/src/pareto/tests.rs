use proptest::prelude::*;

use super::*;
use crate::toy::candidate;

const COST: [&str; 1] = ["cost"];
const COSTS: [&str; 2] = ["cost", "second"];

fn beats(one: &Candidate, other: &Candidate) -> bool {
    let costs = COSTS.iter().filter(|cost| one.costs.contains_key(**cost));
    let pairs: Vec<(f64, f64)> = costs.map(|&cost| (one.costs[cost], other.costs[cost])).collect();
    one.score >= other.score
        && pairs.iter().all(|(cost, other)| cost <= other)
        && (one.score > other.score || pairs.iter().any(|(cost, other)| cost < other))
}

fn candidates(points: &[(i32, i32)]) -> Vec<Candidate> {
    let numbered = points.iter().enumerate();
    numbered.map(|(index, &(score, cost))| candidate(index, score.into(), cost.into())).collect()
}

fn with_second(points: &[(i32, i32, i32)]) -> Vec<Candidate> {
    let firsts: Vec<(i32, i32)> = points.iter().map(|&(score, cost, _)| (score, cost)).collect();
    let mut candidates = candidates(&firsts);
    for (candidate, &(_, _, second)) in candidates.iter_mut().zip(points) {
        candidate.costs.insert("second".to_owned(), second.into());
    }
    candidates
}

fn order(front: Vec<&Candidate>) -> Vec<usize> {
    front.into_iter().map(|candidate| candidate.index).collect()
}

fn unbeaten(candidates: &[Candidate]) -> Vec<usize> {
    let unbeaten = candidates.iter().filter(|one| !candidates.iter().any(|other| beats(other, one)));
    unbeaten.map(|kept| kept.index).collect()
}

#[test]
fn equal_candidates_stand_side_by_side_and_beaten_ones_are_left_out() {
    let candidates = candidates(&[(3, 5), (2, 5), (3, 5), (1, 1), (3, 9), (4, 10)]);
    assert_eq!(order(front(&candidates, &COST).unwrap()), [3, 0, 2, 5]);
}

#[test]
fn a_second_cost_keeps_what_the_first_alone_leaves_out() {
    let candidates = with_second(&[(3, 5, 5), (2, 5, 4), (3, 6, 4), (3, 6, 6), (1, 1, 9)]);
    assert_eq!(order(front(&candidates, &COST).unwrap()), [4, 0]);
    assert_eq!(order(front(&candidates, &COSTS).unwrap()), [4, 0, 1, 2]);
    assert_eq!(order(front(&candidates, &[]).unwrap()), [0, 2, 3]);
}

#[test]
fn a_cost_nobody_measured_is_an_error_that_lists_the_others() {
    let error = front(&candidates(&[(1, 1)]), &["cost", "energy_mj"]).unwrap_err();
    assert_eq!(error.to_string(), "candidate 0 has no cost `energy_mj`, it has `cost`; add a budget for it");
}

proptest! {
    #[test]
    fn the_front_is_exactly_what_no_other_candidate_beats(
        points in prop::collection::vec((-4..4_i32, -4..4_i32), 0..40)
    ) {
        let candidates = candidates(&points);
        let mut found = order(front(&candidates, &COST).unwrap());
        found.sort_unstable();
        prop_assert_eq!(found, unbeaten(&candidates));
    }

    #[test]
    fn the_front_over_two_costs_is_exactly_what_no_other_candidate_beats(
        points in prop::collection::vec((-4..4_i32, -4..4_i32, -4..4_i32), 0..40)
    ) {
        let candidates = with_second(&points);
        let mut found = order(front(&candidates, &COSTS).unwrap());
        found.sort_unstable();
        prop_assert_eq!(found, unbeaten(&candidates));
    }

    #[test]
    fn score_and_cost_never_fall_along_the_front(
        points in prop::collection::vec((-99..99_i32, -99..99_i32), 0..40)
    ) {
        let candidates = candidates(&points);
        for pair in front(&candidates, &COST).unwrap().windows(2) {
            prop_assert!(pair[0].score <= pair[1].score && pair[0].costs["cost"] <= pair[1].costs["cost"]);
        }
    }
}
