use spaces::Genome;

use crate::proposals::{Proposal, Proposals};
use crate::{Candidate, Evaluator, GenerationSummary, History, Observer, Problem, SearchError};

/// Runs generations until there are `generations` of them, the observer stops or nothing new is found.
///
/// `propose` sees everything evaluated so far and draws the next generation.
pub(crate) fn run<V: Evaluator>(
    problem: &Problem<'_>,
    generations: usize,
    resume: Option<History>,
    evaluator: &mut V,
    observer: Observer<'_>,
    propose: impl Fn(&History, &mut Proposals<'_>),
) -> Result<History, SearchError<V::Error>> {
    let mut history = started(problem.seed, resume)?;
    while history.generations.len() < generations && !history.exhausted() {
        let mut proposals = Proposals::new(problem, &history);
        propose(&history, &mut proposals);
        if proposals.accepted.is_empty() && history.candidates.is_empty() {
            return Err(proposals.infeasible());
        }
        evaluate(proposals, &mut history, evaluator)?;
        if observer(&history).is_break() {
            break;
        }
    }
    Ok(history)
}

fn started<E: std::error::Error>(seed: u64, resume: Option<History>) -> Result<History, SearchError<E>> {
    let history = resume.unwrap_or(History::new(seed));
    if history.seed != seed {
        return Err(SearchError::ResumeSeed { wanted: seed, found: history.seed });
    }
    let wanted = history.generations.iter().map(|generation| generation.evaluated).sum();
    if history.candidates.len() != wanted {
        return Err(SearchError::ResumeCandidates { wanted, found: history.candidates.len() });
    }
    Ok(history)
}

fn evaluate<V: Evaluator>(
    proposals: Proposals<'_>,
    history: &mut History,
    evaluator: &mut V,
) -> Result<(), SearchError<V::Error>> {
    let Proposals { generation, accepted, rejections, .. } = proposals;
    let genomes: Vec<Genome> = accepted.iter().map(|proposal| proposal.genome.clone()).collect();
    let scores = scores(generation, &genomes, evaluator)?;
    history.generations.push(GenerationSummary { evaluated: genomes.len(), rejections });
    for (proposal, score) in accepted.into_iter().zip(scores) {
        let Proposal { genome, costs, origin } = proposal;
        let index = history.candidates.len();
        history.candidates.push(Candidate { genome, score, costs, generation, index, origin });
    }
    Ok(())
}

fn scores<V: Evaluator>(
    generation: usize,
    genomes: &[Genome],
    evaluator: &mut V,
) -> Result<Vec<f64>, SearchError<V::Error>> {
    if genomes.is_empty() {
        return Ok(Vec::new());
    }
    let evaluations =
        evaluator.evaluate(generation, genomes).map_err(|source| SearchError::Evaluator { generation, source })?;
    let (wanted, found) = (genomes.len(), evaluations.len());
    if wanted != found {
        return Err(SearchError::EvaluationCount { generation, wanted, found });
    }
    let scores: Vec<f64> = evaluations.into_iter().map(|evaluation| evaluation.score).collect();
    match scores.iter().position(|score| !score.is_finite()) {
        Some(candidate) => Err(SearchError::Score { generation, candidate, score: scores[candidate] }),
        None => Ok(scores),
    }
}
