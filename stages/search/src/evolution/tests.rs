use std::collections::HashSet;
use std::ops::ControlFlow;

use spaces::{
    AttentionForm, CellSet, FeatureMap, HybridCnn, HybridTransformer, LayerRange, Level, Operator, PathWeighting,
    Space, Stem, Task,
};

use super::*;
use crate::toy::{GeneSum, Matches, Toy};
use crate::{Budget, Evaluation, GenerationSummary, RandomSearchSettings, Rejections, random_search};

fn go_on(_: &History) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn evolved(problem: &Problem<'_>, settings: &EvolutionSettings) -> History {
    evolve(problem, settings, None, &mut Matches, &mut go_on).unwrap()
}

fn best(history: &History) -> f64 {
    history.top(1)[0].score
}

#[test]
fn evolution_beats_as_many_random_genomes_at_every_one_of_twenty_seeds() {
    let space = Toy::default();
    let settings = EvolutionSettings::default();
    for seed in 0..20 {
        let problem = Problem { space: &space, budgets: &[], seed };
        let evolution = evolved(&problem, &settings);
        let baseline = RandomSearchSettings::matching(&settings);
        let random = random_search(&problem, &baseline, None, &mut Matches, &mut go_on).unwrap();
        assert_eq!(evolution.candidates.len(), random.candidates.len());
        assert!(best(&evolution) > best(&random), "seed {seed}: {} and {}", best(&evolution), best(&random));
    }
}

#[test]
fn every_candidate_is_new_and_within_every_budget() {
    let space = Toy::default();
    let (macs, params) = (GeneSum { name: "macs", limit: 40.0 }, GeneSum { name: "params", limit: 44.0 });
    let problem = Problem { space: &space, budgets: &[&macs, &params], seed: 3 };
    let settings = EvolutionSettings { generations: 6, ..EvolutionSettings::default() };
    let history = evolved(&problem, &settings);
    assert_eq!(history.candidates.len(), settings.evaluations());
    let genomes: HashSet<&Genome> = history.candidates.iter().map(|candidate| &candidate.genome).collect();
    assert_eq!(genomes.len(), history.candidates.len());
    for candidate in &history.candidates {
        assert!(candidate.costs["macs"] <= 40.0);
        assert_eq!(candidate.costs["macs"], candidate.costs["params"]);
    }
    assert!(history.generations.iter().all(|generation| generation.rejections.over_budget > 0));
    // Generation 0 varies nothing; the toy's crossover gives up one time in eight.
    let outside: Vec<usize> = history.generations.iter().map(|each| each.rejections.outside_space).collect();
    assert_eq!(outside[0], 0);
    assert!(outside.iter().sum::<usize>() > 0);
}

/// Trained scalars of a network, as a real budget would count them.
struct TrainedParameters<'a> {
    space: &'a Space,
    task: Task,
    limit: f64,
}

impl Budget for TrainedParameters<'_> {
    fn cost_name(&self) -> &str {
        "params"
    }

    fn limit(&self) -> f64 {
        self.limit
    }

    fn cost(&self, genome: &Genome) -> f64 {
        self.space.graph(genome, self.task).trained_parameters() as f64
    }
}

fn small_hybrid_cnn() -> Space {
    let level = |channels, operators: &[Operator]| Level {
        channels,
        operators: operators.to_vec(),
        layers: LayerRange { min: 1, max: 4 },
    };
    Space::HybridCnn(HybridCnn {
        stem: Stem { channels: 8, kernel: 3, stride: 1, pool: false },
        layers: 6,
        levels: vec![level(16, &[Operator::Conv, Operator::Shift, Operator::Add]), level(32, &Operator::ALL)],
        bottleneck: 4,
        head_channels: 8,
        attention: AttentionForm::Standard,
        path_weighting: PathWeighting::Subnets,
        cells: CellSet::Reachable,
    })
}

