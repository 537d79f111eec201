use crate::Candidate;

/// A candidate has no cost of the wanted name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("candidate {candidate} has no cost `{wanted}`, it has {}; add a budget for it", listed(.found))]
pub struct UnknownCost {
    /// [`Candidate::index`].
    pub candidate: usize,
    /// Cost that was wanted.
    pub wanted: String,
    /// Costs that the candidate has.
    pub found: Vec<String>,
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Returns the candidates that no other beats in score and cost, cheapest first.
///
/// One beats another if it is no worse in both and better in one; candidates equal in both stand side by side.
///
/// # Errors
/// If a candidate has no cost of that name.
pub fn front<'a>(candidates: &'a [Candidate], cost: &str) -> Result<Vec<&'a Candidate>, UnknownCost> {
    let mut points = candidates.iter().map(|candidate| point(candidate, cost)).collect::<Result<Vec<_>, _>>()?;
    points.sort_by(|(left_cost, left), (right_cost, right)| {
        let by_score = right.score.total_cmp(&left.score);
        left_cost.total_cmp(right_cost).then(by_score).then(left.index.cmp(&right.index))
    });
    let mut front: Vec<(f64, &Candidate)> = Vec::new();
    for (cost, candidate) in points {
        let beaten = front.last().is_some_and(|&(last_cost, last)| {
            last.score > candidate.score || (last.score == candidate.score && last_cost < cost)
        });
        if !beaten {
            front.push((cost, candidate));
        }
    }
    Ok(front.into_iter().map(|(_, candidate)| candidate).collect())
}

fn point<'a>(candidate: &'a Candidate, cost: &str) -> Result<(f64, &'a Candidate), UnknownCost> {
    match candidate.costs.get(cost) {
        Some(&found) => Ok((found, candidate)),
        None => Err(UnknownCost {
            candidate: candidate.index,
            wanted: cost.to_owned(),
            found: candidate.costs.keys().cloned().collect(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::toy::candidate;

    fn beats(one: &Candidate, other: &Candidate) -> bool {
        let (cost, other_cost) = (one.costs["cost"], other.costs["cost"]);
        one.score >= other.score && cost <= other_cost && (one.score > other.score || cost < other_cost)
    }

    fn candidates(points: &[(i32, i32)]) -> Vec<Candidate> {
        let numbered = points.iter().enumerate();
        numbered.map(|(index, &(score, cost))| candidate(index, score.into(), cost.into())).collect()
    }

    #[test]
    fn equal_candidates_stand_side_by_side_and_beaten_ones_are_left_out() {
        let candidates = candidates(&[(3, 5), (2, 5), (3, 5), (1, 1), (3, 9), (4, 10)]);
        let order: Vec<usize> = front(&candidates, "cost").unwrap().iter().map(|found| found.index).collect();
        assert_eq!(order, [3, 0, 2, 5]);
    }

    #[test]
    fn a_cost_nobody_measured_is_an_error_that_lists_the_others() {
        let error = front(&candidates(&[(1, 1)]), "energy_mj").unwrap_err();
        assert_eq!(error.to_string(), "candidate 0 has no cost `energy_mj`, it has `cost`; add a budget for it");
    }

    proptest! {
        #[test]
        fn the_front_is_exactly_what_no_other_candidate_beats(
            points in prop::collection::vec((-4..4_i32, -4..4_i32), 0..40)
        ) {
            let candidates = candidates(&points);
            let mut found: Vec<usize> = front(&candidates, "cost").unwrap().iter().map(|kept| kept.index).collect();
            found.sort_unstable();
            let unbeaten = candidates.iter().filter(|one| !candidates.iter().any(|other| beats(other, one)));
            prop_assert_eq!(found, unbeaten.map(|kept| kept.index).collect::<Vec<_>>());
        }

        #[test]
        fn score_and_cost_never_fall_along_the_front(
            points in prop::collection::vec((-99..99_i32, -99..99_i32), 0..40)
        ) {
            let candidates = candidates(&points);
            for pair in front(&candidates, "cost").unwrap().windows(2) {
                prop_assert!(pair[0].score <= pair[1].score && pair[0].costs["cost"] <= pair[1].costs["cost"]);
            }
        }
    }
}