#[test]
fn variation_of_a_hybrid_cnn_stays_in_its_space_and_budget() {
    let space = small_hybrid_cnn();
    let task = Task { input: FeatureMap { channels: 3, height: 16, width: 16 }, classes: 10 };
    let budget = TrainedParameters { space: &space, task, limit: 10_000.0 };
    let problem = Problem { space: &space, budgets: &[&budget], seed: 11 };
    let settings = EvolutionSettings { generations: 5, ..EvolutionSettings::default() };
    let history = evolved(&problem, &settings);
    assert_eq!(history.candidates.len(), settings.evaluations());
    assert!(history.candidates.iter().all(|candidate| space.contains(&candidate.genome).is_ok()));
    assert!(history.candidates.iter().all(|candidate| candidate.costs["params"] <= 10_000.0));
    assert!(history.generations.iter().any(|generation| generation.rejections.over_budget > 0));
}

#[test]
fn parents_are_the_best_of_all_generations_before() {
    let space = Toy::default();
    let problem = Problem { space: &space, budgets: &[], seed: 4 };
    let settings = EvolutionSettings { generations: 5, ..EvolutionSettings::default() };
    let history = evolved(&problem, &settings);
    let mut kinds = [0; 4];
    for candidate in &history.candidates {
        let (kind, parents) = match candidate.origin {
            Origin::Initial => (0, vec![]),
            Origin::Mutation { parent } => (1, vec![parent]),
            Origin::Crossover { left, right } => (2, vec![left, right]),
            Origin::Random => (3, vec![]),
        };
        kinds[kind] += 1;
        let before = candidate.generation * settings.population;
        let past = History { candidates: history.candidates[..before].to_vec(), ..history.clone() };
        let best: Vec<usize> = past.top(settings.parents).iter().map(|parent| parent.index).collect();
        assert!(parents.iter().all(|parent| best.contains(parent)));
        assert_eq!(kind == 0, candidate.generation == 0);
    }
    assert_eq!(kinds[0], settings.population);
    assert!(kinds[1] >= 5 * 15 && kinds[2] >= 5 * 20 && kinds[3] > 0, "{kinds:?}");
}

#[test]
fn the_settings_for_translation_breed_every_generation_from_the_best_25() {
    assert_eq!(EvolutionSettings::translation().evaluations(), 3000);
    let settings = EvolutionSettings { generations: 6, ..EvolutionSettings::translation() };
    let space = Toy::default();
    let budget = GeneSum { name: "macs", limit: 50.0 };
    let problem = Problem { space: &space, budgets: &[&budget], seed: 12 };
    let history = evolved(&problem, &settings);
    assert_eq!(history.candidates.len(), 700);
    for (index, generation) in history.candidates.chunks(100).enumerate().skip(1) {
        let past = History { candidates: history.candidates[..100 * index].to_vec(), ..history.clone() };
        let best: HashSet<usize> = past.top(25).iter().map(|parent| parent.index).collect();
        let (mut mutants, mut crossovers) = (0, 0);
        for candidate in generation {
            match candidate.origin {
                Origin::Mutation { parent } => mutants += usize::from(best.contains(&parent)),
                Origin::Crossover { left, right } => {
                    crossovers += usize::from(best.contains(&left) && best.contains(&right));
                }
                Origin::Initial | Origin::Random => {}
            }
        }
        assert_eq!((mutants, crossovers), (50, 50), "generation {index}");
    }
}

/// Scores how many of a network's choices are the first ones of their lists.
struct FirstChoices;

impl Evaluator for FirstChoices {
    type Error = std::convert::Infallible;

    fn evaluate(&mut self, _: usize, candidates: &[Genome]) -> Result<Vec<Evaluation>, Self::Error> {
        let score = |genome: &Genome| genome.0.iter().filter(|&&choice| choice == 0).count() as f64;
        Ok(candidates.iter().map(|genome| Evaluation { score: score(genome) }).collect())
    }
}

/// Decoder layers of a network.
struct Depth<'a>(&'a HybridTransformer);

impl Budget for Depth<'_> {
    fn cost_name(&self) -> &str {
        "decoder_layers"
    }

    fn limit(&self) -> f64 {
        3.0
    }

    fn cost(&self, genome: &Genome) -> f64 {
        self.0.decode(genome).sizes().decoder.layers.len() as f64
    }
}

#[test]
fn a_search_of_translation_networks_evaluates_none_twice_and_keeps_the_budget() {
    let space = HybridTransformer::en_de_v3();
    let problem = Problem { space: &space, budgets: &[&Depth(&space)], seed: 1 };
    let settings = EvolutionSettings { generations: 6, ..EvolutionSettings::translation() };
    let history = evolve(&problem, &settings, None, &mut FirstChoices, &mut go_on).unwrap();
    let names: HashSet<String> = history.candidates.iter().map(|found| space.format(&found.genome)).collect();
    assert_eq!(names.len(), settings.evaluations());
    assert!(history.candidates.iter().all(|found| SearchSpace::contains(&space, &found.genome).is_ok()));
    assert!(history.candidates.iter().all(|found| found.costs["decoder_layers"] <= 3.0));
    assert!(history.generations.iter().any(|generation| generation.rejections.over_budget > 0));
    let scores = history.best_scores();
    assert!(scores[6] > scores[0], "{scores:?}");
}

#[test]
fn the_same_seed_gives_the_same_history_and_another_seed_another() {
    let space = Toy::default();
    let settings = EvolutionSettings { generations: 3, ..EvolutionSettings::default() };
    let problem = Problem { space: &space, budgets: &[], seed: 8 };
    assert_eq!(evolved(&problem, &settings), evolved(&problem, &settings));
    let other = evolved(&Problem { seed: 9, ..problem }, &settings);
    assert_ne!(evolved(&problem, &settings).candidates, other.candidates);
}

#[test]
fn a_search_resumed_from_any_stored_checkpoint_ends_like_one_that_never_stopped() {
    let space = Toy::default();
    let budget = GeneSum { name: "macs", limit: 50.0 };
    let problem = Problem { space: &space, budgets: &[&budget], seed: 2 };
    let settings = EvolutionSettings { generations: 4, ..EvolutionSettings::default() };
    let mut checkpoints = Vec::new();
    let mut store = |history: &History| {
        checkpoints.push(serde_json::to_string(history).unwrap());
        ControlFlow::Continue(())
    };
    let whole = evolve(&problem, &settings, None, &mut Matches, &mut store).unwrap();
    assert_eq!(checkpoints.len(), 5);
    for checkpoint in checkpoints {
        let checkpoint: History = serde_json::from_str(&checkpoint).unwrap();
        assert_eq!(evolve(&problem, &settings, Some(checkpoint), &mut Matches, &mut go_on).unwrap(), whole);
    }
}

#[test]
fn the_observer_stops_the_search() {
    let space = Toy::default();
    let problem = Problem { space: &space, budgets: &[], seed: 0 };
    let mut stop = |_: &History| ControlFlow::Break(());
    let history = evolve(&problem, &EvolutionSettings::default(), None, &mut Matches, &mut stop).unwrap();
    assert_eq!(history.generations.len(), 1);
}

#[test]
fn a_history_of_another_seed_is_not_resumed() {
    let space = Toy::default();
    let problem = Problem { space: &space, budgets: &[], seed: 1 };
    let resume = Some(History::new(7));
    let error = evolve(&problem, &EvolutionSettings::default(), resume, &mut Matches, &mut go_on).unwrap_err();
    assert_eq!(error, SearchError::ResumeSeed { wanted: 1, found: 7 });

    let mut broken = History::new(1);
    broken.generations.push(GenerationSummary { evaluated: 3, rejections: Rejections::default() });
    let error = evolve(&problem, &EvolutionSettings::default(), Some(broken), &mut Matches, &mut go_on).unwrap_err();
    assert_eq!(error, SearchError::ResumeCandidates { wanted: 3, found: 0 });
}

#[test]
fn a_space_without_new_genomes_ends_the_search_early() {
    let space = Toy { genes: 2, choices: 3 };
    let problem = Problem { space: &space, budgets: &[], seed: 0 };
    let settings = EvolutionSettings { population: 8, parents: 3, mutants: 2, crossovers: 2, ..Default::default() };
    let history = evolved(&problem, &settings);
    assert_eq!(history.candidates.len() as u128, space.size());
    assert!(history.exhausted());
    assert_eq!(history.generations.len(), 3);
    let resumed = evolve(&problem, &settings, Some(history.clone()), &mut Matches, &mut go_on).unwrap();
    assert_eq!(resumed, history);
}

#[test]
fn a_limit_nothing_meets_names_the_smallest_cost_that_was_found() {
    let space = Toy { genes: 2, choices: 3 };
    let budget = GeneSum { name: "macs", limit: -1.0 };
    let problem = Problem { space: &space, budgets: &[&budget], seed: 0 };
    let settings = EvolutionSettings { random_attempts: 500, ..EvolutionSettings::default() };
    let error = evolve(&problem, &settings, None, &mut Matches, &mut go_on).unwrap_err();
    assert_eq!(
        error.to_string(),
        "none of 500 random genomes is within the budgets: `macs` is limited to -1 but 0 was the smallest found; \
         raise the limit or shrink the space"
    );
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let space = Toy::default();
    let problem = Problem { space: &space, budgets: &[], seed: 0 };
    let ok = EvolutionSettings::default();
    let settings = [
        (EvolutionSettings { population: 0, ..ok.clone() }, "`population` is 0, wanted at least 1"),
        (EvolutionSettings { mutants: 26, ..ok.clone() }, "`mutants + crossovers` is 51, wanted at most `population`"),
        (EvolutionSettings { fresh_probability: f64::NAN, ..ok.clone() }, "`fresh_probability` is NaN, wanted 0 to 1"),
        (EvolutionSettings { mutation_probability: 1.5, ..ok }, "`mutation_probability` is 1.5, wanted 0 to 1"),
    ];
    for (settings, message) in settings {
        let error = evolve(&problem, &settings, None, &mut Matches, &mut go_on).unwrap_err();
        assert_eq!(error.to_string(), format!("search setting {message}"));
    }
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("no accelerator")]
struct NoAccelerator;

/// Returns the given evaluations whatever the candidates are, or fails for want of any.
struct Canned(Option<Vec<f64>>);

impl Evaluator for Canned {
    type Error = NoAccelerator;

    fn evaluate(&mut self, _: usize, _: &[Genome]) -> Result<Vec<Evaluation>, NoAccelerator> {
        let scores = self.0.clone().ok_or(NoAccelerator)?;
        Ok(scores.into_iter().map(|score| Evaluation { score }).collect())
    }
}

#[test]
fn an_evaluator_that_fails_or_miscounts_ends_the_search() {
    let space = Toy::default();
    let problem = Problem { space: &space, budgets: &[], seed: 0 };
    let settings = EvolutionSettings { population: 2, mutants: 1, crossovers: 1, ..EvolutionSettings::default() };
    let error = |canned| evolve(&problem, &settings, None, &mut Canned(canned), &mut go_on).unwrap_err();
    assert_eq!(error(None), SearchError::Evaluator { generation: 0, source: NoAccelerator });
    assert_eq!(error(Some(vec![1.0])), SearchError::EvaluationCount { generation: 0, wanted: 2, found: 1 });
    let infinite = SearchError::Score { generation: 0, candidate: 1, score: f64::INFINITY };
    assert_eq!(error(Some(vec![1.0, f64::INFINITY])), infinite);
}
